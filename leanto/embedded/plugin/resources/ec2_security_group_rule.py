"""`aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule` and its egress twin."""

from types import MappingProxyType
from typing import ClassVar

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.ec2_calls import ACTUAL_ID, Ec2Resource, actual_id, described
from leanto.embedded.plugin.emulated import Problems, at_most_one, chosen, network_problems
from leanto.embedded.plugin.errors import RefusedError, absent, creating
from leanto.embedded.plugin.kept import outside
from leanto.embedded.plugin.resource import Context, Props, Resource

ANY_PROTOCOL = "-1"
MISSING = ("InvalidSecurityGroupRuleId.NotFound", "InvalidPermission.NotFound", "InvalidGroup.NotFound")
SOURCES = MappingProxyType(
    {
        "cidrIpv4": ("IpRanges", "CidrIp", "CidrIpv4"),
        "cidrIpv6": ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
        "prefixListId": ("PrefixListIds", "PrefixListId", "PrefixListId"),
        "referencedSecurityGroupId": ("UserIdGroupPairs", "GroupId", "ReferencedGroupId"),
    }
)
"""Input, where it goes in a permission, and its name in a rule."""
MODIFIABLE = frozenset({"description", "fromPort", "ipProtocol", "toPort", "cidrIpv4"})
"""What moto's ModifySecurityGroupRules changes; for the rest the rule is made anew and keeps its id for the program."""


