"""Samples of API Gateway: an API, its paths and methods, its authorizer, its refusals, and what makes it callable."""

from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import Sample, World
from tests.embedded.plugin.samples_lambda import FUNCTION, archive, role_for

API = "aws:apigateway/restApi:RestApi"
AUTHORIZER = "aws:apigateway/authorizer:Authorizer"
PATH = "aws:apigateway/resource:Resource"
METHOD = "aws:apigateway/method:Method"
INTEGRATION = "aws:apigateway/integration:Integration"
RESPONSE = "aws:apigateway/response:Response"
DEPLOYMENT = "aws:apigateway/deployment:Deployment"
STAGE = "aws:apigateway/stage:Stage"
SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
ACCOUNT = "aws:apigateway/account:Account"
LOG = {"destinationArn": "arn:aws:logs:eu-west-1:123456789012:log-group:access", "format": "$context.requestId"}


def an_api(world: World) -> Props:
    return world.make(API, endpointConfiguration={"types": "REGIONAL"})


def a_function(world: World) -> Props:
    code = archive(handler__py="")
    return world.make(FUNCTION, role=role_for(world), runtime="python3.13", handler="handler:handle", code=code)


def a_method(world: World, api: Props) -> Props:
    path = world.make(PATH, restApi=api["id"], parentId=api["rootResourceId"], pathPart="chat")
    world.make(METHOD, restApi=api["id"], resourceId=path["id"], httpMethod="POST", authorization="NONE")
    return {"restApi": api["id"], "resourceId": path["id"], "httpMethod": "POST"}


