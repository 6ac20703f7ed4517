"""Claim: the real engine deploys network, pool, alarms and budget, changes each in place, and leaves nothing."""

import json
from collections.abc import Iterator
from pathlib import Path

import pulumi
import pulumi_aws as aws
import pytest

from leanto.embedded.aws import AwsServer
from leanto.embedded.leftovers import leftovers
from leanto.embedded.plugin.clients import ClientCache
from leanto.engine.find import Engine, ensure
from tests.embedded.plugin.engine_stack import EngineStack, changes
from tests.embedded.plugin.samples_cloudwatch import math
from tests.embedded.plugin.samples_launch_template import IMAGE_ID, encoded
from tests.embedded.plugin.samples_sns import policy as publish_policy

pytestmark = [pytest.mark.engine, pytest.mark.long]

REGION = "eu-west-1"
FUNCTION_ARN = "arn:aws:lambda:eu-west-1:123456789012:function:stop"
ENDPOINT_POLICY = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture(scope="module")
def engine() -> Engine:
    return ensure(print)


@pytest.fixture
def box() -> Iterator[AwsServer]:
    with AwsServer() as server:
        yield server


@pytest.fixture
def stack(engine: Engine, box: AwsServer, tmp_path: Path) -> EngineStack:
    clients = ClientCache(box.url)
    location = {"LocationConstraint": REGION}
    clients.get("s3", REGION).create_bucket(Bucket="flows", CreateBucketConfiguration=location)
    return EngineStack(engine, box, tmp_path, whole)


def whole(stack: EngineStack) -> None:
    """One of each type, tied together as the real program ties them; `settings` change them."""
    subnet_ids, node_group_id = network(stack)
    pool(stack, subnet_ids, node_group_id)
    watch(stack)


def network(stack: EngineStack) -> tuple[list[pulumi.Output[str]], pulumi.Output[str]]:
    given = stack.settings
    vpc = aws.ec2.Vpc("pool", cidr_block="10.20.0.0/16", enable_dns_hostnames=given.get("hostnames", True))
    aws.ec2.DefaultSecurityGroup("unused", vpc_id=vpc.id)
    tables = [aws.ec2.RouteTable(name, vpc_id=vpc.id, tags=given.get("tags")) for name in ("private", "spare")]
    subnets = []
    for number, zone in enumerate(("a", "b")):
        subnet = aws.ec2.Subnet(
            f"nodes-{zone}",
            vpc_id=vpc.id,
            cidr_block=f"10.20.{number}.0/24",
            availability_zone=REGION + zone,
            enable_resource_name_dns_a_record_on_launch=given.get("dns"),
        )
        table = tables[given.get("table", 0)]
        aws.ec2.RouteTableAssociation(f"nodes-{zone}", subnet_id=subnet.id, route_table_id=table.id)
        subnets.append(subnet.id)
    endpoint = aws.ec2.VpcEndpoint(
        "s3",
        vpc_id=vpc.id,
        service_name=f"com.amazonaws.{REGION}.s3",
        route_table_ids=[tables[given.get("table", 0)].id],
        policy=json.dumps(ENDPOINT_POLICY),
    )
    relay = aws.ec2.SecurityGroup("relay", vpc_id=vpc.id, description="relay")
    nodes = aws.ec2.SecurityGroup("nodes", vpc_id=vpc.id, description="nodes", tags=given.get("tags"))
    port = given.get("port", 8443)
    aws.vpc.SecurityGroupIngressRule(
        "from-relay",
        security_group_id=nodes.id,
        referenced_security_group_id=relay.id,
        ip_protocol="tcp",
        from_port=port,
        to_port=port,
        description="relay",
    )
    aws.vpc.SecurityGroupEgressRule(
        "to-s3",
        security_group_id=nodes.id,
        prefix_list_id=endpoint.prefix_list_id,
        ip_protocol="tcp",
        from_port=443,
        to_port=443,
        description=given.get("why", "S3"),
    )
    aws.ec2.FlowLog(
        "rejected",
        vpc_id=vpc.id,
        traffic_type="REJECT",
        log_destination_type="s3",
        log_destination="arn:aws:s3:::flows/pool",
        tags=given.get("tags"),
    )
    return subnets, nodes.id


