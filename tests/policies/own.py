"""Our own stacks as rules see them: each preset as it is held to a profile, synthesised once."""

from dataclasses import dataclass
from functools import cache

from leanto.check.items import policy_stack
from policies.configuration import of_profile
from policies.pack import RULES, run_of
from policies.rule import Level, Rule
from policies.runner import Result, Run, Verdict, evaluate
from policies.stack import Stack
from tests.infra.synthesised import PRESETS, synthesised
from tests.policies.corpus import TODAY


@dataclass(frozen=True)
class Own:
    """One of our stacks, and the profile that it is held to."""

    preset: str
    environment: str
    profile: str

    @property
    def label(self) -> str:
        """How the stack is called in a test run."""
        return f"{self.preset} in {self.environment} under {self.profile}"

    @property
    def stack(self) -> Stack:
        """The stack as rules see it."""
        return _stack(self.preset, self.environment, self.profile == "eu")

    @property
    def results(self) -> tuple[Result, ...]:
        """What all rules say of the stack, without any exemption."""
        return _results(self)

    @property
    def run(self) -> Run:
        """What all rules are run with."""
        return _run(self.profile)


OWN: tuple[Own, ...] = tuple(
    Own(preset, environment, profile)
    for preset in PRESETS
    for environment, profile in (("dev", "dev"), ("prod", "dev"), ("prod", "prod"), ("prod", "eu"))
)


@cache
def _run(profile: str) -> Run:
    return run_of(profile, TODAY, of_profile(profile, RULES).parameters)


@cache
def _stack(preset: str, environment: str, in_eu: bool) -> Stack:
    if in_eu:
        # What a team sets whose requests must stay in the EU; the profile eu holds it to that.
        synthesis = synthesised(preset, environment, region="eu-central-1", residency="eu")
    else:
        synthesis = synthesised(preset, environment)
    return policy_stack(synthesis, environment=environment)


@cache
def _results(own: Own) -> tuple[Result, ...]:
    return evaluate(RULES, own.stack, own.run)


def level_of(rule: Rule, profile: str) -> Level:
    """Return the level of a rule in a profile that nobody has configured."""
    return of_profile(profile, RULES).levels[rule.id]


def told(result: Result) -> tuple[str, ...]:
    """Return what a result says is wrong or open, one line each."""
    name = result.item.name if result.item else "the stack"
    wrong = [f"{row.path}: {row.message}" for row in result.problems]
    unread = [f"{row.path}: not evaluated: {row.reason}" for row in result.unread]
    return tuple(f"{result.rule.id} on {name}: {line}" for line in (*wrong, *unread))


def open_findings(own: Own, level: Level) -> dict[str, tuple[str, ...]]:
    """Return by rule of a level what it finds wrong with a stack of ours, or cannot look at there."""
    found: dict[str, tuple[str, ...]] = {}
    for result in own.results:
        if result.verdict in (Verdict.FAIL, Verdict.NOT_EVALUATED) and level_of(result.rule, own.profile) is level:
            found[result.rule.id] = (*found.get(result.rule.id, ()), *told(result))
    return found
