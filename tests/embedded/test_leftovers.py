"""Claim: whatever is left in the account is found, by kind and identifier, and nothing that AWS put there itself is."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config

from leanto.embedded.aws import AwsServer
from leanto.embedded.inventory import LISTINGS, SEARCHES, security_group_rules
from leanto.embedded.leftovers import Leftover, leftovers, remains

REGION = "eu-central-1"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]})
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]})
Client = Callable[[str], Any]


@pytest.fixture(scope="module")
def server() -> Iterator[AwsServer]:
    with AwsServer() as server:
        yield server


@pytest.fixture(scope="module")
def client(server: AwsServer) -> Iterator[Client]:
    made: dict[str, Any] = {}

    def get(service: str) -> Any:
        if service not in made:
            config = Config(retries={"total_max_attempts": 1})
            session = boto3.Session("box", "box", region_name=REGION)
            made[service] = session.client(service, endpoint_url=server.url, config=config)
        return made[service]

    yield get
    for one in made.values():
        one.close()


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("code.py", "")
    return buffer.getvalue()


def default_vpc(client: Client) -> str:
    return str(client("ec2").describe_vpcs()["Vpcs"][0]["VpcId"])


def default_subnet(client: Client) -> str:
    return str(client("ec2").describe_subnets()["Subnets"][0]["SubnetId"])


def role(client: Client, name: str) -> str:
    return str(client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"])


def make_vpc(client: Client) -> dict[str, str]:
    """AWS gives it a main route table, a network list and a default group, which go with it."""
    return {"VPC": client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]}


def make_subnet(client: Client) -> dict[str, str]:
    made = client("ec2").create_subnet(VpcId=default_vpc(client), CidrBlock="172.31.200.0/24")
    return {"subnet": made["Subnet"]["SubnetId"]}


def make_route_table(client: Client) -> dict[str, str]:
    return {"route table": client("ec2").create_route_table(VpcId=default_vpc(client))["RouteTable"]["RouteTableId"]}


def make_endpoint(client: Client) -> dict[str, str]:
    service = f"com.amazonaws.{REGION}.s3"
    made = client("ec2").create_vpc_endpoint(VpcId=default_vpc(client), ServiceName=service, VpcEndpointType="Gateway")
    return {"VPC endpoint": made["VpcEndpoint"]["VpcEndpointId"]}


def make_security_group(client: Client) -> dict[str, str]:
    made = client("ec2").create_security_group(GroupName="left", Description="left", VpcId=default_vpc(client))
    return {"security group": made["GroupId"]}


def make_rule_of_a_default_group(client: Client) -> dict[str, str]:
    ec2 = client("ec2")
    filters = [{"Name": "group-name", "Values": ["default"]}, {"Name": "vpc-id", "Values": [default_vpc(client)]}]
    group = ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
    permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    return {"security group rule": made["SecurityGroupRules"][0]["SecurityGroupRuleId"]}


def make_launch_template(client: Client) -> dict[str, str]:
    data = {"InstanceType": "g5.xlarge"}
    made = client("ec2").create_launch_template(LaunchTemplateName="left", LaunchTemplateData=data)
    return {"launch template": made["LaunchTemplate"]["LaunchTemplateId"]}


def make_flow_log(client: Client) -> dict[str, str]:
    made = client("ec2").create_flow_logs(
        ResourceIds=[default_vpc(client)],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestinationType="cloud-watch-logs",
        LogGroupName="flow",
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow",
    )
    return {"flow log": made["FlowLogIds"][0]}


def make_instance(client: Client) -> dict[str, str]:
    made = client("ec2").run_instances(ImageId="ami-dca37ea5", MinCount=1, MaxCount=1, SubnetId=default_subnet(client))
    (instance,) = made["Instances"]
    (interface,) = instance["NetworkInterfaces"]
    filters = [{"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}]
    (volume,) = client("ec2").describe_volumes(Filters=filters)["Volumes"]
    return {
        "instance": instance["InstanceId"],
        "network interface": interface["NetworkInterfaceId"],
        "volume": volume["VolumeId"],
    }


def make_volume(client: Client) -> dict[str, str]:
    return {"volume": client("ec2").create_volume(Size=1, AvailabilityZone=f"{REGION}a")["VolumeId"]}


def make_network_interface(client: Client) -> dict[str, str]:
    made = client("ec2").create_network_interface(SubnetId=default_subnet(client))
    return {"network interface": made["NetworkInterface"]["NetworkInterfaceId"]}


def make_nat_gateway(client: Client) -> dict[str, str]:
    made = client("ec2").create_nat_gateway(SubnetId=default_subnet(client), ConnectivityType="private")["NatGateway"]
    interface = made["NatGatewayAddresses"][0]["NetworkInterfaceId"]
    return {"NAT gateway": made["NatGatewayId"], "network interface": interface}


def make_address(client: Client) -> dict[str, str]:
    return {"elastic address": client("ec2").allocate_address(Domain="vpc")["AllocationId"]}


def make_group(client: Client) -> dict[str, str]:
    data = {"InstanceType": "g5.xlarge"}
    made = client("ec2").create_launch_template(LaunchTemplateName="of-group", LaunchTemplateData=data)
    template = made["LaunchTemplate"]["LaunchTemplateId"]
    client("autoscaling").create_auto_scaling_group(
        AutoScalingGroupName="left",
        MinSize=0,
        MaxSize=1,
        LaunchTemplate={"LaunchTemplateId": template},
        AvailabilityZones=[f"{REGION}a"],
    )
    return {"launch template": template, "group": "left"}


def make_bucket_with_object(client: Client) -> dict[str, str]:
    s3 = client("s3")
    s3.create_bucket(Bucket="left-bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket="left-bucket", VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket="left-bucket", Key="k", Body=b"")["VersionId"]
    return {"bucket": "left-bucket", "object version": f"left-bucket/k?versionId={version}"}


def make_table(client: Client) -> dict[str, str]:
    client("dynamodb").create_table(
        TableName="left",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return {"table": "left"}


def make_key_with_alias(client: Client) -> dict[str, str]:
    key = client("kms").create_key()["KeyMetadata"]
    client("kms").create_alias(AliasName="alias/left", TargetKeyId=key["KeyId"])
    return {"key": key["Arn"], "alias": "alias/left"}


def make_secret(client: Client) -> dict[str, str]:
    return {"secret": client("secretsmanager").create_secret(Name="left")["ARN"]}


def make_role_with_policy(client: Client) -> dict[str, str]:
    role(client, "left")
    client("iam").put_role_policy(RoleName="left", PolicyName="inline", PolicyDocument=POLICY)
    return {"role": "left", "role policy": "left/inline"}


def make_policy(client: Client) -> dict[str, str]:
    return {"policy": client("iam").create_policy(PolicyName="left", PolicyDocument=POLICY)["Policy"]["Arn"]}


def make_instance_profile(client: Client) -> dict[str, str]:
    client("iam").create_instance_profile(InstanceProfileName="left")
    return {"instance profile": "left"}


def make_function(client: Client) -> dict[str, str]:
    arguments = {"FunctionName": "left", "Role": role(client, "run"), "Runtime": "python3.13", "Handler": "code.h"}
    client("lambda").create_function(**arguments, Code={"ZipFile": zipped()})
    return {"function": "left", "role": "run"}


def make_layer(client: Client) -> dict[str, str]:
    made = client("lambda").publish_layer_version(LayerName="left", Content={"ZipFile": zipped()})
    return {"layer version": made["LayerVersionArn"]}


def make_api(client: Client) -> dict[str, str]:
    return {"REST API": client("apigateway").create_rest_api(name="left")["id"]}


def make_log_role(client: Client) -> dict[str, str]:
    arn = role(client, "api-logs")
    operations = [{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}]
    client("apigateway").update_account(patchOperations=operations)
    return {"account's log role": arn, "role": "api-logs"}


def make_log_group(client: Client) -> dict[str, str]:
    client("logs").create_log_group(logGroupName="/left")
    return {"log group": "/left"}


def make_alarm(client: Client) -> dict[str, str]:
    client("cloudwatch").put_metric_alarm(
        AlarmName="left",
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    return {"alarm": "left"}


def make_dashboard(client: Client) -> dict[str, str]:
    client("cloudwatch").put_dashboard(DashboardName="left", DashboardBody='{"widgets": []}')
    return {"dashboard": "left"}


def make_topic_with_subscription(client: Client) -> dict[str, str]:
    topic = client("sns").create_topic(Name="left")["TopicArn"]
    made = client("sns").subscribe(
        TopicArn=topic, Protocol="email", Endpoint="a@example.com", ReturnSubscriptionArn=True
    )
    return {"topic": topic, "subscription": made["SubscriptionArn"]}


def make_budget(client: Client) -> dict[str, str]:
    account_id = client("sts").get_caller_identity()["Account"]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    budget = {
        "BudgetName": "left",
        "TimeUnit": "MONTHLY",
        "BudgetType": "COST",
        "BudgetLimit": {"Amount": "5", "Unit": "USD"},
        "TimePeriod": {"Start": start},
    }
    client("budgets").create_budget(AccountId=account_id, Budget=budget)
    return {"budget": "left"}


MAKERS: dict[str, tuple[Callable[[Client], dict[str, str]], ...]] = {
    "ec2": (
        make_vpc,
        make_subnet,
        make_route_table,
        make_endpoint,
        make_security_group,
        make_rule_of_a_default_group,
        make_launch_template,
        make_flow_log,
        make_instance,
        make_volume,
        make_network_interface,
        make_nat_gateway,
        make_address,
    ),
    "autoscaling": (make_group,),
    "s3": (make_bucket_with_object,),
    "dynamodb": (make_table,),
    "kms": (make_key_with_alias,),
    "secretsmanager": (make_secret,),
    "iam": (make_role_with_policy, make_policy, make_instance_profile),
    "lambda": (make_function, make_layer),
    "apigateway": (make_api, make_log_role),
    "logs": (make_log_group,),
    "cloudwatch": (make_alarm, make_dashboard),
    "sns": (make_topic_with_subscription,),
    "budgets": (make_budget,),
}
SERVICE_OF_KIND = {"role": "iam", "launch template": "ec2"}
CASES = [(service, make) for service, makers in MAKERS.items() for make in makers]


@pytest.fixture(scope="module")
def fresh(server: AwsServer, client: Client) -> tuple[Leftover, ...]:
    """What is found before anything is made but what AWS makes by itself: a network, and a key when one is needed."""
    client("kms").describe_key(KeyId="alias/aws/s3")
    return leftovers(server.url, REGION)


@pytest.fixture(scope="module")
def made(fresh: tuple[Leftover, ...], client: Client) -> dict[str, frozenset[Leftover]]:
    """One of each kind, left in the account, by the name of its maker."""
    assert fresh is not None
    return {
        make.__name__: frozenset(
            Leftover(SERVICE_OF_KIND.get(kind, service), kind, name) for kind, name in make(client).items()
        )
        for service, make in CASES
    }


@pytest.fixture(scope="module")
def found(server: AwsServer, made: dict[str, frozenset[Leftover]]) -> frozenset[Leftover]:
    assert made
    return frozenset(leftovers(server.url, REGION))


def test_a_fresh_account_has_nothing_left_though_aws_put_a_network_there(
    fresh: tuple[Leftover, ...], client: Client
) -> None:
    assert fresh == ()
    assert [vpc["IsDefault"] for vpc in client("ec2").describe_vpcs()["Vpcs"]].count(True) == 1
    assert len(client("kms").list_keys()["Keys"]) == 1


@pytest.mark.parametrize("name", [make.__name__ for _, make in CASES])
def test_what_is_left_is_found(name: str, made: dict[str, frozenset[Leftover]], found: frozenset[Leftover]) -> None:
    assert made[name] <= found


class GroupRules:
    """A stand-in for EC2 with the rules that real accounts have in every default group; moto's has only the second."""

    def get_paginator(self, operation: str) -> "GroupRules":
        assert operation == "describe_security_group_rules"
        return self

    def paginate(self) -> list[dict[str, Any]]:
        rule = {"GroupId": "sg-1", "IpProtocol": "-1", "FromPort": -1, "ToPort": -1, "Tags": []}
        from_itself = {"SecurityGroupRuleId": "sgr-1", "IsEgress": False, "ReferencedGroupInfo": {"GroupId": "sg-1"}}
        to_all = {"SecurityGroupRuleId": "sgr-2", "IsEgress": True, "CidrIpv4": "0.0.0.0/0"}
        from_all = {"SecurityGroupRuleId": "sgr-3", "IsEgress": False, "CidrIpv4": "0.0.0.0/0"}
        from_other = {"SecurityGroupRuleId": "sgr-4", "IsEgress": False, "ReferencedGroupInfo": {"GroupId": "sg-2"}}
        tagged = {"SecurityGroupRuleId": "sgr-5", "IsEgress": True, "CidrIpv4": "0.0.0.0/0", "Tags": [{"Key": "owner"}]}
        return [{"SecurityGroupRules": [rule | one for one in (from_itself, to_all, from_all, from_other, tagged)]}]


