"""`aws:apigateway/integration:Integration`: what a method calls."""

from types import MappingProxyType

from leanto.embedded.plugin.errors import absent
from leanto.embedded.plugin.gateway_calls import MISSING, method_key, method_of, method_problem, renamed
from leanto.embedded.plugin.kept import KeptResource, outside
from leanto.embedded.plugin.resource import Context, Props, Resource

BUFFERED_TIMEOUT_MILLISECONDS = (50, 29_000)
STREAM_TIMEOUT_MILLISECONDS = (50, 900_000)
"""What an account may set without a raised quota
(https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html)."""


class Integration(KeptResource):
    """A function behind a method, as a proxy, buffered or streamed."""

    token = "aws:apigateway/integration:Integration"
    accepts = frozenset(
        {
            "cacheNamespace", "connectionType", "credentials", "httpMethod", "integrationHttpMethod",
            "passthroughBehavior", "resourceId", "responseTransferMode", "restApi",
            "timeoutMilliseconds", "type", "uri",
        }
    )  # fmt: skip
    replace_on = frozenset(
        {
            "credentials", "httpMethod", "integrationHttpMethod", "passthroughBehavior", "resourceId", "restApi",
            "type",
        }
    )  # fmt: skip
    required = frozenset({"httpMethod", "resourceId", "restApi", "type"})
    defaults = MappingProxyType({"connectionType": "INTERNET", "timeoutMilliseconds": 29_000})
    side_stored = frozenset({"responseTransferMode"})

    def validate(self, inputs: Props) -> list[tuple[str, str]]:
        """Return what API Gateway or the box refuses."""
        problems = [*super().validate(inputs), *method_problem(inputs)]
        if inputs.get("type", "AWS_PROXY") != "AWS_PROXY":
            problems.append(("type", f"is {inputs['type']!r}, AWS in a box plays AWS_PROXY only"))
        if inputs.get("connectionType", "INTERNET") != "INTERNET":
            problems.append(("connectionType", f"is {inputs['connectionType']!r}, AWS in a box plays INTERNET only"))
        if inputs.get("integrationHttpMethod", "POST") != "POST":
            problems.append(
                ("integrationHttpMethod", f"is {inputs['integrationHttpMethod']!r}, functions are invoked by POST")
            )
        return problems + _transfer_problems(inputs)

    def create(self, ctx: Context, inputs: Props) -> str:
        """Put the integration on its method."""
        identity = f"agi-{inputs['restApi']}-{inputs['resourceId']}-{inputs['httpMethod']}"
        self._put(ctx, identity, inputs)
        return identity

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the integration as it is; one that was deleted reads as nothing."""
        key = method_of(resource_id, inputs)
        with absent(MISSING):
            found = ctx.client("apigateway").get_method(**method_key(key)).get("methodIntegration")
            if not found:
                return None
            outputs = {
                "responseTransferMode": "BUFFERED",
                **self.kept(ctx, resource_id),
                **key,
                "cacheNamespace": found.get("cacheNamespace") or key["resourceId"],
                "connectionType": found.get("connectionType") or "INTERNET",
                "credentials": found.get("credentials") or "",
                "integrationHttpMethod": found.get("httpMethod") or "",
                "passthroughBehavior": found.get("passthroughBehavior") or "WHEN_NO_MATCH",
                "timeoutMilliseconds": int(found.get("timeoutInMillis") or 29_000),
                "type": found["type"],
                "uri": found.get("uri") or "",
            }
            return self.shown(inputs, outputs)
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Put the new integration in place of the old, which moto cannot change."""
        del olds
        self._put(ctx, resource_id, news)

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Take the integration off its method."""
        del resource_id
        client = ctx.client("apigateway")
        with absent(MISSING):
            if client.get_method(**method_key(outputs)).get("methodIntegration"):
                client.delete_integration(**method_key(outputs))

    def _put(self, ctx: Context, resource_id: str, inputs: Props) -> None:
        client = ctx.client("apigateway")
        client.get_method(**method_key(inputs))
        names = {key: key for key in ("cacheNamespace", "connectionType", "credentials", "passthroughBehavior")}
        names |= {key: key for key in ("integrationHttpMethod", "type", "uri")}
        names["timeoutMilliseconds"] = "timeoutInMillis"
        client.put_integration(**method_key(inputs), **renamed(inputs, names))
        self.keep(ctx, resource_id, inputs)


def _transfer_problems(inputs: Props) -> list[tuple[str, str]]:
    mode = inputs.get("responseTransferMode", "BUFFERED")
    if mode not in {"BUFFERED", "STREAM"}:
        return [("responseTransferMode", f"is {mode!r}, API Gateway takes BUFFERED or STREAM")]
    low, high = STREAM_TIMEOUT_MILLISECONDS if mode == "STREAM" else BUFFERED_TIMEOUT_MILLISECONDS
    problems = []
    timeout = inputs.get("timeoutMilliseconds")
    if outside(timeout, low, high):
        problems.append(
            ("timeoutMilliseconds", f"is {timeout}, API Gateway takes {low} to {high} milliseconds with {mode}")
        )
    streams = "/response-streaming-invocations" in inputs.get("uri", "")
    if "uri" in inputs and streams is not (mode == "STREAM"):
        wanted = "responseStreamingInvokeArn" if mode == "STREAM" else "invokeArn"
        problems.append(("uri", f"does not fit responseTransferMode {mode}: use the function's {wanted}"))
    return problems


RESOURCES: tuple[Resource, ...] = (Integration(),)
