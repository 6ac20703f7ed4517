"""What a client is told when Bedrock refuses a request or breaks off an answer; pure.

A client's own mistakes pass in AWS's words. What AWS says of roles, accounts and quotas is for the log of whoever runs
the stack, not for clients, so of that only the kind is told.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from runtime.gateway.answers import NO_RETRY, GatewayError

KINDS: Mapping[str, int] = MappingProxyType(
    {
        "accessdeniedexception": 403,
        "expiredtokenexception": 403,
        "incompletesignatureexception": 403,
        "internalserverexception": 500,
        "invalidsignatureexception": 403,
        "missingauthenticationtokenexception": 403,
        "modelerrorexception": 424,
        "modelnotreadyexception": 429,
        "modelstreamerrorexception": 424,
        "modeltimeoutexception": 408,
        "resourcenotfoundexception": 404,
        "servicequotaexceededexception": 429,
        "serviceunavailableexception": 503,
        "throttlingexception": 429,
        "unrecognizedclientexception": 403,
        "validationexception": 400,
    }
)
"""Status by exception, as the service model of bedrock-runtime and AWS's common errors give it; names in small letters,
as the stream writes them with a small first one and the header with a capital."""

_NO_ACCESS = (
    502,
    "upstream_access_denied",
    "Provider {name} does not let the stack's role use this model. Whoever runs the stack asks for access to it.",
)
TOLD: Mapping[int, tuple[int, str, str]] = MappingProxyType(
    {
        401: _NO_ACCESS,
        403: _NO_ACCESS,
        404: (
            502,
            "upstream_model_not_found",
            "Provider {name} does not have this model in the stack's region, or has it no more.",
        ),
        408: (504, "upstream_timeout", "Provider {name} gave up waiting for the model."),
        424: (502, "upstream_error", "The model failed at provider {name}."),
        429: (
            429,
            "rate_limit_exceeded",
            "Provider {name} answers no more requests for now: its quota of the account is used up.",
        ),
    }
)
"""Status, code and text for clients, by Bedrock's status, where its own words are not passed on."""

OPERATORS = frozenset({401, 403, 404})
"""What only whoever runs the stack can mend, so that no client need try again."""

RETRY_HEADERS = ("retry-after",)


def http_error(name: str, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
    """Return the answer for an HTTP answer of status 300 or more; `headers` have small names."""
    kind = headers.get("x-amzn-errortype", "").split(":")[0]
    retry = {header: headers[header] for header in RETRY_HEADERS if header in headers}
    return told(name, KINDS.get(kind.lower(), status), _message(body), retry)


def stream_error(name: str, kind: str, payload: bytes) -> GatewayError:
    """Return the error for an exception, or an error, inside a stream."""
    return told(name, KINDS.get(kind.lower(), 500), _message(payload), {})


def told(name: str, status: int, message: str, retry: Mapping[str, str]) -> GatewayError:
    """Return the error that a client gets for one of Bedrock's, by its status."""
    if status in TOLD:
        shown, code, text = TOLD[status]
        headers = NO_RETRY if status in OPERATORS else retry
        return GatewayError(shown, code, text.format(name=name), headers=headers)
    if 400 <= status < 500:
        text = message or f"Provider {name} refused the request with status {status} and gave no reason."
        return GatewayError(status, "upstream_error", text)
    return GatewayError(502, "upstream_error", f"Provider {name} failed with status {status}.", headers=retry)


def _message(body: bytes) -> str:
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    found = (document.get("message") or document.get("Message")) if isinstance(document, dict) else None
    return found if isinstance(found, str) else ""
