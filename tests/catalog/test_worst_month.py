"""Claim: the worst month is what the caps in a stack let through, computed by hand; without a cap it has no end."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from catalog.deployed import DeployedResource
from catalog.month import estimate, month
from catalog.pricing import Amount, Line, Unbounded, Unknown, total
from catalog.usage import Usage
from catalog.use import USAGE, USED
from catalog.view import Case

SECONDS = Decimal(744 * 3600)
REGION = "us-east-1"
FUNCTION = "aws:lambda/function:Function"
TABLE = "aws:dynamodb/table:Table"
API, STAGE = "aws:apigateway/restApi:RestApi", "aws:apigateway/stage:Stage"
METHOD, SETTINGS = "aws:apigateway/method:Method", "aws:apigateway/methodSettings:MethodSettings"
PERMISSION = "aws:lambda/permission:Permission"
NOTHING_DECLARED = Usage(
    request_bytes=None, log_bytes=None, log_gb=None, stored_gb=None, store_requests=None, messages=None
)


def resource(kind: str, name: str = "r", /, **properties: Any) -> DeployedResource:
    return DeployedResource(kind, name, properties)


def worst(*resources: DeployedResource, usage: Usage | None = None, region: str = REGION) -> Mapping[str, Line]:
    return {
        line.item if not line.part else f"{line.item} {line.part}": line
        for line in month(Case.WORST, resources, region, usage)
    }


def highs(*resources: DeployedResource, usage: Usage | None = None) -> Mapping[str, Amount]:
    return {key: line.high for key, line in worst(*resources, usage=usage).items()}


def api(rate: Any = 20, methods: int = 2, **settings: Any) -> list[DeployedResource]:
    """Return a REST API `front` with its stage; each of its methods has the rate."""
    throttle = {} if rate is None else {"throttlingRateLimit": rate}
    return [
        resource(API, "front", id="api1"),
        resource(STAGE, "stage", restApi="api1", stageName="v1"),
        *(resource(METHOD, f"m{n}", restApi="api1") for n in range(methods)),
        resource(SETTINGS, "set", restApi="api1", stageName="v1", methodPath="*/*", settings={**throttle, **settings}),
    ]


def test_every_type_that_costs_by_use_has_its_own_arithmetic() -> None:
    assert set(USED) - set(USAGE) == set()


def test_a_throttle_holds_for_each_method_all_month() -> None:
    line = worst(*api(20, 2))["apigateway.rest-requests front"]
    assert line.quantity == 40 * SECONDS / 1_000_000
    assert line.high == 40 * SECONDS / 1_000_000 * Decimal("3.5")
    assert line.knob == "stage: methodSettings.settings.throttlingRateLimit"
    assert "over 2 methods" in line.basis


def test_a_method_for_any_verb_counts_for_seven() -> None:
    rows = [*api(20, 1), resource(METHOD, "any", restApi="api1", httpMethod="ANY")]
    line = worst(*rows)["apigateway.rest-requests front"]
    assert line.quantity == 8 * 20 * SECONDS / 1_000_000
    assert "over 8 methods" in line.basis


def test_a_method_may_have_a_throttle_of_its_own() -> None:
    own = resource(
        SETTINGS, "own", restApi="api1", stageName="v1", methodPath="chat/POST", settings={"throttlingRateLimit": 5}
    )
    assert worst(*api(20, 2), own)["apigateway.rest-requests front"].quantity == 25 * SECONDS / 1_000_000


@pytest.mark.parametrize("rate", [None, -1])
def test_an_api_without_a_throttle_is_unbounded_and_says_what_to_set(rate: int | None) -> None:
    line = worst(*api(rate))["apigateway.rest-requests front"]
    assert line.high == Unbounded("set stage: methodSettings.settings.throttlingRateLimit")
    assert line.low == Decimal("0.35"), "the hundred thousand requests that are expected"


def test_a_declared_number_of_requests_bounds_an_api_without_a_throttle() -> None:
    usage = Usage(requests=Decimal(1_000_000))
    assert highs(*api(None), usage=usage)["apigateway.rest-requests front"] == Decimal("3.5")
    assert highs(*api(20), usage=usage)["apigateway.rest-requests front"] == Decimal("3.5")


def test_an_api_that_no_stage_serves_costs_nothing() -> None:
    assert highs(*(row for row in api() if row.type != STAGE))["apigateway.rest-requests front"] == 0


def test_an_api_whose_methods_stand_in_a_body_is_unknown() -> None:
    assert isinstance(highs(*api(methods=0))["apigateway.rest-requests front"], Unknown)


def test_an_http_api_has_its_throttles_for_each_route() -> None:
    rows = [
        resource("aws:apigatewayv2/api:Api", "http", id="h1"),
        resource("aws:apigatewayv2/route:Route", "a", apiId="h1", routeKey="GET /a"),
        resource("aws:apigatewayv2/route:Route", "b", apiId="h1", routeKey="GET /b"),
        resource(
            "aws:apigatewayv2/stage:Stage",
            "live",
            apiId="h1",
            defaultRouteSettings={"throttlingRateLimit": 10},
            routeSettings=[{"routeKey": "GET /b", "throttlingRateLimit": 1}],
        ),
    ]
    assert worst(*rows)["apigateway.http-requests http"].quantity == 11 * SECONDS / 1_000_000


def test_what_an_api_sends_is_its_requests_times_a_declared_size() -> None:
    usage = Usage(request_bytes=Decimal(1000))
    line = worst(*api(1, 1), usage=usage)["transfer.internet front"]
    assert line.quantity == SECONDS * 1000 / 1_000_000_000
    assert isinstance(highs(*api(1, 1), usage=NOTHING_DECLARED)["transfer.internet front"], Unbounded)


def test_reserved_concurrency_caps_a_functions_time_and_its_requests() -> None:
    lines = worst(resource(FUNCTION, "f", reservedConcurrentExecutions=2, memorySize=512, timeout=60))
    assert lines["lambda.duration-x86_64 f"].quantity == 2 * SECONDS / 2
    assert lines["lambda.requests f"].quantity == 20 * SECONDS / 1_000_000
    assert lines["lambda.duration-x86_64 f"].knob == "f.reservedConcurrentExecutions, memorySize"


@pytest.mark.parametrize("reserved", [{}, {"reservedConcurrentExecutions": -1}])
def test_a_function_without_reserved_concurrency_is_unbounded(reserved: Mapping[str, int]) -> None:
    found = highs(resource(FUNCTION, "f", **reserved))
    assert found["lambda.duration-x86_64 f"] == Unbounded("set f.reservedConcurrentExecutions")
    assert isinstance(found["lambda.requests f"], Unbounded)
    assert isinstance(found["cloudwatch.logs-ingest f"], Unbounded), "what it logs has no end either"


def test_a_function_that_may_never_run_costs_nothing() -> None:
    found = highs(resource(FUNCTION, "f", reservedConcurrentExecutions=0))
    assert {amount for key, amount in found.items() if key.endswith(" f")} == {Decimal(0)}


def gateway(**more: Any) -> list[DeployedResource]:
    """Return an API of one request a second and the function that only it may call."""
    return [
        *api(1, 1),
        resource(FUNCTION, "f", name="gateway", timeout=10, memorySize=1024, **more),
        resource(PERMISSION, "p", function="gateway", principal="apigateway.amazonaws.com", sourceArn="arn:x:y:api1/*"),
    ]


def test_a_throttle_caps_the_function_that_only_its_api_may_call() -> None:
    lines = worst(*gateway())
    assert lines["lambda.requests f"].quantity == SECONDS / 1_000_000
    assert lines["lambda.duration-x86_64 f"].quantity == 10 * SECONDS, "each request to its timeout"
    assert "by permission of 1 API methods only" in lines["lambda.requests f"].basis


def test_of_two_caps_the_tighter_one_counts() -> None:
    assert worst(*gateway(reservedConcurrentExecutions=2))["lambda.duration-x86_64 f"].quantity == 2 * SECONDS
    assert worst(*gateway(reservedConcurrentExecutions=50))["lambda.duration-x86_64 f"].quantity == 10 * SECONDS


@pytest.mark.parametrize(
    "other",
    [
        resource("aws:lambda/functionUrl:FunctionUrl", "u", functionName="gateway"),
        resource("aws:lambda/eventSourceMapping:EventSourceMapping", "e", functionName="gateway"),
        resource(PERMISSION, "q", function="gateway", principal="s3.amazonaws.com", sourceArn="arn:aws:s3:::b"),
    ],
    ids=["url", "event source", "another service"],
)
def test_a_throttle_caps_no_function_that_something_else_may_call(other: DeployedResource) -> None:
    assert isinstance(highs(*gateway(), other)["lambda.requests f"], Unbounded)


def table(**more: Any) -> DeployedResource:
    limits = {"maxReadRequestUnits": 400, "maxWriteRequestUnits": 200}
    return resource(TABLE, "t", **{"billingMode": "PAY_PER_REQUEST", "onDemandThroughput": limits, **more})


def test_a_table_costs_its_maximum_throughput_all_month() -> None:
    found = highs(table())
    assert found["dynamodb.read-units t"] == 400 * SECONDS / 1_000_000 * Decimal("0.125")
    assert found["dynamodb.write-units t"] == 200 * SECONDS / 1_000_000 * Decimal("0.625")
    assert found["dynamodb.storage t"] == Decimal(50) * Decimal("0.25")


@pytest.mark.parametrize("limits", [None, {"maxReadRequestUnits": -1, "maxWriteRequestUnits": -1}])
def test_a_table_on_demand_without_a_maximum_is_unbounded(limits: Mapping[str, int] | None) -> None:
    found = highs(table(onDemandThroughput=limits))
    assert found["dynamodb.write-units t"] == Unbounded("set t.onDemandThroughput.maxWriteRequestUnits")


def test_an_index_of_a_table_needs_a_maximum_of_its_own() -> None:
    assert isinstance(
        highs(table(globalSecondaryIndexes=[{"name": "by-day"}]))["dynamodb.read-units t.globalSecondaryIndexes[0]"],
        Unbounded,
    )


def test_a_provisioned_table_and_replicas_have_no_price_here() -> None:
    assert isinstance(highs(resource(TABLE, "t"))["dynamodb.provisioned-units"], Unknown)
    assert isinstance(highs(table(replicas=[{"regionName": "eu-west-1"}]))["dynamodb.replicas"], Unknown)


@pytest.mark.parametrize(
    ("kind", "item"),
    [
        ("aws:ec2/natGateway:NatGateway", "vpc.nat-gateway-data r"),
        ("aws:lb/loadBalancer:LoadBalancer", "elb.application-capacity-unit r"),
        ("aws:wafv2/webAcl:WebAcl", "waf.requests r"),
    ],
)
def test_what_aws_cannot_cap_is_unbounded_until_it_is_declared(kind: str, item: str) -> None:
    assert isinstance(highs(resource(kind))[item], Unbounded)
    declared = highs(resource(kind), usage=Usage(data_gb=Decimal(744), requests=Decimal(1_000_000)))[item]
    assert isinstance(declared, Decimal)
    assert declared > 0


def test_an_interface_endpoint_costs_its_data_and_a_gateway_endpoint_none() -> None:
    endpoint = "aws:ec2/vpcEndpoint:VpcEndpoint"
    usage = Usage(data_gb=Decimal(100))
    assert highs(resource(endpoint, vpcEndpointType="Interface"), usage=usage)["vpc.interface-endpoint-data r"] == 1
    assert highs(resource(endpoint), usage=usage) == {}


@pytest.mark.parametrize("kind", ["aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2", "aws:sns/topic:Topic"])
def test_with_nothing_declared_storage_and_messages_have_no_end(kind: str) -> None:
    assert isinstance(total(month(Case.WORST, [resource(kind)], REGION, NOTHING_DECLARED)).high, Unbounded)
    assert isinstance(total(month(Case.WORST, [resource(kind)], REGION)).high, Decimal)


def test_a_topic_pays_each_mail() -> None:
    mail = resource("aws:sns/topicSubscription:TopicSubscription", "s", topic="arn:t", protocol="email")
    found = highs(resource("aws:sns/topic:Topic", "t", arn="arn:t"), mail, usage=Usage(messages=Decimal(100_000)))
    assert (found["sns.requests t"], found["sns.emails t"]) == (Decimal("0.05"), Decimal(2))


def test_a_log_is_counted_where_it_is_written() -> None:
    group = resource("aws:cloudwatch/logGroup:LogGroup", "log", name="/x", retentionInDays=62)
    function = resource(FUNCTION, "f", reservedConcurrentExecutions=1, loggingConfig={"logGroup": "/x"})
    found = worst(function, group, usage=Usage(log_bytes=Decimal(1000)))
    gb = 10 * SECONDS * 1000 / 1_000_000_000
    assert found["cloudwatch.logs-ingest f"].quantity == gb
    assert found["cloudwatch.logs-storage f"].quantity == 2 * gb, "62 days of it are kept"
    assert "cloudwatch.logs-ingest log" not in found
    assert "cloudwatch.logs-ingest log" in worst(group), "nobody in the stack writes to it: declared"


def test_a_month_without_an_end_is_unbounded_even_beside_unknown_types() -> None:
    lines = month(Case.WORST, [resource(FUNCTION, "f"), resource("aws:x/y:Z")], REGION)
    assert isinstance(total(lines).high, Unbounded)
    assert isinstance(lines[0].high, Unbounded), "it comes first"


def test_an_unreadable_property_makes_the_resource_unknown_not_free() -> None:
    for properties in ({"memorySize": "much"}, {"reservedConcurrentExecutions": Unknown("later")}, {"timeout": [1]}):
        assert isinstance(highs(resource(FUNCTION, "f", **properties)).get(FUNCTION + " f"), Unknown)


def test_fargate_costs_its_tasks_at_their_peak_during_a_deployment() -> None:
    task = resource("aws:ecs/taskDefinition:TaskDefinition", "task", arn="arn:task", cpu="1024", memory="2048")
    service = resource(
        "aws:ecs/service:Service", "web", launchType="FARGATE", taskDefinition="arn:task", desiredCount=2
    )
    found = highs(task, service)
    assert found["fargate.vcpu-x86_64 web"] == 4 * 744 * Decimal("0.04048")
    assert found["fargate.memory-x86_64 web"] == 8 * 744 * Decimal("0.004445")
    idle = {line.item: line.high for line in estimate([task, service], REGION).idle}
    assert idle["fargate.vcpu-x86_64"] == 2 * 730 * Decimal("0.04048")


def test_a_resource_is_priced_in_its_own_region() -> None:
    there = resource("aws:dynamodb/table:Table", "t", **{**table().properties, "region": "eu-central-1"})
    price = highs(there)["dynamodb.read-units t eu-central-1"]
    assert price == 400 * SECONDS / 1_000_000 * Decimal("0.1525")


def test_a_type_that_people_declare_free_has_no_line() -> None:
    strange = resource("aws:x/y:Z")
    assert isinstance(total(month(Case.WORST, [strange], REGION)).high, Unknown)
    assert month(Case.WORST, [strange], REGION, Usage(free_types=("aws:x/y:Z",))) == ()


def test_it_is_told_apart_whether_a_price_is_missing_or_a_property_unread() -> None:
    unread = highs(resource(FUNCTION, "f", memorySize=Unknown("later")))[f"{FUNCTION} f"]
    missing = highs(resource("aws:x/y:Z"))["aws:x/y:Z"]
    assert isinstance(unread, Unknown)
    assert isinstance(missing, Unknown)
    assert (unread.unread, missing.unread) == (True, False)


def test_the_worst_month_has_thirty_one_days() -> None:
    action = resource("aws:budgets/budgetAction:BudgetAction")
    assert highs(action)["budgets.budget-with-actions"] == Decimal("3.1")
    assert highs(resource("aws:ec2/eip:Eip"))["vpc.public-ipv4"] == 744 * Decimal("0.005")
