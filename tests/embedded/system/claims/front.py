"""Claims about the way in: the API, its authorizer, its rate, its log, and how large a request may be."""

import json

from tests.embedded.system.account import Account, Claim, Violations
from tests.infra.claims.front import LOGGED_CONTENT, MAXIMUM_KEY_CACHE_SECONDS, MAXIMUM_REQUEST_BYTES

EVERY_METHOD = "*/*"


def methods_want_a_key(account: Account) -> Violations:
    """Every method asks the authorizer of its API."""
    for api in account.apis():
        authorizers = account.listed("apigateway", "get_authorizers", "items[].id", restApiId=api["id"])
        paths = account.listed("apigateway", "get_resources", "items[]", restApiId=api["id"], embed=["methods"])
        for path in paths:
            for name, method in path.get("resourceMethods", {}).items():
                if method["authorizationType"] != "CUSTOM" or method.get("authorizerId") not in authorizers:
                    yield f"{name} {path['path']} is open to all"


def malformed_keys_reach_no_code(account: Account) -> Violations:
    """The authorizer is called only for what looks like a key, and its answer is kept for a minute at most."""
    for api in account.apis():
        for authorizer in account.listed("apigateway", "get_authorizers", "items[]", restApiId=api["id"]):
            expression = authorizer.get("identityValidationExpression") or ""
            if not (expression.startswith("^Bearer sk-lt-") and expression.endswith("$")):
                yield f"{authorizer['id']} takes anything for a key"
            if authorizer.get("authorizerResultTtlInSeconds", 300) > MAXIMUM_KEY_CACHE_SECONDS:
                yield f"{authorizer['id']} keeps answers too long"


def rate_is_bounded(account: Account) -> Violations:
    """Every method of every stage has a rate and a burst."""
    for stage in account.stages():
        settings = stage.get("methodSettings", {}).get(EVERY_METHOD, {})
        limits = [settings.get(f"throttling{kind}Limit") or -1 for kind in ("Rate", "Burst")]
        if min(limits) <= 0:
            yield f"{stage['stageName']} of {stage['restApiId']} takes any rate"


def data_is_not_traced(account: Account) -> Violations:
    """API Gateway traces no data and writes no execution log, in which requests would stand."""
    for stage in account.stages():
        for path, settings in stage.get("methodSettings", {}).items():
            if settings.get("dataTraceEnabled") or settings.get("loggingLevel", "OFF") != "OFF":
                yield f"{stage['stageName']} of {stage['restApiId']} logs the execution of {path}"


def access_is_logged_without_content(account: Account) -> Violations:
    """Every stage writes one line a request to a log group, with neither body nor header in it."""
    groups = {group["logGroupArn"] for group in account.log_groups()}
    for stage in account.stages():
        log = stage.get("accessLogSettings") or {}
        if log.get("destinationArn") not in groups:
            yield f"{stage['stageName']} of {stage['restApiId']} has no access log"
        elif any(word in log["format"].lower() for word in LOGGED_CONTENT):
            yield f"{stage['stageName']} of {stage['restApiId']} logs content"


def request_size_is_bounded(account: Account) -> Violations:
    """The gateway knows how large a request may be, and that is less than Lambda takes.

    The document is read from the side store: moto does not hand out what is in a layer.
    """
    for layer in account.listed("lambda", "list_layers", "Layers[].LatestMatchingVersion.LayerVersionArn"):
        kept = account.side.get("aws:lambda/layerVersion:LayerVersion", layer)
        document = json.loads(kept["code"]["archive"]["assets"]["leanto/deployment.json"]["text"])
        if not 0 < document["limits"].get("request_bytes", 0) <= MAXIMUM_REQUEST_BYTES:
            yield f"{layer} sets no bound"


CLAIMS: tuple[Claim, ...] = (
    methods_want_a_key,
    malformed_keys_reach_no_code,
    rate_is_bounded,
    data_is_not_traced,
    access_is_logged_without_content,
    request_size_is_bounded,
)
