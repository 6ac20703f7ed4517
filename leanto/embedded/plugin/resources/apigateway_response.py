"""`aws:apigateway/response:Response`: a gateway response, what API Gateway answers by itself in one kind of refusal."""

import re

from leanto.embedded.front.catalogue import REFUSALS, RESPONSE_TYPES
from leanto.embedded.plugin.errors import absent
from leanto.embedded.plugin.gateway_calls import MISSING, renamed
from leanto.embedded.plugin.kept import KeptResource
from leanto.embedded.plugin.resource import Context, Props, Resource

_STATUS = re.compile(r"[1-5]\d\d")


class GatewayResponse(KeptResource):
    """What API Gateway answers by itself in one kind of refusal."""

    token = "aws:apigateway/response:Response"
    accepts = frozenset({"responseParameters", "responseTemplates", "responseType", "restApiId", "statusCode"})
    replace_on = frozenset({"responseType", "restApiId"})
    required = replace_on

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what API Gateway or the box refuses."""
        problems = super().validate(inputs)
        kind = inputs.get("responseType", "DEFAULT_4XX")
        if kind not in RESPONSE_TYPES:
            problems.append(("responseType", f"is {kind!r}, API Gateway takes {', '.join(sorted(RESPONSE_TYPES))}"))
        status = str(inputs.get("statusCode", "400"))
        if not _STATUS.fullmatch(status):
            problems.append(("statusCode", f"is {status!r}, API Gateway takes a text of three digits from 100 to 599"))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Put the response in place of API Gateway's own."""
        ctx.client("apigateway").put_gateway_response(
            **renamed(inputs, {key: key for key in ("restApiId", "responseType", "statusCode")}),
            responseParameters=inputs.get("responseParameters", {}),
            responseTemplates=inputs.get("responseTemplates", {}),
        )
        return f"aggr-{inputs['restApiId']}-{inputs['responseType']}"

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the response as it is."""
        with absent(MISSING):
            api_id, kind = _response_key(resource_id, inputs)
            found = ctx.client("apigateway").get_gateway_response(restApiId=api_id, responseType=kind)
            outputs = {
                "restApiId": api_id,
                "responseType": kind,
                "statusCode": str(found.get("statusCode") or _default_status(kind)),
                "responseParameters": found.get("responseParameters", {}),
                "responseTemplates": found.get("responseTemplates", {}),
            }
            return self.shown(inputs, outputs)
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Put the new response in place of the old."""
        del resource_id, olds
        self.create(ctx, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Go back to API Gateway's own response."""
        with absent(MISSING):
            api_id, kind = _response_key(resource_id, outputs)
            ctx.client("apigateway").delete_gateway_response(restApiId=api_id, responseType=kind)


def _response_key(resource_id: str, props: Props) -> tuple[str, str]:
    """Return (API id, response type), from the id where `props` are empty, as on import."""
    _, api_id, kind = resource_id.split("-", 2)
    return str(props.get("restApiId", api_id)), str(props.get("responseType", kind))


def _default_status(kind: str) -> str:
    return str(REFUSALS[kind].status) if kind in REFUSALS else ""


RESOURCES: tuple[Resource, ...] = (GatewayResponse(),)
