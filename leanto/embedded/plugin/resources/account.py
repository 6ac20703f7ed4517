"""Functions of the provider: who and where we are."""

from collections.abc import Mapping
from types import MappingProxyType

from leanto.embedded.plugin.resource import Context, Invoke, Props

DNS_SUFFIX = "amazonaws.com"
REVERSE_DNS_PREFIX = "com.amazonaws"


def get_caller_identity(ctx: Context, args: Props) -> Props:
    """Return the account in which the box works."""
    del args
    found = ctx.client("sts").get_caller_identity()
    return {"accountId": found["Account"], "arn": found["Arn"], "id": found["Account"], "userId": found["UserId"]}


def get_region(ctx: Context, args: Props) -> Props:
    """Return the region that is asked for, by `region` or `name`, or else the provider's."""
    region = args.get("region") or args.get("name") or ctx.region
    return {
        "region": region,
        "name": region,
        "id": region,
        "endpoint": f"ec2.{region}.{DNS_SUFFIX}",
        "description": _description(region),
    }


def _description(region: str) -> str:
    import botocore.session  # noqa: PLC0415 - 0.2 s that the start of the plugin does not have

    partitions = botocore.session.Session().get_data("endpoints")["partitions"]
    known = {name: facts for partition in partitions for name, facts in partition["regions"].items()}
    return str(known.get(region, {}).get("description", region))


def get_partition(ctx: Context, args: Props) -> Props:
    """Return the partition, with the suffixes of its host and service names."""
    del args
    return {
        "partition": ctx.partition,
        "id": ctx.partition,
        "dnsSuffix": DNS_SUFFIX,
        "reverseDnsPrefix": REVERSE_DNS_PREFIX,
    }


def get_availability_zones(ctx: Context, args: Props) -> Props:
    """Return the region's zones, by name, filtered like the official function."""
    filters = [{"Name": f["name"], "Values": f["values"]} for f in args.get("filters", [])]
    if "state" in args:
        filters.append({"Name": "state", "Values": [args["state"]]})
    zones = ctx.client("ec2").describe_availability_zones(Filters=filters)["AvailabilityZones"]
    kept = sorted(
        (zone["ZoneName"], zone.get("ZoneId", ""))
        for zone in zones
        if zone["ZoneName"] not in args.get("excludeNames", [])
        and zone.get("ZoneId") not in args.get("excludeZoneIds", [])
    )
    return args | {
        "id": ctx.region,
        "region": ctx.region,
        "names": [name for name, _ in kept],
        "zoneIds": [zone_id for _, zone_id in kept],
        "groupNames": sorted({zone.get("GroupName", ctx.region) for zone in zones}),
    }


INVOKES: Mapping[str, Invoke] = MappingProxyType(
    {
        "aws:index/getAvailabilityZones:getAvailabilityZones": get_availability_zones,
        "aws:index/getCallerIdentity:getCallerIdentity": get_caller_identity,
        "aws:index/getPartition:getPartition": get_partition,
        "aws:index/getRegion:getRegion": get_region,
    }
)