def test_rules_that_aws_puts_into_groups_are_no_leftovers_and_others_are() -> None:
    found = [rule.identifier for rule in security_group_rules(GroupRules(), "123456789012")]
    assert found == ["sgr-3", "sgr-4", "sgr-5"]


def test_nothing_else_is_found(made: dict[str, frozenset[Leftover]], found: frozenset[Leftover]) -> None:
    assert found == frozenset().union(*made.values())


def test_every_listing_and_search_has_found_something(found: frozenset[Leftover]) -> None:
    """A listing without a case above could be empty for ever and nobody would know."""
    assert {(listing.service, listing.kind) for listing in LISTINGS} <= {(one.service, one.kind) for one in found}
    assert {service for service, _ in SEARCHES} <= {one.service for one in found}


def test_what_aws_deletes_later_is_told_apart_from_what_stays(
    server: AwsServer, client: Client, found: frozenset[Leftover]
) -> None:
    key = client("kms").create_key()["KeyMetadata"]
    client("kms").schedule_key_deletion(KeyId=key["KeyId"], PendingWindowInDays=7)
    secret = client("secretsmanager").create_secret(Name="going")["ARN"]
    client("secretsmanager").delete_secret(SecretId=secret, RecoveryWindowInDays=7)
    after = remains(server.url, REGION)
    assert set(after.scheduled) == {Leftover("kms", "key", key["Arn"]), Leftover("secretsmanager", "secret", secret)}
    assert set(after.left) == found
