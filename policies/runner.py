"""Runs rules over a stack: every rule on every resource it is about, with one of four verdicts each."""

import datetime as dt
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from policies.reading import Unread
from policies.rule import NotApplicable, Outcome, Problem, Rule, Unevaluated
from policies.secret_patterns import redacted
from policies.stack import Item, Settings, Stack


class Verdict(StrEnum):
    """What a rule says of a resource. Only `pass` is good; `not-evaluated` never counts as one."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    NOT_APPLICABLE = "not-applicable"
    NOT_EVALUATED = "not-evaluated"


@dataclass(frozen=True)
class Run:
    """What holds for a whole run: profile, date, and the parameters that a configuration gives, by rule.

    `known_types` and `guarded` come from the pack: `policies.pack.known_types()`, `policies.pack.guarded()`.
    `exemption_problems` are those of the files that `policies.exemption_file.read` has read.
    """

    profile: str
    today: dt.date
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    known_types: frozenset[str] = frozenset()
    guarded: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    exemption_problems: tuple[tuple[str, str], ...] | None = None

    def settings(self, rule: Rule) -> Settings:
        """Return what one rule is run with."""
        values = rule.values(self.profile, self.parameters.get(rule.id, {}))
        return Settings(self.profile, values, self.today, self.known_types, self.guarded, self.exemption_problems)


@dataclass(frozen=True)
class Result:
    """What one rule says of one resource; of the stack itself where `item` is None.

    `reason` says why it is not applicable, or not evaluated because of what is `unread` of the stack.
    """

    rule: Rule
    item: Item | None
    verdict: Verdict
    problems: tuple[Problem, ...] = ()
    unread: tuple[Unevaluated, ...] = ()
    reason: str = ""


def evaluate(rules: Sequence[Rule], stack: Stack, run: Run) -> tuple[Result, ...]:
    """Return the results of all rules, in the order of rules and resources. Rules for other types give none."""
    return tuple(result for rule in rules for result in evaluate_rule(rule, stack, run.settings(rule)))


def evaluate_rule(rule: Rule, stack: Stack, settings: Settings) -> Iterator[Result]:
    """Yield the results of one rule over a stack."""
    if rule.check_stack is not None:
        yield from check_stack(rule, stack, settings)
        return
    for row in stack.items:
        if rule.applies_to(row.type):
            yield check_item(rule, row, settings)


def check_item(rule: Rule, item: Item, settings: Settings) -> Result:
    """Return what a rule about single resources says of one."""
    if rule.check is None:
        raise ValueError(f"rule {rule.id} looks at whole stacks")
    if not rule.applies_to(item.type):
        return Result(rule, item, Verdict.NOT_APPLICABLE, reason=f"the rule is not about {item.given_type}")
    found = _collect(rule, rule.check(item, settings))
    if found.reason:
        return Result(rule, item, Verdict.NOT_APPLICABLE, reason=found.reason)
    return _result(rule, item, found.outcomes)


def check_stack(rule: Rule, stack: Stack, settings: Settings) -> Iterator[Result]:
    """Yield what a rule about whole stacks says: of the stack, and of each resource that it is about."""
    if rule.check_stack is None:
        raise ValueError(f"rule {rule.id} looks at single resources")
    found = _collect(rule, rule.check_stack(stack, settings))
    if found.reason:
        yield Result(rule, None, Verdict.NOT_APPLICABLE, reason=found.reason)
        return
    of_stack = [row for row in found.outcomes if row.item is None]
    yield _result(rule, None, of_stack)
    stopped = any(isinstance(row, Unevaluated) for row in of_stack)
    named = dict.fromkeys(row.item for row in found.outcomes if row.item is not None)
    about = stack.items if rule.types == ("*",) else stack.of(*rule.types)
    for item in dict.fromkeys((*about, *named)):
        outcomes = [row for row in found.outcomes if row.item is item]
        if stopped and not outcomes:
            # What stopped the rule from reading the stack also leaves open what it would have said of each resource.
            yield Result(rule, item, Verdict.NOT_EVALUATED, reason="the rule could not read the stack")
        else:
            yield _result(rule, item, outcomes)


@dataclass(frozen=True)
class _Found:
    outcomes: tuple[Outcome, ...]
    reason: str = ""


def _collect(rule: Rule, outcomes: Iterable[Outcome]) -> _Found:
    """Run a check to its end: what it yielded before it stopped counts, and its own failure is a problem."""
    found: list[Outcome] = []
    try:
        for outcome in outcomes:
            found.append(outcome)  # noqa: PERF402 - one by one: what was yielded before a failure counts
    except Unread as error:
        found.append(Unevaluated(error.path, error.reason))
    except NotApplicable as error:
        if not found:
            return _Found((), str(error) or "the rule says nothing about it")
    except Exception as error:
        # Whatever a rule raises must not look like a pass.
        found.append(Problem("", f"the rule {rule.id} itself failed ({_where(error)}): report this as a defect"))
    return _Found(tuple(found))


def _where(error: Exception) -> str:
    """Return what failed and where, without the message of the error, which may hold values."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


def _result(rule: Rule, item: Item | None, outcomes: Iterable[Outcome]) -> Result:
    rows = tuple(outcomes)
    problems = tuple(_safe(row) for row in rows if isinstance(row, Problem))
    unread = tuple(
        replace(row, path=redacted(row.path), reason=redacted(row.reason))
        for row in rows
        if isinstance(row, Unevaluated)
    )
    verdict = Verdict.FAIL if problems else Verdict.NOT_EVALUATED if unread else Verdict.PASS
    return Result(rule, item, verdict, problems, unread)


def _safe(problem: Problem) -> Problem:
    """Rules repeat values that are no secrets by their place; somebody may have put one there all the same."""
    return replace(problem, path=redacted(problem.path), message=redacted(problem.message))
