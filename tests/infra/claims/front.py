"""Claims about the way in: the API, its authorizer, its rate and its log."""

import json

from tests.infra.claims.stack import Claim, Stack, Violations

MAXIMUM_KEY_CACHE_SECONDS = 60
MAXIMUM_REQUEST_BYTES = 5 * 1024 * 1024
LOGGED_CONTENT = ("body", "header", "authorization", "querystring", "$input")


def methods_want_a_key(stack: Stack) -> Violations:
    """Every method asks the authorizer."""
    authorizers = {one.get("id", one.get("name")) for one in stack.of("apigateway/authorizer")}
    for method in stack.of("apigateway/method"):
        if method.get("authorization") != "CUSTOM" or method.get("authorizerId") not in authorizers:
            yield method.name


def malformed_keys_reach_no_code(stack: Stack) -> Violations:
    """The authorizer is called only for what looks like a key, and its answer is kept for a minute at most."""
    for authorizer in stack.of("apigateway/authorizer"):
        expression = authorizer.get("identityValidationExpression", "")
        if not (expression.startswith("^Bearer sk-lt-") and expression.endswith("$")):
            yield f"{authorizer.name} takes anything for a key"
        if authorizer.get("authorizerResultTtlInSeconds", 300) > MAXIMUM_KEY_CACHE_SECONDS:
            yield f"{authorizer.name} keeps answers too long"


def all_that_costs_has_one_rate(stack: Stack) -> Violations:
    """Nothing but one POST and one GET is served: a throttle holds for each method, and a second would double it."""
    served: set[str] = set()
    for method in stack.of("apigateway/method"):
        verb = method.get("httpMethod")
        if verb not in {"GET", "POST"} or verb in served:
            yield method.name
        served.add(verb)


def rate_is_bounded(stack: Stack) -> Violations:
    """Every method of every stage has a rate and a burst."""
    for stage in stack.of("apigateway/stage"):
        settings = [
            one
            for one in stack.of("apigateway/methodSettings")
            if one.get("stageName") == stage.get("stageName") and one.get("methodPath") == "*/*"
        ]
        if not any(
            one.get("settings.throttlingRateLimit", -1) > 0 and one.get("settings.throttlingBurstLimit", -1) > 0
            for one in settings
        ):
            yield stage.name


def api_logs_no_content(stack: Stack) -> Violations:
    """API Gateway traces no data and writes no execution log, in which requests would stand."""
    for settings in stack.of("apigateway/methodSettings"):
        if settings.get("settings.dataTraceEnabled") or settings.get("settings.loggingLevel") != "OFF":
            yield settings.name


def access_is_logged_without_content(stack: Stack) -> Violations:
    """Every stage writes one line a request to an encrypted group, with neither body nor header in it."""
    groups = {group.get("arn") for group in stack.of("cloudwatch/logGroup")}
    for stage in stack.of("apigateway/stage"):
        if stage.get("accessLogSettings.destinationArn") not in groups:
            yield f"{stage.name} has no access log of the stack"
        elif any(word in stage.get("accessLogSettings.format").lower() for word in LOGGED_CONTENT):
            yield f"{stage.name} logs content"


def request_size_is_bounded(stack: Stack) -> Violations:
    """The gateway knows how large a request may be, and that is less than Lambda takes."""
    for layer in stack.of("lambda/layerVersion"):
        document = next(iter(layer.get("code.assets").values()))["text"]
        if not 0 < json.loads(document)["limits"].get("request_bytes", 0) <= MAXIMUM_REQUEST_BYTES:
            yield layer.name


def answers_stream_from_a_regional_api(stack: Stack) -> Violations:
    """The API is regional, and every integration passes the answer on as it comes, for a bounded time."""
    for api in stack.of("apigateway/restApi"):
        if api.get("endpointConfiguration.types") != "REGIONAL":
            yield api.name
    for integration in stack.of("apigateway/integration"):
        streams = integration.get("responseTransferMode") == "STREAM"
        bounded = 0 < integration.get("timeoutMilliseconds", 0) <= 900_000
        if not (streams and bounded and integration.get("uri", "").endswith("/response-streaming-invocations")):
            yield integration.name


CLAIMS: tuple[Claim, ...] = (
    methods_want_a_key,
    malformed_keys_reach_no_code,
    all_that_costs_has_one_rate,
    rate_is_bounded,
    api_logs_no_content,
    access_is_logged_without_content,
    request_size_is_bounded,
    answers_stream_from_a_regional_api,
)
