"""Exemptions: single findings that a team lets pass, each with a reason, an owner, an approver and an end."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from policies.rule import Outcome
from policies.runner import Result

STACK = "stack"
"""Stands for the stack itself where an exemption names a resource."""


@dataclass(frozen=True)
class Exemption:
    """One entry of a file. Either `resource`, an exact URN or "stack", or `finding`, an id, says what it lets pass.

    It holds up to and including `expires`, by the date in UTC. `place` is file and entry.
    """

    rule: str
    resource: str
    finding: str
    reason: str
    owner: str
    ticket: str
    approver: str
    expires: dt.date
    place: str

    def covers(self, rule: str, urn: str, path: str) -> bool:
        """Tell whether this is about a finding; `urn` is "" for the stack itself."""
        if rule != self.rule:
            return False
        return self.finding == finding_id(rule, urn, path) if self.finding else self.resource == (urn or STACK)

    def __str__(self) -> str:
        about = f"finding {self.finding}" if self.finding else self.resource
        return (
            f"{self.rule} for {about} until {self.expires.isoformat()}: {self.reason} "
            f"(owner {self.owner}, ticket {self.ticket}, approved by {self.approver}; {self.place})"
        )


@dataclass(frozen=True)
class Fault:
    """What is wrong with a file of exemptions, and where."""

    place: str
    message: str


@dataclass(frozen=True)
class Exemptions:
    """What the files hold: entries in force, entries past their end, and what is wrong, the latter included.

    `files` are the names of those that there are.
    """

    active: tuple[Exemption, ...] = ()
    expired: tuple[Exemption, ...] = ()
    faults: tuple[Fault, ...] = ()
    files: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[tuple[str, str], ...] | None:
        """The faults as rules are given them, place and message; None when there is no file."""
        return tuple((fault.place, fault.message) for fault in self.faults) if self.files else None

    def __add__(self, other: "Exemptions") -> "Exemptions":
        return Exemptions(
            self.active + other.active,
            self.expired + other.expired,
            self.faults + other.faults,
            self.files + other.files,
        )

    def active_for(self, rule: str, urn: str, path: str) -> Exemption | None:
        """Return the entry that lets a finding pass today."""
        return next((row for row in self.active if row.covers(rule, urn, path)), None)

    def expired_for(self, rule: str, urn: str, path: str) -> Exemption | None:
        """Return the entry that let a finding pass until its end."""
        return next((row for row in self.expired if row.covers(rule, urn, path)), None)


@dataclass(frozen=True)
class Applied:
    """What exemptions did to the results of a run. Keys are finding ids."""

    exempted: Mapping[str, Exemption]
    expired: Mapping[str, Exemption]
    unused: tuple[Exemption, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What each report must tell: the entries in force, and those that let nothing pass."""
        used = tuple(dict.fromkeys(str(row) for row in self.exempted.values()))
        return used + tuple(f"matches nothing, so take it out: {row}" for row in self.unused)


def apply(results: Iterable[Result], exemptions: Exemptions) -> Applied:
    """Return what the exemptions, read for the date of the run, do to results."""
    exempted: dict[str, Exemption] = {}
    expired: dict[str, Exemption] = {}
    for rule, urn, path in _findings(results):
        found = finding_id(rule, urn, path)
        if (row := exemptions.active_for(rule, urn, path)) is not None:
            exempted[found] = row
        elif (row := exemptions.expired_for(rule, urn, path)) is not None:
            expired[found] = row
    used = set(exempted.values())
    return Applied(exempted, expired, tuple(row for row in exemptions.active if row not in used))


def finding_id(rule: str, urn: str, path: str) -> str:
    """Return the id of a finding: it stays the same as long as rule, resource and property do."""
    return hashlib.sha256("\0".join((rule, urn, path)).encode()).hexdigest()[:16]


def _findings(results: Iterable[Result]) -> Iterator[tuple[str, str, str]]:
    for result in results:
        urn = result.item.urn if result.item else ""
        outcomes: tuple[Outcome, ...] = (*result.problems, *result.unread)
        for outcome in outcomes:
            yield result.rule.id, urn, outcome.path
