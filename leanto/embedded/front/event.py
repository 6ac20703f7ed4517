"""The event that a function gets from a proxy integration, in API Gateway's format 1.0; pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from leanto.embedded.front.request import Received
from leanto.embedded.front.routing import Match

NOT_PASSED_ON = frozenset(
    {
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "x-amzn-trace-id", "x-forwarded-for", "x-forwarded-port", "x-forwarded-proto",
    }
)  # fmt: skip
"""Headers that belong to the client's connection, and those that API Gateway sets itself."""
_NOBODY = (
    "accessKey", "caller", "cognitoAuthenticationProvider", "cognitoAuthenticationType", "cognitoIdentityId",
    "cognitoIdentityPoolId", "principalOrgId", "user", "userArn",
)  # fmt: skip


def proxy_event(
    received: Received,
    match: Match,
    body: bytes,
    *,
    authorizer: Mapping[str, Any] | None,
    binary_media_types: Iterable[str],
    stage_variables: Mapping[str, str],
    deployment_id: str,
) -> dict[str, Any]:
    """Return the event of a request."""
    headers = _headers(received)
    encoded, text = _body(body, received.header("content-type") or "", binary_media_types)
    return {
        "resource": match.method.path,
        "path": received.path,
        "httpMethod": received.method,
        "headers": _last(headers),
        "multiValueHeaders": _all(headers),
        "queryStringParameters": _last(received.query) or None,
        "multiValueQueryStringParameters": _all(received.query) or None,
        "pathParameters": dict(match.parameters) or None,
        "stageVariables": dict(stage_variables) or None,
        "requestContext": _context(received, match, authorizer, deployment_id),
        "body": text,
        "isBase64Encoded": encoded,
    }


def _headers(received: Received) -> tuple[tuple[str, str], ...]:
    sent = tuple((name, value) for name, value in received.headers if name.lower() not in NOT_PASSED_ON)
    return (
        *sent,
        ("Host", received.api.domain_name),
        ("X-Amzn-Trace-Id", received.trace_id),
        ("X-Forwarded-For", received.source_ip),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    )


def _context(
    received: Received, match: Match, authorizer: Mapping[str, Any] | None, deployment_id: str
) -> dict[str, Any]:
    api = received.api
    context: dict[str, Any] = {
        "accountId": api.account_id,
        "apiId": api.api_id,
        "deploymentId": deployment_id,
        "domainName": api.domain_name,
        "domainPrefix": api.api_id,
        "extendedRequestId": received.extended_request_id,
        "httpMethod": received.method,
        "identity": {
            **dict.fromkeys(_NOBODY),
            "accountId": None,
            "sourceIp": received.source_ip,
            "userAgent": received.header("user-agent"),
        },
        "path": f"/{api.stage}{received.path}",
        "protocol": received.protocol,
        "requestId": received.request_id,
        "requestTime": received.time_text,
        "requestTimeEpoch": received.received_ms,
        "resourceId": match.method.resource_id,
        "resourcePath": match.method.path,
        "stage": api.stage,
    }
    return context | ({"authorizer": dict(authorizer)} if authorizer is not None else {})


def _body(body: bytes, content_type: str, binary_media_types: Iterable[str]) -> tuple[bool, str | None]:
    """Return (whether it is base64, the text); a body that is not declared as binary is text, come what may."""
    if not body:
        return False, None
    kind = content_type.partition(";")[0].strip().lower()
    if any(binary in {"*/*", kind} for binary in (media_type.lower() for media_type in binary_media_types)):
        return True, base64.b64encode(body).decode()
    return False, body.decode("utf-8", "replace")


def _last(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return dict(pairs)


def _all(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return values