def pool(stack: EngineStack, subnet_ids: list[pulumi.Output[str]], node_group_id: pulumi.Output[str]) -> None:
    given = stack.settings
    template = aws.ec2.LaunchTemplate(
        "node",
        image_id=IMAGE_ID,
        user_data=encoded(given.get("script", "one")),
        update_default_version=True,
        metadata_options={"http_tokens": "required", "http_endpoint": "enabled", "http_put_response_hop_limit": 1},
        network_interfaces=[
            {"device_index": 0, "associate_public_ip_address": "false", "security_groups": [node_group_id]}
        ],
        block_device_mappings=[
            {
                "device_name": "/dev/sda1",
                "ebs": {"encrypted": "true", "delete_on_termination": "true", "volume_size": 60},
            }
        ],
    )
    group = aws.autoscaling.Group(
        "nodes",
        min_size=0,
        max_size=given.get("maximum", 2),
        vpc_zone_identifiers=subnet_ids,
        mixed_instances_policy={
            "launch_template": {
                "launch_template_specification": {
                    "launch_template_id": template.id,
                    "version": template.latest_version.apply(lambda version: str(int(version))),
                },
                "overrides": [{"instance_type": "g6.xlarge"}, {"instance_type": "g5.xlarge"}],
            },
            "instances_distribution": {"on_demand_percentage_above_base_capacity": 0},
        },
        capacity_rebalance=True,
        wait_for_capacity_timeout="0",
        enabled_metrics=given.get("metrics", ["GroupDesiredCapacity", "GroupTotalInstances"]),
        tags=[{"key": "owner", "value": given.get("owner", "platform"), "propagate_at_launch": True}],
    )
    pulumi.export("group", group.name)
    pulumi.export("template_version", template.latest_version)


def watch(stack: EngineStack) -> None:
    given = stack.settings
    topic = aws.sns.Topic("alerts", display_name=given.get("display", "Alerts"), tracing_config="Active")
    service = given.get("publisher", "budgets.amazonaws.com")
    document = topic.arn.apply(lambda arn: publish_policy(arn, service))
    aws.sns.TopicPolicy("alerts", arn=topic.arn, policy=document)
    aws.sns.TopicSubscription("people", topic=topic.arn, protocol="email", endpoint="team@example.com")
    aws.sns.TopicSubscription(
        "stop", topic=topic.arn, protocol="lambda", endpoint=FUNCTION_ARN, filter_policy=given.get("filter")
    )
    group = aws.cloudwatch.LogGroup("front", retention_in_days=given.get("retention", 30))
    aws.cloudwatch.MetricAlarm(
        "errors",
        comparison_operator="GreaterThanThreshold",
        evaluation_periods=1,
        threshold=given.get("threshold", 1),
        metric_name="Errors",
        namespace="AWS/Lambda",
        period=60,
        statistic="Sum",
        dimensions={"FunctionName": "gateway"},
        alarm_actions=[topic.arn],
    )
    rate = math()
    aws.cloudwatch.MetricAlarm(
        "rate",
        comparison_operator=rate["comparisonOperator"],
        evaluation_periods=5,
        threshold=0.05,
        metric_queries=[
            {"id": "rate", "expression": "errors / requests", "return_data": True},
            {"id": "errors", "metric": {"metric_name": "5XXError", "namespace": "N", "period": 60, "stat": "Sum"}},
            {"id": "requests", "metric": {"metric_name": "Count", "namespace": "N", "period": 60, "stat": "Sum"}},
        ],
    )
    body = group.name.apply(lambda name: json.dumps({"start": given.get("start", "-PT3H"), "widgets": [], "log": name}))
    aws.cloudwatch.Dashboard("front", dashboard_name="front", dashboard_body=body)
    notification = {
        "comparison_operator": "GREATER_THAN",
        "notification_type": "ACTUAL",
        "threshold": given.get("percent", 80),
        "threshold_type": "PERCENTAGE",
        "subscriber_sns_topic_arns": [topic.arn],
    }
    limit = given.get("limit", "50")
    aws.budgets.Budget(
        "cap",
        budget_type="COST",
        time_unit="MONTHLY",
        limit_amount=limit,
        limit_unit="USD",
        notifications=[notification],
    )


