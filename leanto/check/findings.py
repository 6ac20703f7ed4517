"""What a check of a stack has found: the one model from which every report is written."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from leanto.check.money import Month
from leanto.check.results import short_type
from policies.exemptions import finding_id
from policies.profiles import STRICT_PROFILES
from policies.rule import Level, Rule, Severity
from policies.runner import Result, Verdict

SEVERITIES = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)


@dataclass(frozen=True)
class Finding:
    """One thing wrong, or one thing that could not be looked at, with where it is.

    `verdict` is FAIL or NOT_EVALUATED. `urn` is "" for the stack itself. `source` is "file:line" of the code that made
    the resource, or "". `exemption` says why it is let pass, and is "" when it is not.
    """

    rule: Rule
    level: Level
    verdict: Verdict
    path: str
    message: str
    urn: str = ""
    type: str = ""
    name: str = ""
    source: str = ""
    exemption: str = ""

    @property
    def id(self) -> str:
        """The same for the same rule, resource and property in every run."""
        return finding_id(self.rule.id, self.urn, self.path)

    def blocks(self, profile: str) -> bool:
        """Tell whether a deployment in a profile must not go on with this."""
        if self.exemption or self.level is not Level.MANDATORY:
            return False
        return self.verdict is Verdict.FAIL or profile in STRICT_PROFILES

    @property
    def subject(self) -> str:
        """What it is about, in words."""
        return f"{short_type(self.type)} {self.name}" if self.urn else "the stack"


@dataclass(frozen=True)
class RuleCounts:
    """On how many resources a rule came to which verdict."""

    rule: Rule
    level: Level
    counts: Mapping[Verdict, int]


@dataclass(frozen=True)
class Report:
    """A whole check. `findings` come with the blocking ones first, then by severity, rule, resource and property.

    `notes` are what was assumed to look at the stack at all. `exemptions` are the active ones, one line each. `months`
    are empty where the region, and so the prices, are not known.
    """

    project: str
    stack: str
    profile: str
    date: dt.date
    origin: str
    resources: int
    rules: tuple[RuleCounts, ...]
    findings: tuple[Finding, ...]
    configuration_sha256: str = ""
    exemptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    months: tuple[Month, ...] = ()

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings for which a deployment must not go on."""
        return tuple(row for row in self.findings if row.blocks(self.profile))

    @property
    def incomplete(self) -> tuple[Finding, ...]:
        """What a mandatory rule could not look at and does not block: in a profile that lets it pass as unknown."""
        return tuple(
            row
            for row in self.findings
            if row.verdict is Verdict.NOT_EVALUATED
            and row.level is Level.MANDATORY
            and not row.exemption
            and not row.blocks(self.profile)
        )


def findings_of(results: Iterable[Result], levels: Mapping[str, Level]) -> Iterator[Finding]:
    """Yield what the results of rules that are not disabled tell, at the effective `levels` by rule id."""
    for result in results:
        rule, item = result.rule, result.item
        where = (item.urn, item.given_type, item.name, item.source) if item else ("", "", "", "")
        for problem in result.problems:
            yield Finding(rule, levels[rule.id], Verdict.FAIL, problem.path, problem.message, *where)
        for unread in result.unread:
            yield Finding(rule, levels[rule.id], Verdict.NOT_EVALUATED, unread.path, unread.reason, *where)


def counts_of(rules: Sequence[Rule], results: Iterable[Result], levels: Mapping[str, Level]) -> tuple[RuleCounts, ...]:
    """Return how often each of the rules came to which verdict."""
    found = {rule.id: dict.fromkeys(Verdict, 0) for rule in rules}
    for result in results:
        found[result.rule.id][result.verdict] += 1
    return tuple(RuleCounts(rule, levels[rule.id], found[rule.id]) for rule in rules)


def in_order(findings: Iterable[Finding], profile: str) -> tuple[Finding, ...]:
    """Return findings as reports list them, each once."""
    unique = {(row.id, row.verdict, row.message): row for row in findings}

    def key(row: Finding) -> tuple[object, ...]:
        return (
            not row.blocks(profile),
            SEVERITIES.index(row.rule.severity),
            row.rule.id,
            row.urn,
            row.path,
            row.message,
        )

    return tuple(sorted(unique.values(), key=key))
