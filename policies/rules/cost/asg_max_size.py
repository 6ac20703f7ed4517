"""No group of instances can grow beyond the team's cap, by whatever way."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal

from policies.reading import Block
from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity, each
from policies.stack import Item, Settings

GROUP, SCHEDULE = "aws:autoscaling/group:Group", "aws:autoscaling/schedule:Schedule"
NODES = "aws:eks/nodeGroup:NodeGroup"
WHOLE = Decimal(100)


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the maximum and at what exceeds it: a schedule, a warm pool, a maintenance policy."""
    cap = Decimal(settings["maximum"])
    if item.type == NODES:
        yield from _above(item.props.block("scalingConfig"), ("maxSize", "desiredSize", "minSize"), cap)
        return
    yield from _above(item.props, ("maxSize", "desiredCapacity", "minSize"), cap)
    if item.type == GROUP:
        yield from each((_warm, _maintenance), lambda part: part(item.props, cap))


def _above(block: Block, keys: tuple[str, ...], cap: Decimal) -> Iterator[Outcome]:
    yield from each(keys, lambda key: _size(block, key, cap))


def _size(block: Block, key: str, cap: Decimal) -> Iterator[Problem]:
    size = block.number(key)
    if size is not None and size > cap:
        yield Problem(block.at(key), f"{size:f} instances, at most {cap:f} are allowed")


def _warm(props: Block, cap: Decimal) -> Iterator[Outcome]:
    yield from _above(props.block("warmPool"), ("maxGroupPreparedCapacity", "minSize"), cap)


def _maintenance(props: Block, cap: Decimal) -> Iterator[Problem]:
    """A policy of maintenance lets a group have more than its maximum while instances are replaced."""
    policy = props.block("instanceMaintenancePolicy")
    percent, most = policy.number("maxHealthyPercentage"), props.number("maxSize")
    if percent is None or most is None or percent <= WHOLE or most > cap:
        return
    peak = (most * percent / WHOLE).to_integral_value(ROUND_CEILING)
    if peak > cap:
        yield Problem(policy.at("maxHealthyPercentage"), f"{peak:f} instances while some are replaced, above {cap:f}")


RULE = Rule(
    id="asg-max-size",
    area="cost",
    title="No group of instances can grow beyond the team's cap",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(GROUP, SCHEDULE, NODES),
    guards=("maxSize", "minSize", "warmPool", "instanceMaintenancePolicy", "scalingConfig"),
    check=check,
    rationale="The maximum is what a group's instances are multiplied by when its scaling goes wrong.",
    fix="Lower the property that the message names, or raise `maximum` knowingly.",
    references={"owasp-llm-2026": ("LLM06",)},
    parameters=(Parameter("maximum", "integer", 8, "The most instances of a group.", minimum=0, defaults={"dev": 2}),),
)