class SecurityGroupRule(Ec2Resource):
    """One rule of a security group, with one source or destination."""

    kind = "security-group-rule"
    egress: ClassVar[bool]
    replace_on = frozenset({"securityGroupId"})
    computed = frozenset({"arn", "securityGroupRuleId"})
    required = frozenset({"ipProtocol", "securityGroupId"})
    accepts = frozenset({"description", "fromPort", "ipProtocol", "securityGroupId", "tags", "toPort", *SOURCES})
    side_stored = frozenset({ACTUAL_ID})

    def validate(self, inputs: Props) -> Problems:
        """Return what EC2 or the official provider refuses."""
        problems = super().validate(inputs) + at_most_one(inputs, tuple(SOURCES))
        problems += network_problems(inputs, "cidrIpv4", 0, 32) + network_problems(inputs, "cidrIpv6")
        ports = [key for key in ("fromPort", "toPort") if key in inputs]
        if str(inputs.get("ipProtocol")) in {ANY_PROTOCOL, "all"}:
            problems += [(key, "is given, but a rule for all protocols covers all ports") for key in ports]
        problems += [
            (key, f"is {inputs[key]}, EC2 takes -1 to 65535") for key in ports if outside(inputs[key], -1, 65535)
        ]
        if len(ports) == 2 and inputs["fromPort"] > inputs["toPort"]:
            problems.append(("toPort", f"is {inputs['toPort']}, which is below fromPort {inputs['fromPort']}"))
        return problems

    def replaces(self, olds: Props, news: Props, changed: frozenset[str]) -> frozenset[str]:
        """Return what replaces the rule: another group, or a source of another kind."""
        sources = [{key for key in SOURCES if key in props} for props in (olds, news)]
        other_kind = frozenset() if sources[0] == sources[1] else frozenset(SOURCES)
        return changed & (self.replace_on | other_kind)

    def create(self, ctx: Context, inputs: Props) -> str:
        """Add the rule to its group."""
        source = chosen(inputs, tuple(SOURCES))
        _refuse_unknown_prefix_list(ctx, inputs)
        self._refuse_duplicate(ctx, inputs, "")
        return self._authorize(ctx, inputs, source)

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the rule. Ports that the program left out are shown by EC2 as -1 and left out here."""
        rule = self._rule(ctx, resource_id)
        if rule is None:
            return None
        ports = {key: rule.get(key[0].upper() + key[1:], -1) for key in ("fromPort", "toPort")}
        group = rule.get("ReferencedGroupInfo", {}).get("GroupId")
        return {
            "arn": self.arn(ctx, resource_id),
            "cidrIpv4": rule.get("CidrIpv4"),
            "cidrIpv6": rule.get("CidrIpv6"),
            "description": rule.get("Description") or None,
            "ipProtocol": rule["IpProtocol"],
            "prefixListId": rule.get("PrefixListId"),
            "referencedSecurityGroupId": group,
            "securityGroupId": rule["GroupId"],
            "securityGroupRuleId": resource_id,
            "tagsAll": tags.as_map(rule.get("Tags")),
        } | {key: port for key, port in ports.items() if port != -1 or key in inputs}

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change the rule in place, and its tags."""
        actual = actual_id(ctx, self.token, resource_id)
        changed = {key for key in {*olds, *news} if olds.get(key) != news.get(key)}
        if changed & {*SOURCES, *MODIFIABLE}:
            _refuse_unknown_prefix_list(ctx, news)
            self._refuse_duplicate(ctx, news, actual)
        if changed & (SOURCES.keys() - MODIFIABLE):
            self.delete(ctx, resource_id, olds)
            made = self._authorize(ctx, news, chosen(news, tuple(SOURCES)))
            ctx.side.put(self.token, resource_id, {ACTUAL_ID: made})
            return
        if changed & MODIFIABLE:
            _modify(ctx, actual, news)
        self.retag(ctx, actual, olds, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Take the rule from its group."""
        client = ctx.client("ec2")
        revoke = client.revoke_security_group_egress if self.egress else client.revoke_security_group_ingress
        with absent(*MISSING):
            revoke(
                GroupId=outputs["securityGroupId"],
                SecurityGroupRuleIds=[actual_id(ctx, self.token, resource_id)],
            )

    def _rule(self, ctx: Context, resource_id: str) -> Props | None:
        actual = actual_id(ctx, self.token, resource_id)
        with absent(*MISSING):
            return described(
                ctx, "describe_security_group_rules", "SecurityGroupRules", "", SecurityGroupRuleIds=[actual]
            )
        return None

    def _authorize(self, ctx: Context, inputs: Props, source: str) -> str:
        client = ctx.client("ec2")
        authorize = client.authorize_security_group_egress if self.egress else client.authorize_security_group_ingress
        ranges, key, _ = SOURCES[source]
        ports = {api: inputs[name] for name, api in (("fromPort", "FromPort"), ("toPort", "ToPort")) if name in inputs}
        permission = {"IpProtocol": str(inputs["ipProtocol"]), ranges: [{key: inputs[source]}], **ports}
        made = authorize(
            GroupId=inputs["securityGroupId"],
            IpPermissions=[permission],
            TagSpecifications=self.tag_specifications(inputs),
        )
        rule_id = str(made["SecurityGroupRules"][0]["SecurityGroupRuleId"])
        with creating(rule_id, undo=lambda: self.delete(ctx, rule_id, inputs)):
            if inputs.get("description"):
                # Moto loses the description of some sources when a rule is made, and of none when it is changed.
                _modify(ctx, rule_id, inputs)
        return rule_id

    def _refuse_duplicate(self, ctx: Context, inputs: Props, own_id: str) -> None:
        """Raise what EC2 raises for a rule that is there already under whatever description."""
        filters = [{"Name": "group-id", "Values": [inputs["securityGroupId"]]}]
        rules = ctx.client("ec2").describe_security_group_rules(Filters=filters)["SecurityGroupRules"]
        wanted = _identity(_rule_request(inputs))
        for rule in rules:
            there = {**rule, "ReferencedGroupId": rule.get("ReferencedGroupInfo", {}).get("GroupId")}
            if rule["SecurityGroupRuleId"] != own_id and rule["IsEgress"] == self.egress and _identity(there) == wanted:
                message = f"the specified rule already exists in {inputs['securityGroupId']}"
                raise RefusedError("InvalidPermission.Duplicate", f"{message} as {rule['SecurityGroupRuleId']}")


def _rule_request(inputs: Props) -> Props:
    """Return the rule as ModifySecurityGroupRules takes it; an empty description clears the one there is."""
    source = chosen(inputs, tuple(SOURCES))
    return {
        "IpProtocol": str(inputs["ipProtocol"]),
        "FromPort": inputs.get("fromPort", -1),
        "ToPort": inputs.get("toPort", -1),
        "Description": inputs.get("description", ""),
        SOURCES[source][2]: inputs[source],
    }


def _modify(ctx: Context, rule_id: str, inputs: Props) -> None:
    ctx.client("ec2").modify_security_group_rules(
        GroupId=inputs["securityGroupId"],
        SecurityGroupRules=[{"SecurityGroupRuleId": rule_id, "SecurityGroupRule": _rule_request(inputs)}],
    )


def _identity(rule: Props) -> tuple[object, ...]:
    sources = [rule.get(key) for _, _, key in SOURCES.values()]
    return (rule["IpProtocol"], rule.get("FromPort", -1), rule.get("ToPort", -1), *sources)


def _refuse_unknown_prefix_list(ctx: Context, inputs: Props) -> None:
    prefix_list_id = inputs.get("prefixListId")
    if prefix_list_id and not described(
        ctx, "describe_managed_prefix_lists", "PrefixLists", "", PrefixListIds=[prefix_list_id]
    ):
        raise RefusedError("InvalidPrefixListID.NotFound", f"The prefix list ID '{prefix_list_id}' does not exist")


class SecurityGroupIngressRule(SecurityGroupRule):
    """Lets something in."""

    token = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    egress = False


class SecurityGroupEgressRule(SecurityGroupRule):
    """Lets something out."""

    token = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    egress = True


RESOURCES: tuple[Resource, ...] = (SecurityGroupIngressRule(), SecurityGroupEgressRule())
