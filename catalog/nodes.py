"""What the instances of Auto Scaling groups cost while nobody asks for more than the minimum."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from catalog.charges import DeployedResource
from catalog.pricing import HOURS_PER_MONTH, Line, Unknown, instance_price, unit_price
from catalog.rows import Catalogue

GROUP = "aws:autoscaling/group:Group"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
POOL = frozenset({GROUP})


def node_lines(resources: Sequence[DeployedResource], region: str, tables: Catalogue) -> Iterator[Line]:
    """Yield a line for the instances of each group and one for their volumes, from its minimum or desired size.

    The lower bound is the cheapest type, at the spot price where the group buys spot; the upper one the dearest type on
    demand. A type without a price leaves no upper bound.
    """
    templates = [resource.properties for resource in resources if resource.type == TEMPLATE]
    for group in (resource for resource in resources if resource.type == GROUP):
        nodes = Decimal(max(_whole(group.properties.get("minSize")), _whole(group.properties.get("desiredCapacity"))))
        yield _instances(group, nodes, _types(group.properties, templates), region, tables)
        if nodes:
            yield from _volumes(group, nodes, templates, region, tables)


def _whole(value: Any) -> int:
    return int(value or 0)


def _types(group: Mapping[str, Any], templates: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    policy = group.get("mixedInstancesPolicy") or {}
    overrides = (policy.get("launchTemplate") or {}).get("overrides") or ()
    named = [override.get("instanceType") for override in overrides] or [row.get("instanceType") for row in templates]
    return tuple(dict.fromkeys(name for name in named if name))


def _buys_spot(group: Mapping[str, Any]) -> bool:
    distribution = (group.get("mixedInstancesPolicy") or {}).get("instancesDistribution") or {}
    return int(distribution.get("onDemandPercentageAboveBaseCapacity", 100)) < 100


def _instances(group: DeployedResource, nodes: Decimal, types: tuple[str, ...], region: str, tables: Catalogue) -> Line:
    hours = nodes * HOURS_PER_MONTH
    label = f"ec2.{'|'.join(types) or 'instance'}"
    if not nodes:
        zero = Decimal(0)
        return Line(label, (group.name,), zero, "hour", zero, zero, note="no instance runs at the minimum size 0")
    dearest = [instance_price(kind, region, spot=False, tables=tables) for kind in types]
    spot = [instance_price(kind, region, spot=True, tables=tables) for kind in types if _buys_spot(group.properties)]
    prices = [quote.usd for quote in (*dearest, *spot) if not isinstance(quote, Unknown)]
    missing = [quote for quote in dearest if isinstance(quote, Unknown)]
    if not types:
        missing = [Unknown(f"the instance types of {group.name} are not known")]
    return Line(
        label,
        (group.name,),
        hours,
        "hour",
        low=min(prices) * hours if prices else missing[0],
        high=missing[0] if missing else max(prices) * hours,
    )


def _volumes(
    group: DeployedResource, nodes: Decimal, templates: Iterable[Mapping[str, Any]], region: str, tables: Catalogue
) -> Iterator[Line]:
    for template in templates:
        for mapping in template.get("blockDeviceMappings") or ():
            volume = mapping.get("ebs") or {}
            item = f"ebs.{volume.get('volumeType', 'gp2')}-storage"
            amount = nodes * Decimal(str(volume.get("volumeSize") or 0))
            quote = unit_price(item, region, tables)
            if isinstance(quote, Unknown):
                yield Line(item, (group.name,), amount, "GiB-month", quote, quote)
            else:
                cost = amount * quote.usd
                yield Line(item, (group.name,), amount, quote.unit, cost, cost, quote.source, quote.date)
