"""`aws:apigateway/restApi:RestApi` and `aws:apigateway/account:Account`: an API, and what all APIs share."""

from types import MappingProxyType

from leanto.embedded.plugin.errors import RefusedError, absent, code_of, creating
from leanto.embedded.plugin.gateway_calls import MISSING, Operation, changed, remove, renamed, replace, retag
from leanto.embedded.plugin.kept import KeptResource
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

ENDPOINT_TYPES = ("EDGE", "PRIVATE", "REGIONAL")


class RestApi(KeptResource):
    """A REST API with its root resource."""

    token = "aws:apigateway/restApi:RestApi"
    computed = frozenset({"arn", "createdDate", "executionArn", "rootResourceId"})
    auto_name = AutoName()
    taggable = True
    defaults = MappingProxyType({"putRestApiMode": "overwrite"})
    input_only = frozenset({"putRestApiMode"})
    computed_fields = frozenset({"endpointConfiguration.ipAddressType", "endpointConfiguration.vpcEndpointIds"})
    accepts = frozenset(
        {
            "apiKeySource", "binaryMediaTypes", "description", "disableExecuteApiEndpoint", "endpointAccessMode",
            "endpointConfiguration", "minimumCompressionSize", "name", "putRestApiMode", "securityPolicy", "tags",
        }
    )  # fmt: skip
    side_stored = frozenset({"endpointAccessMode", "minimumCompressionSize", "securityPolicy"})

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what API Gateway or the box refuses."""
        problems = super().validate(inputs)
        kind = inputs.get("endpointConfiguration", {}).get("types", "REGIONAL")
        if kind not in ENDPOINT_TYPES:
            given = f"has types {kind!r}, API Gateway takes {', '.join(ENDPOINT_TYPES)}"
            problems.append(("endpointConfiguration", given))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Create the API, then set what moto does not take at once."""
        client = ctx.client("apigateway")
        names = {
            "name": "name",
            "description": "description",
            "apiKeySource": "apiKeySource",
            "disableExecuteApiEndpoint": "disableExecuteApiEndpoint",
        }
        endpoint = inputs.get("endpointConfiguration")
        configuration = {"endpointConfiguration": _listed(endpoint)} if endpoint else {}
        created = client.create_rest_api(**renamed(inputs, names), **configuration, tags=inputs.get("tagsAll", {}))
        api_id = str(created["id"])
        with creating(api_id, undo=lambda: client.delete_rest_api(restApiId=api_id)):
            self.keep(ctx, api_id, inputs)
            _patch(ctx, api_id, _media_types({}, inputs))
        return api_id

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the API as it is."""
        with absent(MISSING):
            found = ctx.client("apigateway").get_rest_api(restApiId=resource_id)
            endpoint = found.get("endpointConfiguration", {})
            outputs = {
                **self.kept(ctx, resource_id),
                "apiKeySource": found.get("apiKeySource", "HEADER"),
                "arn": api_arn(ctx, resource_id),
                "binaryMediaTypes": found.get("binaryMediaTypes", []),
                "createdDate": found["createdDate"].strftime("%Y-%m-%dT%H:%M:%SZ"),
                "description": found.get("description") or "",
                "disableExecuteApiEndpoint": found.get("disableExecuteApiEndpoint", False),
                "endpointConfiguration": {
                    "types": endpoint.get("types", ["EDGE"])[0],
                    **{key: endpoint[key] for key in ("ipAddressType", "vpcEndpointIds") if endpoint.get(key)},
                },
                "executionArn": f"arn:{ctx.partition}:execute-api:{ctx.region}:{ctx.account_id}:{resource_id}",
                "name": found["name"],
                "rootResourceId": found["rootResourceId"],
                "tagsAll": found.get("tags", {}),
            }
            return self.shown(inputs, outputs)
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Change the API in place."""
        differing = changed(olds, news)
        operations = [
            replace(f"/{key}", news.get(key, "")) for key in ("name", "description", "apiKeySource") if key in differing
        ]
        if "disableExecuteApiEndpoint" in differing:
            # moto takes any text but the empty one for true.
            operations.append(replace("/disableExecuteApiEndpoint", news.get("disableExecuteApiEndpoint") or ""))
        if "endpointConfiguration" in differing:
            operations.append(_endpoint_change(olds, news))
        if "binaryMediaTypes" in differing:
            operations += _media_types(olds, news)
        _patch(ctx, resource_id, operations)
        self.keep(ctx, resource_id, news)
        retag(ctx, api_arn(ctx, resource_id), olds, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the API with everything in it."""
        del outputs
        client = ctx.client("apigateway")
        with absent(MISSING):
            client.get_rest_api(restApiId=resource_id)
            client.delete_rest_api(restApiId=resource_id)


class Account(KeptResource):
    """The settings that all APIs of an account and region share; there is one, which nobody can delete."""

    token = "aws:apigateway/account:Account"
    accepts = frozenset({"cloudwatchRoleArn"})
    computed = frozenset({"apiKeyVersion", "features", "throttleSettings"})

    def create(self, ctx: Context, inputs: Props) -> str:
        """Set the role with which API Gateway writes logs."""
        _set_log_role(ctx, inputs.get("cloudwatchRoleArn", ""))
        return "api-gateway-account"

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the settings as they are."""
        del resource_id
        found = ctx.client("apigateway").get_account()
        throttle = found.get("throttleSettings", {})
        outputs = {
            "apiKeyVersion": found.get("apiKeyVersion", ""),
            "cloudwatchRoleArn": found.get("cloudwatchRoleArn") or "",
            "features": found.get("features") or [],
            "throttleSettings": [
                {"burstLimit": throttle.get("burstLimit", 0), "rateLimit": throttle.get("rateLimit", 0)}
            ],
        }
        return self.shown(inputs, outputs)

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Set the new role."""
        del resource_id, olds
        _set_log_role(ctx, news.get("cloudwatchRoleArn", ""))

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Take the role away: the official provider does so since version 7."""
        del resource_id, outputs
        _set_log_role(ctx, "")


def api_arn(ctx: Context, api_id: str) -> str:
    """Return the ARN under which API Gateway's own API knows a REST API."""
    return f"arn:{ctx.partition}:apigateway:{ctx.region}::/restapis/{api_id}"


def _listed(endpoint: Props) -> Props:
    return {**endpoint, "types": [endpoint["types"]]}


def _endpoint_change(olds: Props, news: Props) -> Operation:
    before, after = olds.get("endpointConfiguration", {}), news.get("endpointConfiguration", {})
    if changed(before, after) - {"types"}:
        raise RefusedError("BadRequestException", "AWS in a box changes only the types of endpointConfiguration")
    return replace(f"/endpointConfiguration/types/{before.get('types', 'EDGE')}", after.get("types", "EDGE"))


def _media_types(olds: Props, news: Props) -> list[Operation]:
    old, new = olds.get("binaryMediaTypes", []), news.get("binaryMediaTypes", [])
    dropped = [{**remove("/binaryMediaTypes"), "value": media_type} for media_type in old]
    return dropped + [{"op": "add", "path": "/binaryMediaTypes", "value": media_type} for media_type in new]


def _patch(ctx: Context, api_id: str, operations: list[Operation]) -> None:
    if operations:
        ctx.client("apigateway").update_rest_api(restApiId=api_id, patchOperations=operations)


def _set_log_role(ctx: Context, role_arn: str) -> None:
    if role_arn:
        try:
            ctx.client("iam").get_role(RoleName=role_arn.rpartition("/")[2])
        except Exception as error:
            if code_of(error) != "NoSuchEntity":
                raise
            message = f"The role ARN does not have required permissions set to API Gateway: {role_arn} does not exist"
            raise RefusedError("BadRequestException", message) from None
    ctx.client("apigateway").update_account(patchOperations=[replace("/cloudwatchRoleArn", role_arn)])


RESOURCES: tuple[Resource, ...] = (RestApi(), Account())