CHANGED = {
    "hostnames": False,
    "tags": {"part": "pool"},
    "dns": True,
    "table": 1,
    "port": 9443,
    "why": "object store",
    "script": "two",
    "maximum": 3,
    "metrics": ["GroupTotalInstances"],
    "owner": "research",
    "display": "Alarms",
    "publisher": "cloudwatch.amazonaws.com",
    "filter": json.dumps({"kind": ["budget"]}),
    "retention": 90,
    "threshold": 2.5,
    "start": "-PT6H",
    "percent": 90,
    "limit": "75",
}
TAGS = ("tags", "tagsAll")
EXPECTED = {
    "alerts Topic": ("update", ("displayName",)),
    "alerts TopicPolicy": ("update", ("policy",)),
    "cap Budget": ("update", ("limitAmount", "notifications[0]")),
    "errors MetricAlarm": ("update", ("threshold",)),
    "from-relay SecurityGroupIngressRule": ("update", ("fromPort", "toPort")),
    "front Dashboard": ("update", ("dashboardBody",)),
    "front LogGroup": ("update", ("retentionInDays",)),
    "node LaunchTemplate": ("update", ("userData",)),
    "nodes Group": ("update", ("enabledMetrics[0]", "enabledMetrics[1]", "maxSize", "mixedInstancesPolicy", "tags[0]")),
    "nodes SecurityGroup": ("update", TAGS),
    "nodes-a RouteTableAssociation": ("update", ("routeTableId",)),
    "nodes-a Subnet": ("update", ("enableResourceNameDnsARecordOnLaunch",)),
    "nodes-b RouteTableAssociation": ("update", ("routeTableId",)),
    "nodes-b Subnet": ("update", ("enableResourceNameDnsARecordOnLaunch",)),
    "pool Vpc": ("update", ("enableDnsHostnames",)),
    "private RouteTable": ("update", TAGS),
    "rejected FlowLog": ("update", TAGS),
    "s3 VpcEndpoint": ("update", ("routeTableIds[0]",)),
    "spare RouteTable": ("update", TAGS),
    "stop TopicSubscription": ("update", ("filterPolicy",)),
    "to-s3 SecurityGroupEgressRule": ("update", ("description",)),
}
UNCHANGED = (
    "people TopicSubscription",
    "rate MetricAlarm",
    "relay SecurityGroup",
    "unused DefaultSecurityGroup",
)


def test_a_whole_life(stack: EngineStack, box: AwsServer) -> None:
    """Plan, make, nothing to do, drift and its repair, a change of each resource, nothing to do, nothing left."""
    created = dict.fromkeys({*EXPECTED, *UNCHANGED}, "create")
    for run in (stack.preview, stack.up):
        assert {name: operation for name, (operation, _) in changes(run()).items()} == created
    for run in (stack.refresh, stack.preview):
        assert changes(run()) == {}

    drift = change_behind_its_back(box)
    assert changes(stack.refresh()) == drift
    assert changes(stack.up()) == drift

    stack.settings.update(CHANGED)
    assert changes(stack.preview()) == EXPECTED
    done = stack.up()
    assert changes(done) == EXPECTED
    assert done.outputs["template_version"] == 2
    for run in (stack.refresh, stack.preview):
        assert changes(run()) == {}

    scaling = ClientCache(box.url).get("autoscaling", REGION)
    scaling.set_desired_capacity(AutoScalingGroupName=done.outputs["group"], DesiredCapacity=2)
    assert changes(stack.preview()) == {}, "the scaler owns the desired capacity"
    assert changes(stack.destroy()).keys() == created.keys()
    ClientCache(box.url).get("s3", REGION).delete_bucket(Bucket="flows")
    assert leftovers(box.url, REGION) == ()


def change_behind_its_back(box: AwsServer) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Change a group and a log group by hand; return what a refresh must show of it."""
    clients = ClientCache(box.url)
    scaling, logs = clients.get("autoscaling", REGION), clients.get("logs", REGION)
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    scaling.update_auto_scaling_group(AutoScalingGroupName=group["AutoScalingGroupName"], MaxSize=20)
    (log_group,) = logs.describe_log_groups(logGroupNamePrefix="front-")["logGroups"]
    logs.put_retention_policy(logGroupName=log_group["logGroupName"], retentionInDays=3653)
    return {
        "front LogGroup": ("update", ("retentionInDays",)),
        "nodes Group": ("update", ("maxSize",)),
    }
