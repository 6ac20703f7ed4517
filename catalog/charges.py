"""What AWS resource types cost by merely existing.

A type that is neither here nor in `catalog.free`, `catalog.use` or `catalog.nodes` is unknown, which the estimate says.
One row in one of them makes a new type known. An item without a price in the tables is unknown as well.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from catalog.deployed import DeployedResource, amount, blocks, flag, number, text, texts, word
from catalog.view import Charge, Charges, View

ONE = Decimal(1)


def _always(item: str) -> Charges:
    def charges(resource: DeployedResource, view: View) -> Iterator[Charge]:
        del resource, view
        yield Charge(item, ONE, ONE)

    return charges


def _only_with(key: str, free: frozenset[str], item: str) -> Charges:
    """Return what costs only when `key` has another value than those `free` of charge ("" when it is missing)."""

    def charges(resource: DeployedResource, view: View) -> Iterator[Charge]:
        del view
        if text(resource.properties, key) not in free:
            yield Charge(item, ONE, ONE, f"{resource.name}.{key}")

    return charges


def _key(resource: DeployedResource, view: View) -> Iterator[Charge]:
    del view
    yield Charge("kms.key", ONE, ONE)
    if flag(resource.properties, "enableKeyRotation"):
        yield Charge("kms.key-rotation", Decimal(0), Decimal(2))


def _alarm(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """An alarm is paid for each metric that it looks at, and more when it looks more often than once a minute."""
    del view
    queries = [query["metric"] for query in blocks(resource.properties, "metricQueries") if query.get("metric")]
    for metric in queries or [resource.properties]:
        fast = isinstance(metric, Mapping) and (number(metric, "period", 60) or 60) < 60
        yield Charge("cloudwatch.alarm-high-resolution" if fast else "cloudwatch.alarm", ONE, ONE)


def _endpoint(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """An interface endpoint is paid in each zone, a gateway endpoint never; without a type it is a gateway."""
    del view
    if is_interface(resource):
        zones = Decimal(max(1, len(texts(resource.properties, "subnetIds"))))
        yield Charge("vpc.interface-endpoint", zones, zones, f"{resource.name}.subnetIds")


def is_interface(endpoint: DeployedResource) -> bool:
    """Return whether a VPC endpoint is one that costs."""
    return text(endpoint.properties, "vpcEndpointType", "Gateway") != "Gateway"


def balancer_kind(resource: DeployedResource) -> str:
    """Return the kind of a load balancer: "application" without one."""
    return word(resource.properties, "loadBalancerType", "application")


def _load_balancer(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A balancer is paid by the hour, and one that the internet reaches for an address in each of its zones."""
    del view
    yield Charge(f"elb.{balancer_kind(resource)}", ONE, ONE)
    if not flag(resource.properties, "internal"):
        mapped = [*texts(resource.properties, "subnets"), *blocks(resource.properties, "subnetMappings")]
        # An address that is listed as an elastic one is paid for there.
        zones = Decimal(max(1, len(mapped)))
        yield Charge("vpc.public-ipv4", zones, zones, f"{resource.name}.internal")


def _stage(resource: DeployedResource, view: View) -> Iterator[Charge]:
    del view
    if flag(resource.properties, "cacheClusterEnabled"):
        yield Charge("apigateway.cache", ONE, ONE, f"{resource.name}.cacheClusterEnabled")


def _volume(resource: DeployedResource, view: View) -> Iterator[Charge]:
    del view
    yield from volume(resource.properties, ("type", "size"), ONE, resource.name)


def volume(
    properties: Mapping[str, Any], keys: tuple[str, str], count: Decimal, name: str, assumed_gib: Decimal | None = None
) -> Iterator[Charge]:
    """Yield what `count` volumes cost: storage, and for gp3 what exceeds the 3000 IOPS and 125 MiB/s in its price.

    `keys` name the volume's type and its size in GiB; without a size it has `assumed_gib`. Of a volume of which nothing
    is said, the image decides.
    """
    kind = word(properties, keys[0]) or ("gp2" if properties else "gp3")
    given = number(properties, keys[1])
    size = (given if given is not None else assumed_gib or Decimal(0)) * count
    basis = "" if given is not None else "the image decides the size: declared by imageGib"
    knob = f"{name}.{keys[1]}" if given is not None else "imageGib"
    yield Charge(f"ebs.{kind}-storage", size, size, knob, basis)
    extra = {
        "ebs.gp3-iops-above-3000": ("iops", amount(properties, "iops", 3000) - 3000),
        "ebs.gp3-throughput-above-125": ("throughput", amount(properties, "throughput", 125) - 125),
    }
    for item, (key, above) in extra.items():
        if kind == "gp3" and above > 0:
            yield Charge(item, above * count, above * count, f"{name}.{key}")


def _firewall(resource: DeployedResource, view: View) -> Iterator[Charge]:
    del view
    rules = Decimal(len(blocks(resource.properties, "rules")))
    yield Charge("waf.acl", ONE, ONE)
    if rules:
        yield Charge("waf.rule", rules, rules, f"{resource.name}.rules")


def _cluster(resource: DeployedResource, view: View) -> Iterator[Charge]:
    del view
    for setting in blocks(resource.properties, "settings"):
        if text(setting, "name") == "containerInsights" and text(setting, "value") != "disabled":
            yield Charge("ecs.container-insights", ONE, ONE, f"{resource.name}.settings")


def _trail(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """An account's first trail of management events is free, every other event is paid for."""
    del view
    for key in ("eventSelectors", "advancedEventSelectors", "insightSelectors"):
        if blocks(resource.properties, key):
            yield Charge("cloudtrail.events", ONE, ONE, f"{resource.name}.{key}")


PRICED: Mapping[str, Charges] = MappingProxyType(
    {
        "aws:acm/certificate:Certificate": _only_with(
            "certificateAuthorityArn", frozenset({""}), "acm.private-certificate"
        ),
        "aws:apigateway/stage:Stage": _stage,
        "aws:budgets/budgetAction:BudgetAction": _always("budgets.budget-with-actions"),
        "aws:cloudtrail/trail:Trail": _trail,
        "aws:cloudwatch/compositeAlarm:CompositeAlarm": _always("cloudwatch.alarm-composite"),
        "aws:cloudwatch/dashboard:Dashboard": _always("cloudwatch.dashboard"),
        "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
        "aws:ebs/volume:Volume": _volume,
        "aws:ec2/eip:Eip": _always("vpc.public-ipv4"),
        "aws:ec2/natGateway:NatGateway": _always("vpc.nat-gateway"),
        "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
        "aws:ecs/cluster:Cluster": _cluster,
        "aws:kms/key:Key": _key,
        "aws:kms/replicaKey:ReplicaKey": _always("kms.key"),
        "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
        "aws:secretsmanager/secret:Secret": _always("secretsmanager.secret"),
        "aws:ssm/parameter:Parameter": _only_with("tier", frozenset({"", "Standard"}), "ssm.parameter-advanced"),
        "aws:wafv2/webAcl:WebAcl": _firewall,
    }
)
"""Types that cost by existing, each with what it takes of which priced item."""
