"""How many instances of which types a group may have: what its properties, its template and its schedules say."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from catalog.deployed import DeployedResource, Undetermined, amount, block_of, blocks, flag, number, text, texts, word
from catalog.view import View

GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
SCHEDULE = "aws:autoscaling/schedule:Schedule"
TEMPLATE_KEYS = ("launchTemplate", "mixedInstancesPolicy")


@dataclass(frozen=True)
class Sizes:
    """Instances of a group: the fewest and the most while idle, and the most there can ever be."""

    fewest: Decimal
    resting: Decimal
    peak: Decimal
    knob: str
    basis: str


def templates_of(resource: DeployedResource, view: View) -> tuple[DeployedResource, ...]:
    """Return the launch templates and configurations of a group or an instance.

    Where nothing tells which one it is and the stack has a single one, that is it.
    """
    found = [row for key in TEMPLATE_KEYS for row in view.stack.targets(resource, key, TEMPLATE)]
    found += view.stack.targets(resource, "launchConfiguration", CONFIGURATION)
    if found or resource.type != GROUP:
        return tuple({id(row): row for row in found}.values())
    every = view.stack.of(TEMPLATE, CONFIGURATION)
    return every if len(every) == 1 else ()


def mixed_policy(group: DeployedResource) -> Mapping[str, Any]:
    """Return the policy of a group that mixes types, empty without one."""
    return block_of(group.properties, "mixedInstancesPolicy")


def overrides_of(group: DeployedResource) -> tuple[Mapping[str, Any], ...]:
    """Return the types and weights that a group's policy names."""
    return blocks(block_of(mixed_policy(group), "launchTemplate"), "overrides")


def instance_types(group: DeployedResource, view: View) -> tuple[str, ...]:
    """Return the types that a group may start. Raises Undetermined when they are open or not known."""
    rows = overrides_of(group) or tuple(row.properties for row in templates_of(group, view))
    found = [name for row in rows for name in types_in(row, view)]
    if not found:
        raise Undetermined(f"the instance types of {group.name} are not known")
    return tuple(dict.fromkeys(found))


def types_in(row: Mapping[str, Any], view: View) -> tuple[str, ...]:
    """Return the types that an override, a template or an instance allows; the declared ones where it leaves them open.

    Requirements (so many processors, so much memory) allow any type that meets them, unless they list types.
    """
    listed = tuple(
        word({"allowedInstanceTypes": name}, "allowedInstanceTypes")
        for row in blocks(row, "instanceRequirements")
        for name in texts(row, "allowedInstanceTypes")
    )
    if blocks(row, "instanceRequirements") and (not listed or any("*" in name for name in listed)):
        return _declared(view, "instanceRequirements can take any type: list them, or declare instanceTypes")
    try:
        name = word(row, "instanceType")
    except Undetermined as error:
        return _declared(view, str(error))
    return listed or ((name,) if name else ())


def _declared(view: View, reason: str) -> tuple[str, ...]:
    if not view.usage.instance_types:
        raise Undetermined(reason)
    return view.usage.instance_types


def spot_share(group: DeployedResource) -> Decimal:
    """Return which share of a group's instances is bought on the spot market, of those above its base."""
    distribution = block_of(mixed_policy(group), "instancesDistribution")
    return 1 - amount(distribution, "onDemandPercentageAboveBaseCapacity", 100) / 100


def sizes(group: DeployedResource, view: View) -> Sizes:
    """Return the sizes of a group, counted in instances.

    Schedules, a warm pool and a maintenance policy can all bring it above its own maximum. The overlap of minutes when
    a group rebalances is left out.
    """
    low, desired = amount(group.properties, "minSize"), amount(group.properties, "desiredCapacity")
    most, knob, basis = amount(group.properties, "maxSize"), f"{group.name}.maxSize", "its maximum"
    fewest = resting = max(low, desired)
    for row in view.stack.pointing_at(group, SCHEDULE, "autoscalingGroupName"):
        planned = max(_planned(row, "minSize"), _planned(row, "desiredCapacity"))
        if planned >= 0:
            fewest, resting = min(fewest, planned), max(resting, planned)
        if max(_planned(row, "maxSize"), planned) > most:
            most, knob, basis = max(_planned(row, "maxSize"), planned), f"{row.name}.maxSize", "a schedule's maximum"
    warm = block_of(group.properties, "warmPool")
    prepared = number(warm, "maxGroupPreparedCapacity", -1) or Decimal(0)
    if prepared > most:
        most, knob = prepared, f"{group.name}.warmPool.maxGroupPreparedCapacity"
        basis = "what the warm pool prepares"
    percent = amount(block_of(group.properties, "instanceMaintenancePolicy"), "maxHealthyPercentage", 100)
    if percent > 100:
        most = most * percent / 100
        basis = f"{basis}, and {percent:f} % of it during a replacement"
    return _counted(Sizes(fewest, resting, max(most, resting), knob, basis), group, warm)


def _planned(schedule: DeployedResource, key: str) -> Decimal:
    """Return a size of a schedule; -1 leaves the group's own, as does its absence."""
    return number(schedule.properties, key, -1) or Decimal(0)


def _counted(found: Sizes, group: DeployedResource, warm: Mapping[str, Any]) -> Sizes:
    """Return sizes in instances: capacity over the smallest weight, and a warm pool's instances at rest."""
    weights = [weight for row in overrides_of(group) if (weight := number(row, "weightedCapacity")) and weight > 0]
    smallest = min(weights, default=Decimal(1))
    pooled = amount(warm, "minSize") if text(warm, "poolState", "Stopped") == "Running" else Decimal(0)
    resting = _whole(found.resting / smallest) + pooled
    return Sizes(
        _whole(found.fewest / max(weights, default=Decimal(1))),
        resting,
        max(_whole(found.peak / smallest), resting),
        found.knob,
        found.basis,
    )


def _whole(count: Decimal) -> Decimal:
    return count.to_integral_value(ROUND_CEILING)


def public_addresses(row: Mapping[str, Any]) -> Decimal:
    """Return how many public addresses an instance of a template has."""
    given = [flag(card, "associatePublicIpAddress") for card in blocks(row, "networkInterfaces")]
    return Decimal(sum(given) or flag(row, "associatePublicIpAddress"))
