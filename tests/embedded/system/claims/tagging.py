"""Claims about tags: by them costs are told apart, and by one of them the budget counts."""

from collections.abc import Callable, Iterator

from infra.objects import ENGINES, MODELS
from tests.embedded.system.account import Account, Claim, Violations, tags_of
from tests.infra.claims.operation import REQUIRED_TAGS

Tagged = Iterator[tuple[str, dict[str, str]]]
"""The AWS id and the tags of everything of some kind."""

NETWORK = (
    ("describe_vpcs", "Vpcs[]", "VpcId"),
    ("describe_subnets", "Subnets[]", "SubnetId"),
    ("describe_route_tables", "RouteTables[?!(Associations[?Main])]", "RouteTableId"),
    ("describe_security_groups", "SecurityGroups[]", "GroupId"),
    ("describe_vpc_endpoints", "VpcEndpoints[?State!='deleted']", "VpcEndpointId"),
    ("describe_launch_templates", "LaunchTemplates[]", "LaunchTemplateId"),
    ("describe_flow_logs", "FlowLogs[]", "FlowLogId"),
)
"""What of EC2 has tags: operation, path, name of the id. A network's main route table comes with it, untagged."""
PUSHED = (MODELS, ENGINES)
"""Where in a bucket lies what is put there beside the program; it costs under the tags of the bucket."""


def kept_data(account: Account) -> Tagged:
    """Return keys, buckets with their objects, tables and secrets."""
    for key in account.own_keys:
        found = account.asked("kms", "list_resource_tags", KeyId=key["KeyId"])["Tags"]
        yield key["KeyId"], tags_of(found, "TagKey", "TagValue")
    for bucket in account.buckets():
        yield bucket, tags_of(account.asked("s3", "get_bucket_tagging", Bucket=bucket).get("TagSet"))
        names = account.listed("s3", "list_objects_v2", "Contents[].Key", Bucket=bucket)
        for name in (name for name in names if not name.startswith(PUSHED)):
            found = account.asked("s3", "get_object_tagging", Bucket=bucket, Key=name)
            yield f"{bucket}/{name}", tags_of(found["TagSet"])
    for table in account.tables():
        found = account.asked("dynamodb", "list_tags_of_resource", ResourceArn=table["TableArn"])
        yield table["TableName"], tags_of(found["Tags"])
    for secret in account.secrets():
        yield secret["ARN"], tags_of(secret.get("Tags"))


def identities(account: Account) -> Tagged:
    """Return roles and instance profiles."""
    for role in account.roles():
        found = account.asked("iam", "list_role_tags", RoleName=role["RoleName"])
        yield role["RoleName"], tags_of(found["Tags"])
    for name in account.listed("iam", "list_instance_profiles", "InstanceProfiles[].InstanceProfileName"):
        found = account.asked("iam", "get_instance_profile", InstanceProfileName=name)["InstanceProfile"]
        yield name, tags_of(found.get("Tags"))


def endpoint(account: Account) -> Tagged:
    """Return functions, APIs and stages."""
    for function in account.functions():
        yield function["FunctionName"], account.asked("lambda", "list_tags", Resource=function["FunctionArn"])["Tags"]
    for api in account.apis():
        yield api["id"], api.get("tags", {})
    for stage in account.stages():
        yield f"{stage['stageName']} of {stage['restApiId']}", stage.get("tags", {})


def operation(account: Account) -> Tagged:
    """Return log groups, alarms, topics and budgets; of budgets from the side store, as moto drops their tags."""
    for group in account.log_groups():
        found = account.asked("logs", "list_tags_for_resource", resourceArn=group["logGroupArn"])
        yield group["logGroupName"], found["tags"]
    for alarm in account.alarms():
        found = account.asked("cloudwatch", "list_tags_for_resource", ResourceARN=alarm["AlarmArn"])
        yield alarm["AlarmName"], tags_of(found["Tags"])
    for topic in account.topics():
        found = account.asked("sns", "list_tags_for_resource", ResourceArn=topic["TopicArn"])
        yield topic["TopicArn"], tags_of(found["Tags"])
    for budget in account.budgets():
        name = budget["BudgetName"]
        kept = account.side.get("aws:budgets/budget:Budget", f"{account.account_id}:{name}")
        yield name, kept.get("tagsAll", {})


def network(account: Account) -> Tagged:
    """Return the network with its rules, and launch templates."""
    for listing, path, identifier in NETWORK:
        for found in account.ec2(listing, path):
            yield found[identifier], tags_of(found.get("Tags"))
    groups = {group["GroupId"] for group in account.ec2("describe_security_groups", "SecurityGroups[]")}
    for rule in account.listed("ec2", "describe_security_group_rules", "SecurityGroupRules[]"):
        if rule["GroupId"] in groups:
            yield rule["SecurityGroupRuleId"], tags_of(rule.get("Tags"))


KINDS: tuple[Callable[[Account], Tagged], ...] = (kept_data, identities, endpoint, operation, network)


def everything_is_tagged(account: Account) -> Violations:
    """Whatever AWS takes tags for has the required ones. The tags of budgets are read from the side store."""
    for kind in KINDS:
        for name, tags in kind(account):
            if not tags.keys() >= REQUIRED_TAGS:
                yield f"{name} lacks {', '.join(sorted(REQUIRED_TAGS - tags.keys()))}"


def nodes_are_tagged(account: Account) -> Violations:
    """The group hands the required tags on to its nodes, and the launch template puts them on nodes and volumes."""
    for group in account.groups():
        handed_on = {tag["Key"] for tag in group["Tags"] if tag["PropagateAtLaunch"]}
        if not handed_on >= REQUIRED_TAGS:
            yield f"{group['AutoScalingGroupName']} does not hand on {', '.join(sorted(REQUIRED_TAGS - handed_on))}"
    for template, data in account.launch_templates():
        tagged = {
            one["ResourceType"]
            for one in data.get("TagSpecifications", [])
            if tags_of(one["Tags"]).keys() >= REQUIRED_TAGS
        }
        yield from (f"{template} tags no {kind}" for kind in ("instance", "volume") if kind not in tagged)


CLAIMS: tuple[Claim, ...] = (everything_is_tagged, nodes_are_tagged)