def an_integration(world: World, api: Props) -> Props:
    uri = a_function(world)["invokeArn"]
    method = a_method(world, api)
    world.make(INTEGRATION, **method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    return method


def a_deployment(world: World, api: Props, name: str = "first") -> str:
    return str(world.make(DEPLOYMENT, name, restApi=api["id"], triggers={"of": name})["id"])


def _method(world: World) -> Props:
    api = an_api(world)
    return {
        "restApi": api["id"],
        "resourceId": api["rootResourceId"],
        "httpMethod": "ANY",
        "authorization": "CUSTOM",
        "authorizerId": an_authorizer(world, str(api["id"])),
    }


def an_authorizer(world: World, api_id: str) -> str:
    return str(world.make(AUTHORIZER, restApi=api_id, authorizerUri=a_function(world)["invokeArn"])["id"])


def _integration(world: World) -> Props:
    return {
        **a_method(world, an_api(world)),
        "type": "AWS_PROXY",
        "integrationHttpMethod": "POST",
        "uri": a_function(world)["responseStreamingInvokeArn"],
        "responseTransferMode": "STREAM",
        "timeoutMilliseconds": 300_000,
    }


def _deployment(world: World) -> Props:
    api = an_api(world)
    an_integration(world, api)
    return {"restApi": api["id"], "description": "first", "triggers": {"hash": "1"}}


def _stage(world: World) -> Props:
    api = an_api(world)
    an_integration(world, api)
    world.make(ACCOUNT, cloudwatchRoleArn=role_for(world, "apigateway.amazonaws.com", "logs"))
    a_deployment(world, api, "next")
    return {
        "restApi": api["id"],
        "deployment": a_deployment(world, api),
        "stageName": "v1",
        "accessLogSettings": LOG,
        "tags": {"part": "front"},
    }


def _settings(world: World) -> Props:
    stage = _stage(world)
    world.make(STAGE, **stage)
    settings = {"throttlingRateLimit": 50, "throttlingBurstLimit": 100, "metricsEnabled": True, "loggingLevel": "ERROR"}
    return {"restApi": stage["restApi"], "stageName": "v1", "methodPath": "*/*", "settings": settings}


def _only_api(world: World) -> Props:
    (api,) = world.client("apigateway").get_rest_apis()["items"]
    return dict(api)


def _next_deployment(world: World) -> str:
    client, api_id = world.client("apigateway"), _only_api(world)["id"]
    current = client.get_stage(restApiId=api_id, stageName="v1")["deploymentId"]
    (other,) = {found["id"] for found in client.get_deployments(restApiId=api_id)["items"]} - {current}
    return str(other)


def _rename(world: World, api_id: str) -> None:
    operation = {"op": "replace", "path": "/name", "value": "renamed"}
    world.client("apigateway").update_rest_api(restApiId=api_id, patchOperations=[operation])


def _widen(world: World, authorizer_id: str) -> None:
    operation = {"op": "replace", "path": "/identityValidationExpression", "value": ".*"}
    world.client("apigateway").update_authorizer(
        restApiId=_only_api(world)["id"], authorizerId=authorizer_id, patchOperations=[operation]
    )


def _open(world: World, method_id: str) -> None:
    _, api_id, resource_id, http_method = method_id.split("-")
    world.client("apigateway").put_method(
        restApiId=api_id, resourceId=resource_id, httpMethod=http_method, authorizationType="NONE"
    )


def _hurry(world: World, integration_id: str) -> None:
    _, api_id, resource_id, http_method = integration_id.split("-")
    world.client("apigateway").put_integration(
        restApiId=api_id,
        resourceId=resource_id,
        httpMethod=http_method,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri="arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/arn:other/invocations",
        timeoutInMillis=50,
    )


def _answer_otherwise(world: World, response_id: str) -> None:
    _, api_id, kind = response_id.split("-")
    world.client("apigateway").put_gateway_response(restApiId=api_id, responseType=kind, statusCode="418")


def _log_nothing(world: World, stage_id: str) -> None:
    _, api_id, name = stage_id.split("-")
    operation = {"op": "remove", "path": "/accessLogSettings"}
    world.client("apigateway").update_stage(restApiId=api_id, stageName=name, patchOperations=[operation])


def _unthrottle(world: World, settings_id: str) -> None:
    api_id, name, path = settings_id.split("-")
    operation = {"op": "replace", "path": f"/{path}/throttling/rateLimit", "value": "10000"}
    world.client("apigateway").update_stage(restApiId=api_id, stageName=name, patchOperations=[operation])


SAMPLES = (
    Sample(
        API,
        lambda _: {
            "binaryMediaTypes": ["audio/mpeg", "image/png"],
            "description": "the front",
            "endpointConfiguration": {"types": "REGIONAL"},
            "minimumCompressionSize": "1024",
            "securityPolicy": "SecurityPolicy_TLS13_1_3_2025_09",
            "endpointAccessMode": "STRICT",
            "tags": {"part": "front"},
        },
        update={
            "binaryMediaTypes": ["image/png"],
            "description": "another",
            "disableExecuteApiEndpoint": True,
            "endpointConfiguration": {"types": "EDGE"},
            "endpointAccessMode": "BASIC",
            "name": "other",
            "tags": {"stage": "dev"},
        },
        drift=_rename,
        drifted=frozenset({"name"}),
    ),
    Sample(
        AUTHORIZER,
        lambda world: {
            "restApi": an_api(world)["id"],
            "authorizerUri": a_function(world)["invokeArn"],
            "authorizerResultTtlInSeconds": 60,
            "identityValidationExpression": "^Bearer sk-[a-z]+$",
        },
        update={"authorizerResultTtlInSeconds": 0, "identityValidationExpression": "^Bearer .+$", "name": "other"},
        replace={"restApi": "other"},
        drift=_widen,
        drifted=frozenset({"identityValidationExpression"}),
    ),
    Sample(
        PATH,
        lambda world: {"restApi": (api := an_api(world))["id"], "parentId": api["rootResourceId"], "pathPart": "{a+}"},
        replace={"restApi": "other"},
    ),
    Sample(
        METHOD,
        _method,
        update={"operationName": "ask", "authorization": "NONE", "authorizerId": None},
        replace={"httpMethod": "GET", "resourceId": "other", "restApi": "other"},
        drift=_open,
        drifted=frozenset({"operationName"}),
    ),
    Sample(
        INTEGRATION,
        _integration,
        update={"timeoutMilliseconds": 900_000},
        replace={"httpMethod": "GET", "resourceId": "other", "restApi": "other"},
        drift=_hurry,
        drifted=frozenset({"timeoutMilliseconds", "uri"}),
    ),
    Sample(
        RESPONSE,
        lambda world: {
            "restApiId": an_api(world)["id"],
            "responseType": "UNAUTHORIZED",
            "statusCode": "401",
            "responseTemplates": {"application/json": '{"error": {"message": $context.error.messageString}}'},
            "responseParameters": {"gatewayresponse.header.WWW-Authenticate": "'Bearer'"},
        },
        update={"statusCode": None, "responseTemplates": {"application/json": "{}"}, "responseParameters": None},
        replace={"responseType": "THROTTLED", "restApiId": "other"},
        drift=_answer_otherwise,
        drifted=frozenset({"responseTemplates"}),
    ),
    Sample(
        DEPLOYMENT,
        _deployment,
        update={"description": "second"},
        replace={"restApi": "other", "triggers": {"hash": "2"}},
    ),
    Sample(
        STAGE,
        _stage,
        update=lambda world: {
            "deployment": _next_deployment(world),
            "description": "what is called",
            "accessLogSettings": {**LOG, "format": "$context.requestId $context.status"},
            "variables": {"colour": "blue"},
            "xrayTracingEnabled": True,
            "tags": {"stage": "dev"},
        },
        replace={"stageName": "v2", "restApi": "other"},
        drift=_log_nothing,
        drifted=frozenset({"accessLogSettings"}),
    ),
    Sample(
        SETTINGS,
        _settings,
        update={"settings": {"throttlingRateLimit": 5, "throttlingBurstLimit": 10}},
        replace={"methodPath": "~1chat/POST", "stageName": "v2", "restApi": "other"},
        drift=_unthrottle,
        drifted=frozenset({"settings"}),
    ),
    Sample(
        ACCOUNT,
        lambda world: {"cloudwatchRoleArn": role_for(world, "apigateway.amazonaws.com")},
        update=lambda world: {"cloudwatchRoleArn": role_for(world, "apigateway.amazonaws.com", "other")},
        stays=True,
    ),
)
