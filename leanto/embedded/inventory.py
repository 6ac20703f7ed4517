"""What to list in each AWS service to see everything a stack can leave behind, and what AWS itself keeps there.

The default resources of an account are left out by rules on the resources themselves, never by comparing with an
earlier listing, so the same table serves any account.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Listing:
    """One operation that lists resources of one kind, page by page."""

    service: str
    kind: str
    operation: str
    identifiers: str
    """JMESPath over a page: the identifiers of what is not AWS's own."""
    arguments: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    scheduled: str = ""
    """JMESPath over a page: the identifiers of what AWS deletes by itself later."""


LISTINGS = (
    Listing("ec2", "VPC", "describe_vpcs", "Vpcs[?!IsDefault].VpcId"),
    Listing("ec2", "subnet", "describe_subnets", "Subnets[?!DefaultForAz].SubnetId"),
    Listing("ec2", "route table", "describe_route_tables", "RouteTables[?!(Associations[?Main])].RouteTableId"),
    Listing("ec2", "VPC endpoint", "describe_vpc_endpoints", "VpcEndpoints[?State!='deleted'].VpcEndpointId"),
    Listing("ec2", "security group", "describe_security_groups", "SecurityGroups[?GroupName!='default'].GroupId"),
    Listing("ec2", "launch template", "describe_launch_templates", "LaunchTemplates[].LaunchTemplateId"),
    Listing("ec2", "flow log", "describe_flow_logs", "FlowLogs[].FlowLogId"),
    Listing(
        "ec2", "instance", "describe_instances", "Reservations[].Instances[] | [?State.Name!='terminated'].InstanceId"
    ),
    Listing("ec2", "volume", "describe_volumes", "Volumes[].VolumeId"),
    Listing("ec2", "network interface", "describe_network_interfaces", "NetworkInterfaces[].NetworkInterfaceId"),
    Listing("ec2", "NAT gateway", "describe_nat_gateways", "NatGateways[?State!='deleted'].NatGatewayId"),
    Listing("autoscaling", "group", "describe_auto_scaling_groups", "AutoScalingGroups[].AutoScalingGroupName"),
    Listing("s3", "bucket", "list_buckets", "Buckets[].Name"),
    Listing("dynamodb", "table", "list_tables", "TableNames[]"),
    Listing("kms", "alias", "list_aliases", "Aliases[?!starts_with(AliasName, 'alias/aws/')].AliasName"),
    Listing(
        "secretsmanager",
        "secret",
        "list_secrets",
        "SecretList[?!DeletedDate].ARN",
        MappingProxyType({"IncludePlannedDeletion": True}),
        "SecretList[?DeletedDate].ARN",
    ),
    Listing("iam", "role", "list_roles", "Roles[?!starts_with(Path, '/aws-service-role/')].RoleName"),
    Listing("iam", "policy", "list_policies", "Policies[].Arn", MappingProxyType({"Scope": "Local"})),
    Listing("iam", "instance profile", "list_instance_profiles", "InstanceProfiles[].InstanceProfileName"),
    Listing("lambda", "function", "list_functions", "Functions[].FunctionName"),
    Listing("apigateway", "REST API", "get_rest_apis", "items[].id"),
    Listing("logs", "log group", "describe_log_groups", "logGroups[].logGroupName"),
    Listing("cloudwatch", "alarm", "describe_alarms", "[MetricAlarms[].AlarmName, CompositeAlarms[].AlarmName][]"),
    Listing("cloudwatch", "dashboard", "list_dashboards", "DashboardEntries[].DashboardName"),
    Listing("sns", "topic", "list_topics", "Topics[].TopicArn"),
    Listing("sns", "subscription", "list_subscriptions", "Subscriptions[].SubscriptionArn"),
)


@dataclass(frozen=True)
class Found:
    """One resource; `scheduled` when AWS deletes it by itself later."""

    kind: str
    identifier: str
    scheduled: bool = False


