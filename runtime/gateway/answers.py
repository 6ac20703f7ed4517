"""Errors as OpenAI's API shapes them, so that its client libraries raise the exceptions that their users expect."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

INVALID_REQUEST = "invalid_request_error"
SERVER_ERROR = "server_error"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
NO_RETRY: Mapping[str, str] = MappingProxyType({"x-should-retry": "false"})
"""OpenAI's clients repeat a request after every 5xx unless this header says that it is of no use."""


class GatewayError(Exception):
    """An answer other than success; it is sent to the client, so it names nothing of other keys and no secret.

    `body` replaces the shaped error where an upstream's own is passed through.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes | None = None,
    ):
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.param = param
        self.headers = headers
        self.body = body

    def document(self) -> dict[str, Any]:
        """Return the error as OpenAI's API writes it."""
        kind = INVALID_REQUEST if self.status < 500 else SERVER_ERROR
        return {"error": {"message": self.message, "type": kind, "param": self.param, "code": self.code}}

    def json(self) -> bytes:
        """Return the body of the answer."""
        return self.body if self.body is not None else json.dumps(self.document()).encode()

    def event(self) -> bytes:
        """Return the error as a server-sent event, for a stream that has begun; ends an event that was begun."""
        return b"\ndata: " + json.dumps(self.document()).encode() + b"\n\n"

    def numbered_event(self, number: int) -> bytes:
        """Return the error as an event of the responses API, whose events are numbered."""
        document = {"code": self.code, "message": self.message, "param": self.param, "sequence_number": number}
        return b"\nevent: error\ndata: " + json.dumps({"type": "error"} | document).encode() + b"\n\n"


class ClientGoneError(Exception):
    """The client hung up; there is nobody to answer."""
