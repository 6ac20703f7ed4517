"""Development buys spot, production that lives on spot has something to fall back to."""

from collections.abc import Iterator
from decimal import Decimal

from catalog.managed import managed_lines
from catalog.view import Case
from policies.estimate import view_of
from policies.reading import Block, Unread
from policies.rule import ADVISORY, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.stack import Item, Settings, Stack

GROUP = "aws:autoscaling/group:Group"
WHOLE = Decimal(100)


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at how each group buys; a group without a policy buys on demand alone."""
    for item in stack.of(GROUP):
        try:
            yield from _group(stack, item, settings)
        except Unread as error:
            yield Unevaluated(error.path, error.reason, item)


def _group(stack: Stack, item: Item, settings: Settings) -> Iterator[Problem]:
    distribution = item.props.block("mixedInstancesPolicy").block("instancesDistribution")
    percent, base = _bought(distribution)
    path = distribution.at("onDemandPercentageAboveBaseCapacity")
    cap = settings["onDemandPercent"]
    if percent > cap:
        yield Problem(path, f"{percent:f} % are bought on demand, at most {cap:g} % are wanted", item)
    if settings.profile != "dev" and percent == 0 and base == 0 and not _falls_back(stack, settings):
        yield Problem(path, "all instances are spot and may go at once, and no managed model answers then", item)


def _bought(distribution: Block) -> tuple[Decimal, Decimal]:
    percent = distribution.number("onDemandPercentageAboveBaseCapacity", WHOLE)
    base = distribution.number("onDemandBaseCapacity", 0)
    return WHOLE if percent is None else percent, base or Decimal(0)


def _falls_back(stack: Stack, settings: Settings) -> bool:
    return any(True for _ in managed_lines(view_of(Case.WORST, stack, settings)))


RULE = Rule(
    id="spot-ratio",
    area="cost",
    title="Spot where it may go, and something to fall back to where it may not",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=(GROUP,),
    guards=("mixedInstancesPolicy",),
    check_stack=check_stack,
    rationale="Spot costs about half and goes with two minutes' notice, often all of a type at once.",
    fix="In development lower `onDemandPercentageAboveBaseCapacity`. In production keep a base on demand, or a managed"
    " provider that answers meanwhile.",
    parameters=(
        Parameter(
            "onDemandPercent",
            "number",
            100,
            "The most that may be bought on demand, in percent; 100 leaves the choice open.",
            minimum=0,
            maximum=100,
        ),
    ),
)
