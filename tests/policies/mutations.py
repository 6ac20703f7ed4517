"""All that is spoilt in our own stacks, and what the rule that is meant to notice says of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from policies.pack import BY_ID
from policies.rule import Rule
from policies.runner import Result, Verdict, check_item, evaluate_rule
from policies.stack import Settings
from tests.infra.synthesised import PRESETS
from tests.policies.own import Own
from tests.policies.spoiling import Change, Changed
from tests.policies.spoilt_cost import COST, IN_DEVELOPMENT
from tests.policies.spoilt_encryption import ENCRYPTION
from tests.policies.spoilt_exposure import EXPOSURE
from tests.policies.spoilt_governance import GOVERNANCE, IN_EU
from tests.policies.spoilt_identity import IDENTITY
from tests.policies.spoilt_operation import LOGGING, RESILIENCE

Table = Mapping[str, Mapping[str, Change]]
SPOILT: Table = {**COST, **ENCRYPTION, **EXPOSURE, **IDENTITY, **LOGGING, **GOVERNANCE, **RESILIENCE}
"""By rule: what is done to our stacks, and how. Every change of a row must be caught by the rule."""
BY_PROFILE: Mapping[str, Table] = {"dev": IN_DEVELOPMENT, "prod": SPOILT, "eu": IN_EU}

ENVIRONMENT: Mapping[str, str] = {"dev": "dev", "prod": "prod", "eu": "prod"}


@dataclass(frozen=True)
class Mutant:
    """One single change of one of our stacks, and whether the rule meant to notice it does."""

    rule: str
    what: str
    own: Own
    changed: Changed
    caught: bool

    @property
    def label(self) -> str:
        """How the change is called where it survives."""
        return f"{self.rule}: {self.what}: {self.changed.label}"


@dataclass(frozen=True)
class Score:
    """How many of the mutants are caught, of how many rules; `mean` is the mean of the rules' own shares."""

    mutants: int
    caught: int
    rules: int
    rules_catching_all: int
    mean: float

    @property
    def share(self) -> float:
        """The part that is caught, from 0 to 1."""
        return self.caught / self.mutants


def score() -> Score:
    """Return what the rules make of all mutants."""
    by_rule: dict[str, list[bool]] = {}
    for mutant in mutants():
        by_rule.setdefault(mutant.rule, []).append(mutant.caught)
    shares = [sum(rows) / len(rows) for rows in by_rule.values()]
    return Score(
        mutants=sum(len(rows) for rows in by_rule.values()),
        caught=sum(sum(rows) for rows in by_rule.values()),
        rules=len(by_rule),
        rules_catching_all=sum(all(rows) for rows in by_rule.values()),
        mean=sum(shares) / len(shares),
    )


def row_label(mutant: Mutant) -> str:
    """Return the rule of a mutant and what was done, for all resources alike."""
    return f"{mutant.rule}: {mutant.what}"


def own_stacks() -> tuple[Own, ...]:
    """Return the stacks that are changed."""
    return tuple(Own(preset, ENVIRONMENT[profile], profile) for profile in BY_PROFILE for preset in PRESETS)


@cache
def mutants() -> tuple[Mutant, ...]:
    """Return every mutant of every own stack."""
    return tuple(
        mutant
        for profile, table in BY_PROFILE.items()
        for rule, rows in table.items()
        for what, change in rows.items()
        for preset in PRESETS
        for mutant in _of(Own(preset, ENVIRONMENT[profile], profile), rule, what, change)
    )


def _of(own: Own, rule: str, what: str, change: Change) -> Iterator[Mutant]:
    for changed in change(own.stack):
        yield Mutant(rule, what, own, changed, is_caught(own, BY_ID[rule], changed))


def is_caught(own: Own, rule: Rule, changed: Changed) -> bool:
    """Tell whether a rule fails on a changed stack for a reason that it has not on the stack as it was."""
    known = (
        _known(own, rule.id)
        if changed.before is None
        else _reasons(evaluate_rule(rule, changed.before, _settings(own, rule)))
    )
    return bool(_reasons(_results(own, rule, changed)) - known)


def _results(own: Own, rule: Rule, changed: Changed) -> Iterable[Result]:
    if rule.check is None:
        return evaluate_rule(rule, changed.stack, _settings(own, rule))
    # Of rules about single resources only what they say of the changed one can be new.
    return () if changed.item is None else (check_item(rule, changed.item, _settings(own, rule)),)


def _settings(own: Own, rule: Rule) -> Settings:
    return own.run.settings(rule)


@cache
def _known(own: Own, rule: str) -> frozenset[tuple[str, str, str]]:
    return _reasons(row for row in own.results if row.rule.id == rule)


def _reasons(results: Iterable[Result]) -> frozenset[tuple[str, str, str]]:
    return frozenset(
        (result.item.urn if result.item else "", problem.path, problem.message)
        for result in results
        if result.verdict is Verdict.FAIL
        for problem in result.problems
    )
