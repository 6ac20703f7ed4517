"""API Gateway's patch operations, and what several of its resource types check or spell alike."""

from collections.abc import Callable, Mapping
from typing import Any

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.errors import RefusedError, absent
from leanto.embedded.plugin.resource import Context, Props

MISSING = "NotFoundException"
HTTP_METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")

Operation = dict[str, str]


def replace(path: str, value: object) -> Operation:
    """Return the operation that sets `path`; truths and numbers are sent as text, as the API wants them."""
    return {"op": "replace", "path": path, "value": str(value).lower() if isinstance(value, bool) else str(value)}


def remove(path: str) -> Operation:
    """Return the operation that removes `path`."""
    return {"op": "remove", "path": path}


def changed(olds: Mapping[str, Any], news: Mapping[str, Any]) -> frozenset[str]:
    """Return the inputs in which two runs differ."""
    return frozenset(key for key in {*olds, *news} if olds.get(key) != news.get(key))


def renamed(inputs: Mapping[str, Any], names: Mapping[str, str]) -> Props:
    """Return the inputs that are set under the names of the API."""
    return {api: inputs[key] for key, api in names.items() if key in inputs}


def retag(ctx: Context, arn: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> None:
    """Bring the tags of an API or a stage from the inputs `olds` to `news`."""
    client = ctx.client("apigateway")
    removed, added = tags.changes(olds, news)
    if removed:
        client.untag_resource(resourceArn=arn, tagKeys=removed)
    if added:
        client.tag_resource(resourceArn=arn, tags=added)


def method_problem(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what is wrong with `httpMethod`."""
    method = inputs.get("httpMethod", "ANY")
    if method in HTTP_METHODS:
        return []
    return [("httpMethod", f"is {method!r}, API Gateway takes {', '.join(HTTP_METHODS)}")]


def method_key(props: Mapping[str, Any]) -> Props:
    """Return what names a method, as the API takes it."""
    return renamed(props, {"restApi": "restApiId", "resourceId": "resourceId", "httpMethod": "httpMethod"})


def method_of(resource_id: str, props: Mapping[str, Any]) -> Props:
    """Return the inputs that name a method or its integration; on import they are taken from the id."""
    names = ("restApi", "resourceId", "httpMethod")
    if all(name in props for name in names):
        return {name: props[name] for name in names}
    return dict(zip(names, resource_id.split("-")[1:], strict=True))


def api_of(ctx: Context, props: Mapping[str, Any], find: Callable[[str], object]) -> str:
    """Return the id of the API to which a resource belongs; on import every API is asked by `find`."""
    if "restApi" in props:
        return str(props["restApi"])
    for api in ctx.client("apigateway").get_paginator("get_rest_apis").paginate().search("items[]"):
        with absent(MISSING):
            if find(api["id"]):
                return str(api["id"])
    return "none"


def check_log_role(ctx: Context) -> None:
    """Refuse logging while the account has no role for it, as API Gateway does and moto does not."""
    if not ctx.client("apigateway").get_account().get("cloudwatchRoleArn"):
        message = "CloudWatch Logs role ARN must be set in account settings to enable logging"
        raise RefusedError("BadRequestException", message)