Search = Callable[[Any, str], Iterator[Found]]
"""Finds what no single operation lists, with a client and the account id."""


def security_group_rules(ec2: Any, account_id: str) -> Iterator[Found]:
    """Rules other than those AWS puts into every group (all egress) and every default group (all from itself)."""
    del account_id
    for page in ec2.get_paginator("describe_security_group_rules").paginate():
        for rule in page["SecurityGroupRules"]:
            is_everything = rule["IpProtocol"] == "-1" and not rule.get("Tags") and not rule.get("Description")
            is_default_egress = rule["IsEgress"] and rule.get("CidrIpv4") == "0.0.0.0/0"
            is_from_itself = rule.get("ReferencedGroupInfo", {}).get("GroupId") == rule["GroupId"]
            if not (is_everything and (is_default_egress or is_from_itself)):
                yield Found("security group rule", rule["SecurityGroupRuleId"])


def elastic_addresses(ec2: Any, account_id: str) -> Iterator[Found]:
    """Addresses cost money attached or not."""
    del account_id
    for address in ec2.describe_addresses()["Addresses"]:
        yield Found("elastic address", address["AllocationId"])


def object_versions(s3: Any, account_id: str) -> Iterator[Found]:
    """Up to 1000 object versions and delete markers of each bucket: one is enough to keep the bucket alive."""
    del account_id
    for bucket in s3.list_buckets()["Buckets"]:
        page = s3.list_object_versions(Bucket=bucket["Name"])
        for version in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
            yield Found("object version", f"{bucket['Name']}/{version['Key']}?versionId={version['VersionId']}")


def customer_keys(kms: Any, account_id: str) -> Iterator[Found]:
    """Keys that AWS does not manage; a deleted one is only scheduled, for 7 to 30 days.

    Moto calls every key a customer's, so those behind AWS's own aliases are left out by these.
    """
    del account_id
    aliases = kms.get_paginator("list_aliases").paginate().search("Aliases[?starts_with(AliasName, 'alias/aws/')]")
    managed = {alias["TargetKeyId"] for alias in aliases if alias and "TargetKeyId" in alias}
    for page in kms.get_paginator("list_keys").paginate():
        for entry in page["Keys"]:
            key = kms.describe_key(KeyId=entry["KeyId"])["KeyMetadata"]
            if key["KeyManager"] == "CUSTOMER" and key["KeyId"] not in managed:
                yield Found("key", key["Arn"], scheduled=key["KeyState"] == "PendingDeletion")


def role_policies(iam: Any, account_id: str) -> Iterator[Found]:
    """Inline policies, which would keep their role from being deleted."""
    del account_id
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
                yield Found("role policy", f"{role['RoleName']}/{name}")


def layer_versions(client: Any, account_id: str) -> Iterator[Found]:
    """Versions of layers: each is a resource of its own."""
    del account_id
    for page in client.get_paginator("list_layers").paginate():
        for layer in page["Layers"]:
            for version in client.list_layer_versions(LayerName=layer["LayerName"])["LayerVersions"]:
                yield Found("layer version", version["LayerVersionArn"])


def log_role_of_the_account(client: Any, account_id: str) -> Iterator[Found]:
    """The role with which API Gateway writes logs is a setting of the account and region, not of an API."""
    del account_id
    arn = client.get_account().get("cloudwatchRoleArn")
    if arn:
        yield Found("account's log role", arn)


def budgets(client: Any, account_id: str) -> Iterator[Found]:
    """Budgets of the account, wherever they were made."""
    for budget in client.describe_budgets(AccountId=account_id).get("Budgets", ()):
        yield Found("budget", budget["BudgetName"])


SEARCHES: tuple[tuple[str, Search], ...] = (
    ("ec2", security_group_rules),
    ("ec2", elastic_addresses),
    ("apigateway", log_role_of_the_account),
    ("s3", object_versions),
    ("kms", customer_keys),
    ("iam", role_policies),
    ("lambda", layer_versions),
    ("budgets", budgets),
)
