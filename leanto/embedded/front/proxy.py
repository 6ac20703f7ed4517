"""The answers of functions behind a proxy integration: whole as JSON, or streamed behind a prelude."""

import base64
import binascii
import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

SEPARATOR = b"\0" * 8
MAXIMUM_PRELUDE_BYTES = 16 * 1024
"""The prelude and its separator must come within this
(https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode-lambda.html)."""
DEFAULT_CONTENT_TYPE = "application/json"
_FRAMING = frozenset({"content-length", "keep-alive", "transfer-encoding", "trailer", "upgrade"})
_REMAPPED = frozenset({"authorization", "connection", "date", "host", "server", "user-agent", "www-authenticate"})
"""Headers that API Gateway keeps for itself: a function's go out as `x-amzn-remapped-...`."""


class MalformedResponseError(ValueError):
    """The function's answer is not of the form that a proxy integration takes."""


@dataclass(frozen=True)
class Head:
    """Status and headers of a response."""

    status: int
    headers: tuple[tuple[str, str], ...]


def whole_response(body: bytes) -> tuple[Head, bytes]:
    """Return the response that a function gave as one JSON document; raises MalformedResponseError."""
    document = _object(body)
    if "statusCode" not in document:
        raise MalformedResponseError("the answer has no statusCode")
    text = document.get("body") if document.get("body") is not None else ""
    if not isinstance(text, str):
        raise MalformedResponseError("the body of the answer is no text")
    try:
        content = base64.b64decode(text, validate=True) if document.get("isBase64Encoded") else text.encode()
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MalformedResponseError("the body of the answer is not what it says") from error
    return _head(document), content


async def streamed_response(pieces: AsyncGenerator[bytes, None]) -> tuple[Head, bytes]:
    """Read the prelude of a streamed response; return it and the first bytes of the body behind it.

    Raises MalformedResponseError, and whatever `pieces` raises.
    """
    begin = b""
    async for piece in pieces:
        begin += piece
        prelude, separator, body = begin.partition(SEPARATOR)
        if separator and len(prelude) + len(SEPARATOR) <= MAXIMUM_PRELUDE_BYTES:
            return _head(_object(prelude)), body
        if len(begin) > MAXIMUM_PRELUDE_BYTES:
            break
    raise MalformedResponseError("the stream has no prelude with eight NUL bytes behind it in its first 16 KB")


def _object(text: bytes) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise MalformedResponseError("the answer is no JSON") from error
    if not isinstance(document, dict):
        raise MalformedResponseError("the answer is no JSON object")
    return document


def _head(document: Mapping[str, Any]) -> Head:
    status = document.get("statusCode", 200)
    try:
        number = int(status)
        headers = [*_headers(document), *_cookies(document)]
    except (TypeError, ValueError, AttributeError) as error:
        raise MalformedResponseError("the status or the headers of the answer are malformed") from error
    if isinstance(status, bool) or not 100 <= number <= 599:
        raise MalformedResponseError(f"the answer has the status {status!r}")
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", DEFAULT_CONTENT_TYPE))
    return Head(number, tuple(headers))


def _headers(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the headers; a name in both tables counts once, with its values from the one for several."""
    several = {name.lower(): (name, values) for name, values in (document.get("multiValueHeaders") or {}).items()}
    single = {
        name.lower(): (name, [value])
        for name, value in (document.get("headers") or {}).items()
        if name.lower() not in several
    }
    pairs = [(name, str(value)) for name, values in (*single.values(), *several.values()) for value in values]
    return [(_renamed(name), value) for name, value in pairs if name.lower() not in _FRAMING]


def _renamed(name: str) -> str:
    return f"x-amzn-remapped-{name.lower()}" if name.lower() in _REMAPPED else name


def _cookies(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [("Set-Cookie", str(cookie)) for cookie in document.get("cookies") or ()]
