"""What the types of EC2 have in common: tags by CreateTags, ARNs by kind, and ids that moto changes under our hands."""

from typing import Any, ClassVar

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.emulated import EmulatedResource
from leanto.embedded.plugin.errors import RefusedError, absent
from leanto.embedded.plugin.resource import Context, Props

ACTUAL_ID = "actualId"
"""Side-stored field: the id that moto has given a resource which AWS would have changed in place."""
PREFIX_LENGTHS = (16, 28)
"""Shortest and longest prefix of the IPv4 network of a VPC or subnet (VPC user guide, VPC CIDR blocks)."""
LIVE_STATES = ("pending", "running", "stopping", "stopped", "shutting-down")
"""States of an instance that still occupies its subnet and its security groups."""


class Ec2Resource(EmulatedResource):
    """A tagged EC2 type. `kind` is its name in ARNs and in tag specifications, such as `route-table`."""

    kind: ClassVar[str]
    taggable = True

    def tag_specifications(self, inputs: Props) -> list[dict[str, Any]]:
        """Return the tags of a creation."""
        pairs = tags.as_list(inputs.get("tagsAll") or {})
        return [{"ResourceType": self.kind, "Tags": pairs}] if pairs else []

    def arn(self, ctx: Context, resource_id: str) -> str:
        """Return the ARN of one resource of this type."""
        return f"arn:{ctx.partition}:ec2:{ctx.region}:{ctx.account_id}:{self.kind}/{resource_id}"

    def retag(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Bring the tags from those of the inputs `olds` to those of `news`."""
        removed, added = tags.changes(olds, news)
        client = ctx.client("ec2")
        if removed:
            client.delete_tags(Resources=[resource_id], Tags=[{"Key": key} for key in removed])
        if added:
            client.create_tags(Resources=[resource_id], Tags=tags.as_list(added))


def actual_id(ctx: Context, token: str, resource_id: str) -> str:
    """Return the id under which moto has the resource `resource_id`."""
    return str(ctx.side.get(token, resource_id).get(ACTUAL_ID, resource_id))


def described(ctx: Context, operation: str, result: str, missing: str, **arguments: Any) -> Props | None:
    """Return the one thing that a describing call answers under `result`; None when it says `missing` or nothing."""
    with absent(missing):
        found: list[Props] = getattr(ctx.client("ec2"), operation)(**arguments)[result]
        return found[0] if found else None
    return None


def refuse_while_instances(ctx: Context, filter_name: str, resource_id: str, what: str) -> None:
    """Raise `DependencyViolation` while an instance lives in `resource_id`, as AWS does and moto does not."""
    filters = [
        {"Name": filter_name, "Values": [resource_id]},
        {"Name": "instance-state-name", "Values": list(LIVE_STATES)},
    ]
    reservations = ctx.client("ec2").describe_instances(Filters=filters)["Reservations"]
    instances = sorted(instance["InstanceId"] for one in reservations for instance in one["Instances"])
    if instances:
        message = f"the {what} {resource_id!r} has dependencies and cannot be deleted: {', '.join(instances)}"
        raise RefusedError("DependencyViolation", message)


def associations(ctx: Context, filter_name: str, value: str) -> list[Props]:
    """Return the associations of route tables with subnets that fit a filter such as `association.subnet-id`."""
    filters = [{"Name": filter_name, "Values": [value]}]
    tables = ctx.client("ec2").describe_route_tables(Filters=filters)["RouteTables"]
    keys = ("RouteTableAssociationId", "SubnetId", "RouteTableId")
    # The filter picks route tables; their other associations come along.
    return [one for table in tables for one in table["Associations"] if value in [one.get(key) for key in keys]]
