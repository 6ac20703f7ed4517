"""`aws:apigateway/authorizer:Authorizer`: the function that lets callers in, and how long its word is kept."""

import re
from types import MappingProxyType

from leanto.embedded.plugin.errors import absent, creating
from leanto.embedded.plugin.gateway_calls import MISSING, Operation, api_of, changed, renamed, replace
from leanto.embedded.plugin.kept import KeptResource, outside
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource
from leanto.embedded.plugin.resources.apigateway_api import api_arn

MAXIMUM_TTL_SECONDS = 3600
_PATHS = MappingProxyType(
    {
        "authorizerCredentials": "/authorizerCredentials",
        "authorizerResultTtlInSeconds": "/authorizerResultTtlInSeconds",
        "authorizerUri": "/authorizerUri",
        "identitySource": "/identitySource",
        "identityValidationExpression": "/identityValidationExpression",
        "name": "/name",
        "type": "/type",
    }
)


class Authorizer(KeptResource):
    """A Lambda authorizer of type TOKEN or REQUEST."""

    token = "aws:apigateway/authorizer:Authorizer"
    accepts = frozenset({*_PATHS, "restApi"})
    replace_on = frozenset({"restApi"})
    required = frozenset({"restApi"})
    computed = frozenset({"arn"})
    auto_name = AutoName()
    defaults = MappingProxyType(
        {
            "authorizerResultTtlInSeconds": 300,
            "identitySource": "method.request.header.Authorization",
            "type": "TOKEN",
        }
    )

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what API Gateway or the box refuses."""
        problems = super().validate(inputs)
        if inputs.get("type", "TOKEN") not in {"TOKEN", "REQUEST"}:
            problems.append(("type", f"is {inputs['type']!r}, AWS in a box plays TOKEN and REQUEST"))
        ttl = inputs.get("authorizerResultTtlInSeconds")
        if outside(ttl, 0, MAXIMUM_TTL_SECONDS):
            key = "authorizerResultTtlInSeconds"
            problems.append((key, f"is {ttl}, API Gateway takes 0 to {MAXIMUM_TTL_SECONDS} seconds"))
        return problems + _expression_problems(inputs)

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the authorizer; the expression is set by a second call, because moto drops it in the first."""
        client = ctx.client("apigateway")
        names = {key: key for key in _PATHS if key != "identityValidationExpression"} | {"restApi": "restApiId"}
        created = client.create_authorizer(**renamed(inputs, names))
        identity, api_id = str(created["id"]), inputs["restApi"]
        with creating(identity, undo=lambda: client.delete_authorizer(restApiId=api_id, authorizerId=identity)):
            if inputs.get("identityValidationExpression"):
                expression = inputs["identityValidationExpression"]
                _patch(ctx, api_id, identity, [replace("/identityValidationExpression", expression)])
        return identity

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the authorizer as it is."""
        with absent(MISSING):
            client = ctx.client("apigateway")
            api_id = api_of(ctx, inputs, lambda api: client.get_authorizer(restApiId=api, authorizerId=resource_id))
            found = client.get_authorizer(restApiId=api_id, authorizerId=resource_id)
            outputs = {
                **{key: found[key] for key in _PATHS if found.get(key) is not None},
                "arn": f"{api_arn(ctx, api_id)}/authorizers/{resource_id}",
                "restApi": api_id,
            }
            return self.shown(inputs, outputs)
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change the authorizer in place."""
        operations = [replace(_PATHS[key], news.get(key, "")) for key in sorted(changed(olds, news) & _PATHS.keys())]
        if operations:
            _patch(ctx, news["restApi"], resource_id, operations)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the authorizer."""
        client, api_id = ctx.client("apigateway"), outputs["restApi"]
        with absent(MISSING):
            client.get_authorizer(restApiId=api_id, authorizerId=resource_id)
            client.delete_authorizer(restApiId=api_id, authorizerId=resource_id)


def _expression_problems(inputs: Props) -> list[tuple[str, str]]:
    expression = inputs.get("identityValidationExpression")
    if not isinstance(expression, str):
        return []
    try:
        re.compile(expression)
    except re.error as error:
        return [("identityValidationExpression", f"is {expression!r}, which is no regular expression: {error}")]
    return []


def _patch(ctx: Context, api_id: str, authorizer_id: str, operations: list[Operation]) -> None:
    ctx.client("apigateway").update_authorizer(restApiId=api_id, authorizerId=authorizer_id, patchOperations=operations)


RESOURCES: tuple[Resource, ...] = (Authorizer(),)
