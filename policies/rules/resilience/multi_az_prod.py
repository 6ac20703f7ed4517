"""What serves in production spreads over availability zones."""

from collections.abc import Iterator

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
    count = len(zones) if zones else _zones_of(stack, item, places)
    if count < wanted:
        path = "availabilityZones" if zones else SUBNETS[item.type]
        yield Problem(path, f"it lies in {count} availability zone, at least {wanted} are asked for", item)


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


def _zones_of(stack: Stack, item: Item, places: tuple[Value, ...]) -> int:
    """Return in how many zones the subnets lie, as far as the stack knows them; each other one counts for itself."""
    known = {place.text() for place in places if place.raw is not UNKNOWN}
    count = len(known) + sum(place.raw is UNKNOWN for place in places)
    path = "subnetMappings" if item.type == BALANCER and not item.props.values("subnets") else SUBNETS[item.type]
    subnets = stack.targets(item, path, SUBNET)
    zones = {zone for subnet in subnets if (zone := _zone(subnet))}
    located = sum(1 for subnet in subnets if _zone(subnet))
    return max(1, count - located + len(zones)) if count >= located else count


def _zone(subnet: Item) -> str:
    zone = subnet.output.raw.get("availabilityZone") or subnet.output.raw.get("availabilityZoneId")
    return zone if isinstance(zone, str) else ""


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
