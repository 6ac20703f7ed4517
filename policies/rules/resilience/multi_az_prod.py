"""What serves in production spreads over availability zones."""

from collections.abc import Iterator
from typing import Any

from policies.normalise import UNKNOWN
from policies.reading import Unread, Value
from policies.rule import PROD, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.stack import Item, Settings, Stack

GROUP = "aws:autoscaling/group:Group"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
CLASSIC = "aws:elb/loadBalancer:LoadBalancer"
FUNCTION = "aws:lambda/function:Function"
SUBNET = "aws:ec2/subnet:Subnet"
SUBNETS = {
    GROUP: "vpcZoneIdentifiers",
    BALANCER: "subnets",
    CLASSIC: "subnets",
    FUNCTION: "vpcConfig.subnetIds",
}


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at each group, balancer and function in a network."""
    wanted = int(settings["zones"])
    for item in stack.of(*SUBNETS):
        try:
            yield from _spread(stack, item, wanted)
        except Unread as error:
            yield Unevaluated(error.path, error.reason, item)


def _spread(stack: Stack, item: Item, wanted: int) -> Iterator[Outcome]:
    zones = _named_zones(item)
    places = _subnets(item)
    if not zones and not places:
        if item.type != FUNCTION:
            yield Problem(SUBNETS[item.type], "it names no availability zone and no subnet", item)
        return
    path = "availabilityZones" if zones else _path(item)
    least, most = (len(zones), len(zones)) if zones else _zones_of(stack, item, places)
    if most < wanted:
        yield Problem(path, f"it lies in {most} availability zone, at least {wanted} are asked for", item)
    elif least < wanted:
        yield Unevaluated(path, "the zones of some of its subnets are not known yet", item)


def _named_zones(item: Item) -> frozenset[str]:
    """Return the zones that a group or a classic balancer names itself."""
    return frozenset(item.props.texts("availabilityZones")) if item.type in (GROUP, CLASSIC) else frozenset()


def _subnets(item: Item) -> tuple[Value, ...]:
    """Return the subnets unread: an id is often known after the deployment only, their number before."""
    if item.type == FUNCTION:
        return item.props.block("vpcConfig").values("subnetIds")
    found = item.props.values(SUBNETS[item.type])
    if item.type == BALANCER and not found:
        mappings = item.props.blocks("subnetMappings")
        return tuple(Value(block.raw.get("subnetId"), block.at("subnetId")) for block in mappings)
    return found


def _path(item: Item) -> str:
    mapped = item.type == BALANCER and not item.props.values("subnets")
    return "subnetMappings" if mapped else SUBNETS[item.type]


def _zones_of(stack: Stack, item: Item, places: tuple[Value, ...]) -> tuple[int, int]:
    """Return in how many zones the subnets lie, at least and at most.

    A subnet that says no zone, or that is not of this stack, counts for itself. One that is not known yet does so
    if the stack says which one it is made from; else it could be the same as another.
    """
    ids = {place.text() for place in places if place.raw is not UNKNOWN}
    unknown = sum(place.raw is UNKNOWN for place in places)
    subnets = stack.targets(item, _path(item), SUBNET)
    made_from = sum(not subnet.identifiers & ids for subnet in subnets)
    zones = [_zone(subnet) for subnet in subnets]
    named = [zone for zone in zones if isinstance(zone, str)]
    open_ones = sum(zone is UNKNOWN for zone in zones) + max(0, unknown - made_from)
    most = max(1, len(ids) + unknown - len(named) + len(set(named)))
    return max(1, most - open_ones), most


def _zone(subnet: Item) -> Any:
    raw = subnet.output.raw
    found = raw.get("availabilityZone")
    return raw.get("availabilityZoneId") if found is None else found


RULE = Rule(
    id="multi-az-prod",
    area="resilience",
    title="What serves in production spreads over availability zones",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=tuple(SUBNETS),
    guards=("availabilityZones", "vpcZoneIdentifiers", "subnets", "subnetMappings", "vpcConfig"),
    check_stack=check_stack,
    rationale="A zone fails now and then, and GPU capacity is often exhausted in one zone and to be had in another.",
    fix="Name subnets of two availability zones. Where a type of instance exists in one zone only, ask for an"
    " exemption and let a managed provider answer meanwhile.",
    references={"fsbp": ("AutoScaling.2", "ELB.13", "Lambda.5")},
    parameters=(Parameter("zones", "integer", 2, "How many availability zones are asked for.", minimum=1, maximum=6),),
)
