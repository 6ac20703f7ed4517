"""`aws:ec2/securityGroup:SecurityGroup` and `aws:ec2/defaultSecurityGroup:DefaultSecurityGroup`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.ec2_calls import Ec2Resource, described, refuse_while_instances
from leanto.embedded.plugin.emulated import Problems
from leanto.embedded.plugin.errors import RefusedError, absent, creating
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource
from leanto.embedded.plugin.security_permissions import rules

MISSING = "InvalidGroup.NotFound"
DIRECTIONS = MappingProxyType({"ingress": "IpPermissions", "egress": "IpPermissionsEgress"})


class GroupResource(Ec2Resource):
    """What the two types share. Rules stand as resources of their own, so that no program writes them inside."""

    kind = "security-group"
    defaults: ClassVar[Mapping[str, Any]] = MappingProxyType({"revokeRulesOnDelete": False})
    input_only = frozenset({"revokeRulesOnDelete"})
    fixed: ClassVar[Mapping[str, Any]] = MappingProxyType({"egress": [], "ingress": []})

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the group. Rules that stand as resources of their own are shown too, as by the official provider."""
        del inputs
        group = _group(ctx, resource_id)
        if group is None:
            return None
        return {
            "arn": self.arn(ctx, resource_id),
            "description": group["Description"],
            "name": group["GroupName"],
            "namePrefix": "",
            "ownerId": group["OwnerId"],
            "tagsAll": tags.as_map(group.get("Tags")),
            "vpcId": group["VpcId"],
        } | {key: rules(group[api], resource_id) for key, api in DIRECTIONS.items()}


class SecurityGroup(GroupResource):
    """A security group of the program."""

    token = "aws:ec2/securityGroup:SecurityGroup"
    replace_on = frozenset({"description", "name", "vpcId"})
    computed = frozenset({"arn", "egress", "ingress", "namePrefix", "ownerId"})
    auto_name = AutoName()
    defaults = MappingProxyType({"description": "Managed by Pulumi", "revokeRulesOnDelete": False})
    accepts = frozenset({"description", "name", "revokeRulesOnDelete", "tags", "vpcId"})
    required = frozenset({"vpcId"})

    def validate(self, inputs: Props) -> Problems:
        """Return what EC2 or the box refuses."""
        problems = super().validate(inputs)
        if str(inputs.get("name", "")).startswith("sg-"):
            problems.append(("name", f"is {inputs['name']!r}; EC2 takes no name that begins with 'sg-'"))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the group without the rule that lets everything out, which EC2 gives to each new group."""
        client = ctx.client("ec2")
        made = client.create_security_group(
            GroupName=inputs["name"],
            Description=inputs["description"],
            VpcId=inputs["vpcId"],
            TagSpecifications=self.tag_specifications(inputs),
        )
        group_id = str(made["GroupId"])
        with creating(group_id, undo=lambda: client.delete_security_group(GroupId=group_id)):
            _revoke_all(ctx, group_id, "egress")
        return group_id

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change the tags; take rules away where the program says that there are none at all."""
        for direction in DIRECTIONS:
            if direction in news and olds.get(direction) != news[direction]:
                _revoke_all(ctx, resource_id, direction)
        self.retag(ctx, resource_id, olds, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the group; refuse, as AWS does and moto does not, while something refers to it."""
        if _group(ctx, resource_id) is None:
            return
        if outputs.get("revokeRulesOnDelete"):
            for direction in DIRECTIONS:
                _revoke_all(ctx, resource_id, direction)
        _refuse_while_referenced(ctx, resource_id)
        refuse_while_instances(ctx, "instance.group-id", resource_id, "security group")
        with absent(MISSING):
            ctx.client("ec2").delete_security_group(GroupId=resource_id)


class DefaultSecurityGroup(GroupResource):
    """The group that AWS makes with each VPC: taken over, emptied, and left as it is in the end."""

    token = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
    replace_on = frozenset({"vpcId"})
    computed = frozenset({"arn", "description", "name", "namePrefix", "ownerId"})
    defaults: ClassVar[Mapping[str, Any]] = MappingProxyType(
        {"egress": [], "ingress": [], "revokeRulesOnDelete": False}
    )
    """No rule in the program means no rule in the group, so that one which somebody adds is drift."""
    accepts = frozenset({"revokeRulesOnDelete", "tags", "vpcId"})
    required = frozenset({"vpcId"})

    def create(self, ctx: Context, inputs: Props) -> str:
        """Take over the default group of the VPC, and every rule from it."""
        filters = [
            {"Name": "vpc-id", "Values": [inputs["vpcId"]]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        group = described(ctx, "describe_security_groups", "SecurityGroups", MISSING, Filters=filters)
        if group is None:
            raise RefusedError(MISSING, f"there is no default security group in {inputs['vpcId']}")
        group_id = str(group["GroupId"])
        for direction in DIRECTIONS:
            _revoke_all(ctx, group_id, direction)
        self.retag(ctx, group_id, {"tagsAll": tags.as_map(group.get("Tags"))}, inputs)
        return group_id

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Take away the rules that somebody added, and change the tags."""
        for direction in DIRECTIONS:
            _revoke_all(ctx, resource_id, direction)
        self.retag(ctx, resource_id, olds, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Leave the group: AWS deletes it with its VPC and never before."""
        del ctx, resource_id, outputs


def _group(ctx: Context, group_id: str) -> Props | None:
    return described(ctx, "describe_security_groups", "SecurityGroups", MISSING, GroupIds=[group_id])


def _revoke_all(ctx: Context, group_id: str, direction: str) -> None:
    client, egress = ctx.client("ec2"), direction == "egress"
    filters = [{"Name": "group-id", "Values": [group_id]}]
    found = client.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
    ids = [rule["SecurityGroupRuleId"] for rule in found if rule["IsEgress"] == egress]
    if ids:
        revoke = client.revoke_security_group_egress if egress else client.revoke_security_group_ingress
        revoke(GroupId=group_id, SecurityGroupRuleIds=ids)


def _refuse_while_referenced(ctx: Context, group_id: str) -> None:
    """Raise `DependencyViolation` when a rule of another group names this one."""
    found = ctx.client("ec2").describe_security_group_rules()["SecurityGroupRules"]
    referring = sorted(
        rule["SecurityGroupRuleId"]
        for rule in found
        if rule["GroupId"] != group_id and rule.get("ReferencedGroupInfo", {}).get("GroupId") == group_id
    )
    if referring:
        message = f"resource {group_id} has a dependent object: the rules {', '.join(referring)} refer to it"
        raise RefusedError("DependencyViolation", message)


RESOURCES: tuple[Resource, ...] = (SecurityGroup(), DefaultSecurityGroup())
