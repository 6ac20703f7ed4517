"""What a client is told when an upstream answers with an error."""

import json
import math
import time
from collections.abc import Mapping
from typing import Any

from runtime.decide.retry_after import retry_after_seconds
from runtime.gateway.answers import INVALID_REQUEST, NO_RETRY, GatewayError
from runtime.gateway.deployment import Provider

PASSED_ERROR_FIELDS = ("message", "type", "param", "code")
RETRY_HEADERS = ("retry-after", "retry-after-ms", "x-should-retry")
MAXIMUM_ERROR_BYTES = 64 * 1024


def error_answer(provider: Provider, status: int, headers: Mapping[str, str], body: bytes, key: str) -> GatewayError:
    """Return the answer to a client for an upstream's answer of status 300 or more.

    The client's own mistakes (4xx) pass as the provider words them, in OpenAI's shape; what is not the client's fault
    becomes 502 or 504. `key` is the provider's key, which no wording may repeat.
    """
    name = provider.name
    retry = _retry_headers(headers)
    match status:
        case 401:
            message = (
                f"Provider {name} refused the stack's key. "
                f"Whoever runs the stack sets a valid one: leanto provider-key set {name}"
            )
            return GatewayError(502, "upstream_refused_key", message, headers=NO_RETRY)
        case 408:
            return GatewayError(
                504, "upstream_timeout", f"Provider {name} gave up waiting (status 408).", headers=retry
            )
        case _ if 400 <= status < 500:
            shaped = shape(body, key) or _plain(name, status)
            return GatewayError(status, "upstream_error", "", headers=retry, body=json.dumps(shaped).encode())
        case _ if status >= 500:
            return GatewayError(502, "upstream_error", f"Provider {name} failed with status {status}.", headers=retry)
        case _:
            message = f"Provider {name} answered with status {status}, which is not followed."
            return GatewayError(502, "upstream_error", message)


def _retry_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what an upstream says of trying again; a date as seconds, as the client's clock may be another."""
    found = {header: headers[header] for header in RETRY_HEADERS if header in headers}
    seconds = retry_after_seconds(headers, time.time())
    if "retry-after" in found:
        found["retry-after"] = "" if seconds is None else f"{math.ceil(seconds)}"
    return {header: value for header, value in found.items() if value}


def shape(body: bytes, key: str) -> dict[str, Any] | None:
    """Return an upstream's error document in OpenAI's shape, or None when there is no message to be found in it.

    Known forms: OpenAI's object with `error`, the same in a list (Google's OpenAI surface), `error` as text, and a bare
    `message` or `detail`.
    """
    try:
        document = json.loads(body.replace(key.encode(), b"[key]") if key else body)
    except (ValueError, RecursionError):
        return None
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return None
    error = document.get("error", document)
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, dict):
        return None
    message = error.get("message", error.get("detail"))
    if not isinstance(message, str):
        return None
    fields = {name: error.get(name) for name in PASSED_ERROR_FIELDS}
    return {"error": error | fields | {"message": message, "type": fields["type"] or INVALID_REQUEST}}


def _plain(name: str, status: int) -> dict[str, Any]:
    message = f"Provider {name} refused the request with status {status} and gave no reason that can be passed on."
    return {"error": {"message": message, "type": INVALID_REQUEST, "param": None, "code": "upstream_error"}}
