"""Claim: what API Gateway refuses and moto takes is refused by the plugin, and a deployment freezes its API."""

from typing import Any

import pytest

from leanto.embedded.front.snapshot import DEPLOYMENT_TOKEN, read_snapshot
from leanto.embedded.plugin import lifecycle
from leanto.embedded.plugin.errors import RefusedError
from leanto.embedded.plugin.registry import resource_of
from tests.embedded.plugin import samples_apigateway as samples
from tests.embedded.plugin.sample import World
from tests.embedded.plugin.samples_lambda import role_for
from tests.embedded.plugin.test_lambda_refusals import problems

ARN = "arn:aws:apigateway:eu-west-1:lambda:path"
BUFFERED = f"{ARN}/2015-03-31/functions/arn:f/invocations"
STREAMING = f"{ARN}/2021-11-15/functions/arn:f/response-streaming-invocations"
INTEGRATION = {"restApi": "a", "resourceId": "r", "httpMethod": "POST", "type": "AWS_PROXY"}


@pytest.mark.parametrize(
    ("token", "key", "inputs", "said"),
    [
        (samples.INTEGRATION, "timeoutMilliseconds", {**INTEGRATION, "timeoutMilliseconds": 29_001}, "50 to 29000"),
        (
            samples.INTEGRATION,
            "timeoutMilliseconds",
            {**INTEGRATION, "timeoutMilliseconds": 900_001, "responseTransferMode": "STREAM"},
            "50 to 900000",
        ),
        (samples.INTEGRATION, "uri", {**INTEGRATION, "uri": STREAMING}, "use the function's invokeArn"),
        (
            samples.INTEGRATION,
            "uri",
            {**INTEGRATION, "uri": BUFFERED, "responseTransferMode": "STREAM"},
            "use the function's responseStreamingInvokeArn",
        ),
        (samples.INTEGRATION, "responseTransferMode", {**INTEGRATION, "responseTransferMode": "FAST"}, "'FAST'"),
        (samples.INTEGRATION, "type", {**INTEGRATION, "type": "MOCK"}, "AWS_PROXY only"),
        (samples.INTEGRATION, "integrationHttpMethod", {**INTEGRATION, "integrationHttpMethod": "GET"}, "by POST"),
        (samples.METHOD, "httpMethod", {"httpMethod": "FETCH"}, "'FETCH'"),
        (samples.METHOD, "authorization", {"authorization": "AWS_IAM"}, "NONE and CUSTOM"),
        (samples.METHOD, "apiKeyRequired", {"apiKeyRequired": True}, "no API keys"),
        (samples.PATH, "pathPart", {"pathPart": "a/b"}, "'a/b'"),
        (samples.AUTHORIZER, "authorizerResultTtlInSeconds", {"authorizerResultTtlInSeconds": 3601}, "0 to 3600"),
        (samples.AUTHORIZER, "identityValidationExpression", {"identityValidationExpression": "("}, "regular"),
        (samples.AUTHORIZER, "type", {"type": "COGNITO_USER_POOLS"}, "TOKEN and REQUEST"),
        (samples.RESPONSE, "responseType", {"responseType": "TEAPOT"}, "'TEAPOT'"),
        (samples.RESPONSE, "statusCode", {"statusCode": "99"}, "three digits"),
        (samples.STAGE, "stageName", {"stageName": "v 1"}, "'v 1'"),
        (samples.STAGE, "accessLogSettings", {"accessLogSettings": {"format": "$context.status"}}, "requestId"),
        (
            samples.STAGE,
            "accessLogSettings",
            {"accessLogSettings": {"format": "$context.requestId\n"}},
            "single line",
        ),
        (samples.SETTINGS, "methodPath", {"methodPath": "chat/completions/POST"}, "~1"),
        (samples.SETTINGS, "settings", {"settings": {"loggingLevel": "ALL"}}, "'ALL'"),
        (samples.API, "endpointConfiguration", {"endpointConfiguration": {"types": "LOCAL"}}, "'LOCAL'"),
        (samples.API, "policy", {"policy": "{}"}, "does not emulate this input"),
        (samples.API, "body", {"body": "{}"}, "does not emulate this input"),
    ],
)
def test_inputs_that_api_gateway_or_the_box_refuses(
    world: World, token: str, key: str, inputs: dict[str, Any], said: str
) -> None:
    assert said in problems(world, token, **inputs)[key]


def test_a_second_path_of_one_name_is_refused(world: World) -> None:
    api = samples.an_api(world)
    inputs = {"restApi": api["id"], "parentId": api["rootResourceId"], "pathPart": "chat"}
    world.make(samples.PATH, **inputs)
    with pytest.raises(RefusedError, match="ConflictException: Another resource with the same parent"):
        world.create(samples.PATH, inputs)


def test_a_second_method_of_one_name_is_refused(world: World) -> None:
    method = samples.a_method(world, samples.an_api(world))
    with pytest.raises(RefusedError, match="ConflictException: Method already exists"):
        world.create(samples.METHOD, {**method, "authorization": "NONE"})


