"""Finds what security groups open to the internet: by one rule, or by several of a group that add up to it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from policies.networks import Ports, holds, is_open, is_public, segments
from policies.reading import Unread
from policies.rule import Outcome, Problem, Unevaluated, each
from policies.security_groups import TYPES, Grant, Written, grant, owner, written
from policies.stack import Item, Stack

ANY_GROUP = "*"


@dataclass(frozen=True)
class Allowance:
    """What may be open: `always` tells by the ports alone, `to` by the ports and the group, which may raise Unread."""

    always: Callable[[Ports], bool]
    to: Callable[[str, Ports], bool]


@dataclass(frozen=True)
class Openings:
    """Looks for what is open in a direction, "ingress" or "egress"; `told` begins each message.

    `parts` are rules that are public but not open by themselves, by group; `unread` the groups that have rules which
    could not be read, so that nobody knows what theirs add up to.
    """

    stack: Stack
    direction: str
    allowance: Allowance
    told: str
    parts: dict[str, list[Grant]] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)

    def found(self) -> Iterator[Outcome]:
        """Yield a problem for each rule of a security group that opens more than is allowed."""
        for item in self.stack.of(*TYPES):
            yield from self._item(item)
        yield from each(self.parts.items(), lambda part: self._together(*part))

    def _item(self, item: Item) -> Iterator[Outcome]:
        try:
            rules = tuple(written(item, self.direction))
        except Unread as error:
            yield self._not_read(item, error)
            return
        for rule in rules:
            yield from self._rule(rule)

    def _rule(self, rule: Written) -> Iterator[Outcome]:
        try:
            row = grant(self.stack, rule)
            for error in row.unread:
                yield self._not_read(rule.item, error)
            yield from self._alone(row)
        except Unread as error:
            yield self._not_read(rule.item, error)

    def _not_read(self, item: Item, error: Unread) -> Outcome:
        try:
            self.unread.add(owner(self.stack, item))
        except Unread:
            self.unread.add(ANY_GROUP)
        return Unevaluated(error.path, error.reason, item)

    def _alone(self, row: Grant) -> Iterator[Outcome]:
        if self.allowance.always(row.ports) or not any(map(is_public, row.networks)):
            return
        opens = is_open(row.networks)
        key = owner(self.stack, row.item)
        if not opens:
            self.parts.setdefault(key, []).append(row)
        elif not self.allowance.to(key, row.ports):
            yield Problem(row.where, f"{self.told} {row.ports}", row.item)

    def _together(self, key: str, rows: list[Grant]) -> Iterator[Outcome]:
        """Look at ports which rules of one group open by ranges that only together are the internet."""
        found = self._adding_up(key, rows) if is_open(network for row in rows for network in row.networks) else {}
        for row in rows:
            if row in found:
                what = f"{self.told} {found[row]}, by ranges that together are the internet"
                yield Problem(row.where, what, row.item)
            elif self.unread & {key, ANY_GROUP}:
                why = "another rule of the group is not known, and their ranges could add up to the internet"
                yield Unevaluated(row.where, why, row.item)

    def _adding_up(self, key: str, rows: list[Grant]) -> dict[Grant, Ports]:
        found: dict[Grant, Ports] = {}
        for piece in segments(row.ports for row in rows):
            having = [row for row in rows if holds(row.ports, piece)]
            if is_open(network for row in having for network in row.networks) and not self.allowance.to(key, piece):
                found.update((row, piece) for row in having if row not in found)
        return found
