"""What a deployment froze of its API: written when it is made, played by the front as long as a stage points to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from leanto.embedded.plugin.errors import absent
from leanto.embedded.plugin.resource import Context, Props

INTEGRATION_TOKEN = "aws:apigateway/integration:Integration"  # noqa: S105 - a type, no secret
DEPLOYMENT_TOKEN = "aws:apigateway/deployment:Deployment"  # noqa: S105 - same
MISSING = "NotFoundException"


@dataclass(frozen=True)
class Authorizer:
    """A Lambda authorizer. `ttl_seconds` 0 keeps nothing; an empty `expression` lets every token through to it."""

    authorizer_id: str
    kind: str
    uri: str
    identity_sources: tuple[str, ...]
    expression: str
    ttl_seconds: int


@dataclass(frozen=True)
class Method:
    """One HTTP method of one path, `ANY` included, and the function behind it."""

    path: str
    resource_id: str
    http_method: str
    authorizer: Authorizer | None
    uri: str
    streams: bool
    timeout_seconds: float


@dataclass(frozen=True)
class GatewayResponse:
    """What the API's author has set in place of API Gateway's own response; `status` None keeps the usual one."""

    status: int | None
    parameters: Mapping[str, str]
    templates: Mapping[str, str]


@dataclass(frozen=True)
class Snapshot:
    """The API as one deployment froze it."""

    endpoint_disabled: bool
    binary_media_types: tuple[str, ...]
    methods: tuple[Method, ...]
    responses: Mapping[str, GatewayResponse]


def take_snapshot(ctx: Context, api_id: str) -> Props:
    """Return an API as it is now, as a JSON object for the side store."""
    client = ctx.client("apigateway")
    api = client.get_rest_api(restApiId=api_id)
    pages = client.get_paginator("get_resources").paginate(restApiId=api_id, embed=["methods"])
    authorizers = client.get_authorizers(restApiId=api_id)["items"]
    responses: list[Props] = []
    with absent(MISSING):
        responses = client.get_gateway_responses(restApiId=api_id)["items"]
    return {
        "endpointDisabled": bool(api.get("disableExecuteApiEndpoint")),
        "binaryMediaTypes": api.get("binaryMediaTypes") or [],
        "authorizers": {one["id"]: _plain(one) for one in authorizers},
        "methods": [
            _method(ctx, api_id, resource, http_method, method)
            for resource in pages.search("items[]")
            for http_method, method in sorted(resource.get("resourceMethods", {}).items())
        ],
        "responses": {one["responseType"]: _plain(one) for one in responses},
    }


def _method(ctx: Context, api_id: str, resource: Props, http_method: str, method: Props) -> Props:
    integration_id = f"agi-{api_id}-{resource['id']}-{http_method}"
    beside = ctx.side.get(INTEGRATION_TOKEN, integration_id)
    integration = _plain(method.get("methodIntegration") or {})
    return {
        "path": resource["path"],
        "resourceId": resource["id"],
        "httpMethod": http_method,
        "authorization": method.get("authorizationType", "NONE"),
        "authorizerId": method.get("authorizerId"),
        "integration": {**integration, "responseTransferMode": beside.get("responseTransferMode", "BUFFERED")},
    }


def _plain(document: Mapping[str, Any]) -> Props:
    """Return what JSON can hold of an answer of the API."""
    return {key: value for key, value in document.items() if key != "ResponseMetadata" and value is not None}


def read_snapshot(document: Mapping[str, Any]) -> Snapshot:
    """Return a kept snapshot. Methods without an integration are left out: API Gateway would not have deployed them."""
    authorizers = {key: _authorizer(key, value) for key, value in document["authorizers"].items()}
    return Snapshot(
        endpoint_disabled=bool(document["endpointDisabled"]),
        binary_media_types=tuple(document["binaryMediaTypes"]),
        methods=tuple(_played(one, authorizers) for one in document["methods"] if one["integration"].get("uri")),
        responses={key: _response(value) for key, value in document["responses"].items()},
    )


def _authorizer(authorizer_id: str, document: Mapping[str, Any]) -> Authorizer:
    sources = str(document.get("identitySource") or "")
    return Authorizer(
        authorizer_id=authorizer_id,
        kind=str(document["type"]),
        uri=str(document.get("authorizerUri") or ""),
        identity_sources=tuple(source.strip() for source in sources.split(",") if source.strip()),
        expression=str(document.get("identityValidationExpression") or ""),
        ttl_seconds=int(document.get("authorizerResultTtlInSeconds", 300)),
    )


def _played(document: Mapping[str, Any], authorizers: Mapping[str, Authorizer]) -> Method:
    integration = document["integration"]
    custom = document["authorization"] == "CUSTOM"
    return Method(
        path=str(document["path"]),
        resource_id=str(document["resourceId"]),
        http_method=str(document["httpMethod"]),
        authorizer=authorizers[document["authorizerId"]] if custom else None,
        uri=str(integration["uri"]),
        streams=integration["responseTransferMode"] == "STREAM",
        timeout_seconds=int(integration.get("timeoutInMillis") or 29_000) / 1000,
    )


def _response(document: Mapping[str, Any]) -> GatewayResponse:
    status = document.get("statusCode")
    return GatewayResponse(
        status=int(status) if status else None,
        parameters=dict(document.get("responseParameters") or {}),
        templates=dict(document.get("responseTemplates") or {}),
    )
