"""Decides what the engine is told of the results of rules, and at which level: the level is what blocks."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policies.configuration import PROFILE, STRENGTH, Configuration
from policies.exemption_file import HYGIENE
from policies.exemptions import Exemption, Exemptions, apply
from policies.profiles import STRICT_PROFILES
from policies.rule import Level, Problem, Rule, Severity, Unevaluated
from policies.runner import Result
from policies.stack import Stack
from policies.telling import Kind, Told, write
from policies.wire import holds_unknown

TITLE = "What the stack is held to"
BEFORE = "will be decided before each resource is created"
AT_END = "will be decided when the stack is deployed, and by `leanto check` now"
SHOWN = 10
UNREAD_FIX = "Give the value in a way that is known before the deployment and that AWS takes."


@dataclass(frozen=True)
class Diagnostic:
    """One line for the engine. `urn` is "" for the stack itself."""

    policy: str
    title: str
    severity: Severity
    level: Level
    message: str
    urn: str = ""


def of_results(
    results: Iterable[Result],
    configuration: Configuration,
    exemptions: Exemptions,
    dry_run: bool,
    stack: Stack | None = None,
) -> tuple[Diagnostic, ...]:
    """Return what results tell. `stack` is the one that rules about whole stacks have looked at.

    What a preview could not look at because it is not known yet is left to `about_pending`.
    """
    teller = _Teller(configuration, exemptions, dry_run, stack)
    return tuple(row for result in results for row in teller.tell(result))


def about_configuration(
    configuration: Configuration, rules: Sequence[Rule], results: Iterable[Result], exemptions: Exemptions
) -> Iterator[Diagnostic]:
    """Yield what is to be known at the end: rules held weaker than their profile has them, unused exemptions."""
    weaker = [
        f"{rule.id} {configuration.levels[rule.id].value}"
        for rule in rules
        if STRENGTH.index(configuration.levels[rule.id]) < STRENGTH.index(rule.levels.of(configuration.profile))
    ]
    if weaker:
        text = (
            f"configuration {configuration.sha256[:12]} is weaker than profile {configuration.profile} in: "
            f"{', '.join(weaker[:SHOWN])}{f' and {len(weaker) - SHOWN} more' if len(weaker) > SHOWN else ''}"
        )
        yield Diagnostic(PROFILE, TITLE, Severity.LOW, Level.ADVISORY, write(Told(Kind.NOTE, "", text)))
    by_id = {rule.id: rule for rule in rules}
    if HYGIENE in by_id:
        for exemption in apply(results, exemptions).unused:
            text = f"this exemption matches nothing, so take it out: {exemption}"
            rule = by_id[HYGIENE]
            yield Diagnostic(
                rule.id, rule.title, rule.severity, Level.ADVISORY, write(Told(Kind.NOTE, exemption.place, text))
            )


def is_pending(result: Result, dry_run: bool, stack: Stack | None) -> bool:
    """Tell whether what a rule could not read may become known: a value of a wrong type never does."""
    if not dry_run or not result.unread:
        return False
    rows = stack.items if stack is not None else [result.item] if result.item else []
    return any(holds_unknown(row.inputs) or holds_unknown(row.outputs) for row in rows)


def about_pending(results: Iterable[Result]) -> Iterator[Diagnostic]:
    """Yield one line on all that a preview leaves open, and on when it is decided."""
    rows = tuple(results)
    before = Counter(row.rule.id for row in rows if row.rule.check is not None)
    at_end = Counter(row.rule.id for row in rows if row.rule.check is None)
    told = [f"{_counted(counts)} {later}" for counts, later in ((before, BEFORE), (at_end, AT_END)) if counts]
    if told:
        text = f"{len(rows)} checks need values that are not known yet: {'; '.join(told)}"
        yield Diagnostic(PROFILE, TITLE, Severity.LOW, Level.ADVISORY, write(Told(Kind.PENDING, "", text)))


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} ({count})" if count > 1 else name for name, count in sorted(counts.items()))


@dataclass(frozen=True)
class _Teller:
    configuration: Configuration
    exemptions: Exemptions
    dry_run: bool
    stack: Stack | None

    def tell(self, result: Result) -> Iterator[Diagnostic]:
        for problem in result.problems:
            yield self._problem(result, problem)
        if not result.unread:
            return
        if is_pending(result, self.dry_run, self.stack):
            return  # told once for the whole run
        for unread in result.unread:
            yield self._unread(result, unread)

    def _problem(self, result: Result, problem: Problem) -> Diagnostic:
        exemption = self._exemption(result, problem.path)
        if exemption is not None:
            return self._exempt(result, problem.path, problem.message, exemption)
        message = f"{problem.message}{self._expired(result, problem.path)}"
        told = Told(Kind.VIOLATION, problem.path, message, result.rule.fix)
        return _diagnostic(result, self._level(result), told)

    def _unread(self, result: Result, unread: Unevaluated) -> Diagnostic:
        exemption = self._exemption(result, unread.path)
        if exemption is not None:
            return self._exempt(result, unread.path, f"cannot be evaluated: {unread.reason}", exemption)
        blocks = self.configuration.profile in STRICT_PROFILES
        message = f"{unread.reason}{self._expired(result, unread.path)}"
        told = Told(Kind.UNREAD, unread.path, message, UNREAD_FIX)
        return _diagnostic(result, self._level(result) if blocks else Level.ADVISORY, told)

    def _exempt(self, result: Result, path: str, message: str, exemption: Exemption) -> Diagnostic:
        text = f"{message} [until {exemption.expires.isoformat()}: {exemption.reason}; {exemption.place}]"
        return _diagnostic(result, Level.ADVISORY, Told(Kind.EXEMPT, path, text))

    def _level(self, result: Result) -> Level:
        return self.configuration.levels[result.rule.id]

    def _exemption(self, result: Result, path: str) -> Exemption | None:
        return self.exemptions.active_for(result.rule.id, _urn(result), path)

    def _expired(self, result: Result, path: str) -> str:
        row = self.exemptions.expired_for(result.rule.id, _urn(result), path)
        return f" (its exemption in {row.place} has expired on {row.expires.isoformat()})" if row else ""


def _diagnostic(result: Result, level: Level, told: Told) -> Diagnostic:
    rule = result.rule
    return Diagnostic(rule.id, rule.title, rule.severity, level, write(told), _urn(result))


def _urn(result: Result) -> str:
    return result.item.urn if result.item else ""
