"""The paths of an API: its resources, and the methods of each with who may call them."""

import re
from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin.errors import RefusedError, absent
from leanto.embedded.plugin.gateway_calls import MISSING, api_of, method_key, method_of, method_problem, renamed
from leanto.embedded.plugin.kept import KeptResource
from leanto.embedded.plugin.resource import Context, Props, Resource

AUTHORIZATIONS = ("NONE", "CUSTOM")
_PATH_PART = re.compile(r"[A-Za-z0-9._:-]+|\{[A-Za-z0-9._:-]+\+?\}")


class PathResource(KeptResource):
    """One segment of the API's paths, `aws:apigateway/resource:Resource`."""

    token = "aws:apigateway/resource:Resource"
    accepts = frozenset({"parentId", "pathPart", "restApi"})
    replace_on = frozenset({"restApi"})
    required = accepts
    computed = frozenset({"path"})

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what API Gateway or the box refuses."""
        part = inputs.get("pathPart", "x")
        if _PATH_PART.fullmatch(part):
            return super().validate(inputs)
        rule = "letters, digits, dots, colons, hyphens and underscores, or one {parameter} or {parameter+}"
        return [*super().validate(inputs), ("pathPart", f"is {part!r}, API Gateway takes {rule}")]

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the segment; a second one of the same name under one parent is refused, as on AWS."""
        client = ctx.client("apigateway")
        for found in client.get_paginator("get_resources").paginate(restApiId=inputs["restApi"]).search("items[]"):
            if (found.get("parentId"), found.get("pathPart")) == (inputs["parentId"], inputs["pathPart"]):
                message = f"Another resource with the same parent already has this name: {inputs['pathPart']}"
                raise RefusedError("ConflictException", message)
        created = client.create_resource(
            restApiId=inputs["restApi"], parentId=inputs["parentId"], pathPart=inputs["pathPart"]
        )
        return str(created["id"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the segment as it is."""
        with absent(MISSING):
            client = ctx.client("apigateway")
            api_id = api_of(ctx, inputs, lambda api: client.get_resource(restApiId=api, resourceId=resource_id))
            found = client.get_resource(restApiId=api_id, resourceId=resource_id)
            return {
                "restApi": api_id,
                "parentId": found.get("parentId", ""),
                "pathPart": found.get("pathPart", ""),
                "path": found["path"],
            }
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Refuse: API Gateway can rename a segment in place and moto cannot."""
        del ctx, resource_id, olds
        raise RefusedError(
            "NotImplemented",
            f"AWS in a box cannot rename a path segment in place (to {news['pathPart']!r}); give the resource a new "
            "name in the program, so that it is replaced",
        )

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the segment."""
        client, api_id = ctx.client("apigateway"), outputs["restApi"]
        with absent(MISSING):
            client.get_resource(restApiId=api_id, resourceId=resource_id)
            client.delete_resource(restApiId=api_id, resourceId=resource_id)


class Method(KeptResource):
    """One HTTP method of a path, and who may call it."""

    token = "aws:apigateway/method:Method"
    accepts = frozenset(
        {
            "apiKeyRequired", "authorization", "authorizerId", "httpMethod", "operationName", "requestParameters",
            "resourceId", "restApi",
        }
    )  # fmt: skip
    replace_on = frozenset({"httpMethod", "resourceId", "restApi"})
    required = frozenset({"authorization", "httpMethod", "resourceId", "restApi"})
    defaults = MappingProxyType({"apiKeyRequired": False})

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what API Gateway or the box refuses."""
        problems = [*super().validate(inputs), *method_problem(inputs)]
        if inputs.get("authorization", "NONE") not in AUTHORIZATIONS:
            allowed = " and ".join(AUTHORIZATIONS)
            problems.append(("authorization", f"is {inputs['authorization']!r}, AWS in a box plays {allowed}"))
        if inputs.get("apiKeyRequired"):
            problems.append(("apiKeyRequired", "is true; AWS in a box plays no API keys of API Gateway"))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Put the method; one that exists is refused, as on AWS."""
        with absent(MISSING):
            ctx.client("apigateway").get_method(**method_key(inputs))
            raise RefusedError("ConflictException", "Method already exists for this resource")
        self._put(ctx, inputs)
        return f"agm-{inputs['restApi']}-{inputs['resourceId']}-{inputs['httpMethod']}"

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the method as it is."""
        key = method_of(resource_id, inputs)
        with absent(MISSING):
            found = ctx.client("apigateway").get_method(**method_key(key))
            outputs = {
                **key,
                "apiKeyRequired": found.get("apiKeyRequired", False),
                "authorization": found["authorizationType"],
                "authorizerId": found.get("authorizerId"),
                "operationName": found.get("operationName"),
                "requestParameters": found.get("requestParameters") or {},
            }
            return self.shown(inputs, outputs)
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Put the method anew and give it back the integration that moto takes away with the old one."""
        del resource_id, olds
        client = ctx.client("apigateway")
        integration = client.get_method(**method_key(news)).get("methodIntegration")
        self._put(ctx, news)
        if integration:
            _put_again(client, news, integration)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the method."""
        del resource_id
        with absent(MISSING):
            ctx.client("apigateway").delete_method(**method_key(outputs))

    def _put(self, ctx: Context, inputs: Props) -> None:
        if inputs["authorization"] == "CUSTOM":
            _check_authorizer(ctx, inputs)
        names = {
            "authorization": "authorizationType",
            "authorizerId": "authorizerId",
            "operationName": "operationName",
            "requestParameters": "requestParameters",
        }
        ctx.client("apigateway").put_method(**method_key(inputs), **renamed(inputs, names))


def _check_authorizer(ctx: Context, inputs: Props) -> None:
    """Refuse an authorizer that does not exist, which moto takes."""
    with absent(MISSING):
        ctx.client("apigateway").get_authorizer(
            restApiId=inputs["restApi"], authorizerId=inputs.get("authorizerId", "none")
        )
        return
    given = inputs.get("authorizerId", "nothing")
    raise RefusedError("BadRequestException", f"Invalid authorizer ID specified: authorizerId is {given}")


def _put_again(client: Any, inputs: Props, integration: Props) -> None:
    keys = ("type", "uri", "connectionType", "credentials", "passthroughBehavior")
    kept = {key: integration[key] for key in (*keys, "timeoutInMillis", "cacheNamespace") if integration.get(key)}
    client.put_integration(**method_key(inputs), integrationHttpMethod=integration["httpMethod"], **kept)


RESOURCES: tuple[Resource, ...] = (PathResource(), Method())
