"""API Gateway's proxy event (format 1.0) as an ASGI scope and body; pure.

The event is described at https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from runtime.errors import SafeError

EXTENSION = "leanto.request"
"""Name of the ASGI extension that carries what API Gateway knows of a request: identity, id, deadline."""


class ProxyEventError(SafeError):
    """The function was invoked with something that API Gateway's proxy integration does not send."""


def asgi_request(event: Any, *, deadline: float, trace_id: str) -> tuple[dict[str, Any], bytes]:
    """Return the ASGI scope and the whole body of a proxy event.

    `deadline` is the event loop's time at which Lambda ends the invocation. The scope's extension `leanto.request`
    holds `authorizer` (what the authorizer said, empty if none ran), `request_id` (API Gateway's), `deadline` and
    `trace_id`.
    Raises ProxyEventError, and nothing else, without quoting the event.
    """
    if not isinstance(event, Mapping) or not isinstance(event.get("httpMethod"), str):
        raise ProxyEventError("the event is not an API Gateway proxy event of format 1.0")
    try:
        return _request(event, deadline, trace_id)
    except (AttributeError, TypeError, ValueError):
        # What is not of the type that it has in every such event, or is half of a surrogate pair.
        raise ProxyEventError("the event is a proxy event with members of the wrong type") from None


def _request(event: Mapping[str, Any], deadline: float, trace_id: str) -> tuple[dict[str, Any], bytes]:
    context = event.get("requestContext") or {}
    path = _path(event)
    known = {
        "authorizer": dict(context.get("authorizer") or {}),
        "request_id": str(context.get("requestId") or ""),
        "deadline": deadline,
        "trace_id": trace_id,
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": event["httpMethod"].upper(),
        "scheme": "https",
        "path": path,
        "raw_path": quote(path).encode("ascii"),
        "root_path": "",
        "query_string": _query(event),
        "headers": _headers(event),
        "client": ((context.get("identity") or {}).get("sourceIp") or "", 0),
        "server": (context.get("domainName") or "", 443),
        "extensions": {EXTENSION: known},
    }
    return scope, _body(event)


def _path(event: Mapping[str, Any]) -> str:
    """Return the path below the stage.

    Taken from the resource and its parameters where they are given: the event's own path also holds the base path of a
    custom domain, which the application does not know.
    """
    path = str(event.get("resource") or event.get("path") or "/")
    for name, value in (event.get("pathParameters") or {}).items():
        path = path.replace(f"{{{name}}}", str(value)).replace(f"{{{name}+}}", str(value))
    return path


def _pairs(multiple: Any, single: Any) -> Iterable[tuple[str, str]]:
    """Yield (name, value) from a multi-value table, or from the single-value one where that is all there is."""
    if multiple:
        for name, values in multiple.items():
            for value in values or ():
                yield name, str(value)
    else:
        yield from ((name, str(value)) for name, value in (single or {}).items())


def _query(event: Mapping[str, Any]) -> bytes:
    pairs = _pairs(event.get("multiValueQueryStringParameters"), event.get("queryStringParameters"))
    return urlencode(list(pairs)).encode("ascii")


def _headers(event: Mapping[str, Any]) -> list[tuple[bytes, bytes]]:
    pairs = _pairs(event.get("multiValueHeaders"), event.get("headers"))
    return [(name.lower().encode("utf-8"), value.encode("utf-8")) for name, value in pairs]


def _body(event: Mapping[str, Any]) -> bytes:
    body = event.get("body") or ""
    if not isinstance(body, str):
        raise ProxyEventError("the event's body is not text")
    if not event.get("isBase64Encoded"):
        return body.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise ProxyEventError("the event's body says that it is base64 but is not") from None
