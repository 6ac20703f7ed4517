"""Which AWS resource types cost money by merely existing, which only by use, which never.

A type in none of the tables is unknown, which the estimate says. One row here makes a new type known.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class DeployedResource:
    """A resource as the estimate sees it: Pulumi type, logical name, properties in the provider's camelCase."""

    type: str
    name: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Charge:
    """An amount of a priced item that a resource takes all the time: `now`, and the `most` that it grows to by itself.

    Amounts are in the item's unit, or in pieces where the unit is a time ("hour": one piece for all hours).
    """

    item: str
    now: Decimal
    most: Decimal


Charges = Callable[[DeployedResource], Iterator[Charge]]
ONE = Decimal(1)


def _always(item: str) -> Charges:
    def charges(resource: DeployedResource) -> Iterator[Charge]:
        del resource
        yield Charge(item, ONE, ONE)

    return charges


def _key(resource: DeployedResource) -> Iterator[Charge]:
    yield Charge("kms.key", ONE, ONE)
    if resource.properties.get("enableKeyRotation"):
        yield Charge("kms.key-rotation", Decimal(0), Decimal(2))


def _alarm(resource: DeployedResource) -> Iterator[Charge]:
    """An alarm is paid for each metric that it looks at, and more when it looks more often than once a minute."""
    queries = [query["metric"] for query in resource.properties.get("metricQueries") or () if query.get("metric")]
    metrics = queries or [resource.properties]
    for metric in metrics:
        fast = int(metric.get("period") or 60) < 60
        yield Charge("cloudwatch.alarm-high-resolution" if fast else "cloudwatch.alarm", ONE, ONE)


def _endpoint(resource: DeployedResource) -> Iterator[Charge]:
    """An interface endpoint is paid in each zone, a gateway endpoint never; without a type it is a gateway."""
    if resource.properties.get("vpcEndpointType", "Gateway") != "Gateway":
        zones = Decimal(max(1, len(resource.properties.get("subnetIds") or ())))
        yield Charge("vpc.interface-endpoint", zones, zones)


def _load_balancer(resource: DeployedResource) -> Iterator[Charge]:
    kind = resource.properties.get("loadBalancerType", "application")
    yield Charge(f"elb.{kind}", ONE, ONE)


def _stage(resource: DeployedResource) -> Iterator[Charge]:
    if resource.properties.get("cacheClusterEnabled"):
        yield Charge("apigateway.cache", ONE, ONE)


def _volume(resource: DeployedResource) -> Iterator[Charge]:
    size = Decimal(str(resource.properties.get("size") or 0))
    yield Charge(f"ebs.{resource.properties.get('type', 'gp2')}-storage", size, size)


def _firewall(resource: DeployedResource) -> Iterator[Charge]:
    rules = Decimal(len(resource.properties.get("rules") or ()))
    yield Charge("waf.acl", ONE, ONE)
    if rules:
        yield Charge("waf.rule", rules, rules)


PRICED: Mapping[str, Charges] = MappingProxyType(
    {
        "aws:apigateway/stage:Stage": _stage,
        "aws:budgets/budgetAction:BudgetAction": _always("budgets.budget-with-actions"),
        "aws:cloudwatch/compositeAlarm:CompositeAlarm": _always("cloudwatch.alarm-composite"),
        "aws:cloudwatch/dashboard:Dashboard": _always("cloudwatch.dashboard"),
        "aws:cloudwatch/metricAlarm:MetricAlarm": _alarm,
        "aws:ebs/volume:Volume": _volume,
        "aws:ec2/eip:Eip": _always("vpc.public-ipv4"),
        "aws:ec2/natGateway:NatGateway": _always("vpc.nat-gateway"),
        "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
        "aws:kms/key:Key": _key,
        "aws:lb/loadBalancer:LoadBalancer": _load_balancer,
        "aws:secretsmanager/secret:Secret": _always("secretsmanager.secret"),
        "aws:wafv2/webAcl:WebAcl": _firewall,
    }
)
"""Types that cost by existing, each with what it takes of which priced item."""

USED: Mapping[str, str] = MappingProxyType(
    {
        "aws:apigateway/restApi:RestApi": "requests",
        "aws:cloudwatch/logGroup:LogGroup": "log data taken in and kept",
        "aws:dynamodb/table:Table": "reads, writes, stored data and its recovery copies",
        "aws:ec2/flowLog:FlowLog": "log data taken in and kept",
        "aws:lambda/function:Function": "requests and run time",
        "aws:s3/bucket:Bucket": "stored data and requests",
        "aws:s3/bucketObjectv2:BucketObjectv2": "stored data",
        "aws:sns/topic:Topic": "messages",
        "aws:sqs/queue:Queue": "messages",
    }
)
"""Types that cost only with use, each with what is paid for."""

FREE: frozenset[str] = frozenset(
    {
        "aws:apigateway/account:Account",
        "aws:apigateway/authorizer:Authorizer",
        "aws:apigateway/deployment:Deployment",
        "aws:apigateway/integration:Integration",
        "aws:apigateway/method:Method",
        "aws:apigateway/methodSettings:MethodSettings",
        "aws:apigateway/resource:Resource",
        "aws:apigateway/response:Response",
        "aws:budgets/budget:Budget",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
        "aws:ec2/launchTemplate:LaunchTemplate",
        "aws:ec2/routeTable:RouteTable",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/securityGroup:SecurityGroup",
        "aws:ec2/subnet:Subnet",
        "aws:ec2/vpc:Vpc",
        "aws:iam/instanceProfile:InstanceProfile",
        "aws:iam/role:Role",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:kms/alias:Alias",
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
        "aws:lambda/layerVersion:LayerVersion",
        "aws:lambda/permission:Permission",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        "aws:s3/bucketVersioning:BucketVersioning",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    }
)
"""Types for which AWS charges nothing, whatever is done with them."""