def test_a_method_with_an_authorizer_that_is_not_there_is_refused(world: World) -> None:
    api = samples.an_api(world)
    inputs = {"restApi": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    with pytest.raises(RefusedError, match="Invalid authorizer ID specified: authorizerId is nobody"):
        world.create(samples.METHOD, {**inputs, "authorization": "CUSTOM", "authorizerId": "nobody"})


def test_a_stage_of_a_deployment_that_is_not_there_is_refused(world: World) -> None:
    api = samples.an_api(world)
    with pytest.raises(RefusedError, match="Deployment id does not exist: nothing"):
        world.create(samples.STAGE, {"restApi": api["id"], "stageName": "v1", "deployment": "nothing"})


def test_logging_without_the_accounts_role_is_refused(world: World) -> None:
    api = samples.an_api(world)
    samples.an_integration(world, api)
    key = {"restApi": api["id"], "stageName": "v1"}
    stage = {**key, "deployment": samples.a_deployment(world, api)}
    with pytest.raises(RefusedError, match="CloudWatch Logs role ARN must be set in account settings"):
        world.create(samples.STAGE, {**stage, "accessLogSettings": samples.LOG})
    world.make(samples.STAGE, **stage)
    with pytest.raises(RefusedError, match="CloudWatch Logs role ARN"):
        world.create(samples.SETTINGS, {**key, "methodPath": "*/*", "settings": {"loggingLevel": "INFO"}})


def test_an_account_with_a_role_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(RefusedError, match="nobody does not exist"):
        world.create(samples.ACCOUNT, {"cloudwatchRoleArn": "arn:aws:iam::123456789012:role/nobody"})


def test_a_deployment_that_a_stage_points_to_cannot_be_deleted(world: World) -> None:
    api = samples.an_api(world)
    samples.an_integration(world, api)
    deployment = samples.a_deployment(world, api)
    world.make(samples.STAGE, restApi=api["id"], stageName="v1", deployment=deployment)
    with pytest.raises(RefusedError, match="Active stages pointing to this deployment must be moved or deleted: v1"):
        lifecycle.delete(
            resource_of(samples.DEPLOYMENT), world.backend, world.configuration, deployment, {"restApi": api["id"]}
        )


def test_the_integration_stays_on_a_method_that_is_changed(world: World) -> None:
    api = samples.an_api(world)
    method = samples.an_integration(world, api)
    inputs = world.check(samples.METHOD, {**method, "authorization": "NONE"})
    news = world.check(samples.METHOD, {**method, "authorization": "NONE", "operationName": "ask"}, olds=inputs)
    identity = f"agm-{'-'.join(method.values())}"
    client = world.client("apigateway")
    before = client.get_integration(**_key(method))
    lifecycle.update(resource_of(samples.METHOD), world.backend, world.configuration, identity, inputs, news)
    after = client.get_integration(**_key(method))
    assert {key: after[key] for key in ("uri", "type", "timeoutInMillis", "httpMethod")} == {
        key: before[key] for key in ("uri", "type", "timeoutInMillis", "httpMethod")
    }


def _key(method: dict[str, Any]) -> dict[str, Any]:
    return {"restApiId": method["restApi"], "resourceId": method["resourceId"], "httpMethod": method["httpMethod"]}


def test_tags_of_an_api_change_as_told(world: World) -> None:
    resource = resource_of(samples.API)
    state = world.create(samples.API, {"tags": {"a": "1", "b": "2"}})
    news = world.check(samples.API, {"tags": {"b": "3", "c": "4"}}, olds=state.inputs)
    lifecycle.update(resource, world.backend, world.configuration, state.resource_id, state.inputs, news)
    arn = f"arn:aws:apigateway:eu-west-1::/restapis/{state.resource_id}"
    found = world.client("apigateway").get_tags(resourceArn=arn)["tags"]
    assert found == {"b": "3", "c": "4", **world.configuration.default_tags}
    lifecycle.delete(resource, world.backend, world.configuration, state.resource_id, state.outputs)


def test_a_deployment_freezes_the_api_as_it_is(world: World) -> None:
    api = samples.an_api(world)
    method = samples.an_integration(world, api)
    world.make(samples.RESPONSE, restApiId=api["id"], responseType="THROTTLED", statusCode="430")
    deployment = samples.a_deployment(world, api)
    client = world.client("apigateway")
    client.delete_method(**_key(method))
    client.delete_gateway_response(restApiId=api["id"], responseType="THROTTLED")
    frozen = read_snapshot(world.backend.side.get(DEPLOYMENT_TOKEN, deployment)["snapshot"])
    (only,) = frozen.methods
    assert (only.path, only.http_method, only.streams, only.timeout_seconds) == ("/chat", "POST", False, 29.0)
    assert frozen.responses["THROTTLED"].status == 430


def test_the_account_keeps_no_role_after_it_is_taken_down(world: World) -> None:
    state = world.create(samples.ACCOUNT, {"cloudwatchRoleArn": role_for(world, "apigateway.amazonaws.com")})
    lifecycle.delete(resource_of(samples.ACCOUNT), world.backend, world.configuration, state.resource_id, state.outputs)
    assert not world.client("apigateway").get_account().get("cloudwatchRoleArn")
