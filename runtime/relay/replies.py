"""Answers of the relay: its own, and the heads of nodes' answers, told apart by one header."""

import json
from collections.abc import Mapping

from runtime.decide.relaying import COME_FROM, REASON
from runtime.lambda_lifespan import Message, Send

PASSED = ("content-type", "retry-after", REASON, "x-request-id")


def head(status: int, headers: Mapping[str, str]) -> Message:
    """Return the start of a node's answer, with the headers that clients or the gateway have a use for."""
    known = {name.lower(): value for name, value in headers.items()}
    pairs = [(name.encode(), known[name].encode("latin-1", "replace")) for name in PASSED if name in known]
    return {"type": "http.response.start", "status": status, "headers": pairs}


async def refusal(send: Send, status: int, code: str, message: str) -> None:
    """Answer in place of a node: `code` is one of refused, unreachable, untrusted, timeout and broken."""
    body = json.dumps({"error": {"message": message, "type": "relay_error", "code": code}}).encode()
    headers = [(b"content-type", b"application/json"), (COME_FROM.encode(), code.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
