"""Calls of Bedrock's ApplyGuardrail, signed by the function's role, with a deadline and a breaker of their own.

A call is made again only where the service said that it did nothing: what may have been billed is not repeated.
"""

import asyncio
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
from yarl import URL

from runtime.decide.guardrail import Charge, Finding, Piece, charge_of, finding_of
from runtime.gateway.content_check import ContentCheck
from runtime.gateway.services import Services
from runtime.log import now_iso, write_line
from runtime.sigv4 import Request

SERVICE = "bedrock"
INPUT, OUTPUT = "INPUT", "OUTPUT"
ATTEMPTS = 3
CALL_SECONDS = 5.0
CONNECT_SECONDS = 2.0
BACKOFF_SECONDS = 0.2
"""Upper bound of the first random pause; doubled for each further attempt."""

TOO_MANY_REQUESTS, SERVER_ERRORS = 429, 500
FREE_OF_CHARGE = Charge(0, 0, known=True)


@dataclass(frozen=True)
class Asked:
    """How a call ended: what was found, None when it failed, and what it cost.

    `failure` says why it failed in a word of ours, `unwell` whether the service is in trouble, `again` whether it said
    that it did nothing.
    """

    finding: Finding | None
    charge: Charge = FREE_OF_CHARGE
    failure: str = ""
    unwell: bool = False
    again: bool = False


@dataclass(frozen=True)
class Question:
    """Pieces of text to be looked at, until when (event loop's time), and what that costs at most."""

    check: ContentCheck
    source: str
    pieces: Sequence[Piece] = field(repr=False)
    by: float
    worst: int

    def body(self) -> bytes:
        """Return the body of the call."""
        content = [{"text": {"text": piece.text}} for piece in self.pieces]
        return json.dumps({"source": self.source, "content": content}).encode()

    def read(self, body: bytes) -> Asked:
        """Return what an answer of status 200 says; without a usage that has a price, it costs what was put aside."""
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):
            answer = None
        document: dict[str, Any] = answer if isinstance(answer, dict) else {}
        charge = charge_of(document, self.check.rates) or Charge(self.worst, 0, known=False)
        finding = finding_of(document, self.pieces)
        return Asked(finding, charge) if finding else Asked(None, charge, "malformed", unwell=True)


async def ask(services: Services, question: Question, request_id: str) -> Asked:
    """Have the pieces looked at; a failure is told, and never raised."""
    name = question.check.name
    await services.breakers.open_seconds((name,))
    leave = await services.breakers.enter(name)
    if leave is None:
        return _told(Asked(None, failure="left_alone"), name, request_id)
    asked = await _repeated(services, question)
    await (services.breakers.failed(leave) if asked.unwell else services.breakers.succeeded(leave))
    return asked if asked.finding else _told(asked, name, request_id)


def _told(asked: Asked, name: str, request_id: str) -> Asked:
    fields = {"guardrail": name, "reason": asked.failure, "request_id": request_id}
    write_line({"time": now_iso(), "level": "warning", "event": "guardrail_failed", **fields})
    return asked


async def _repeated(services: Services, question: Question) -> Asked:
    asked = Asked(None, failure="out_of_time")
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(random.uniform(0, BACKOFF_SECONDS * 2**attempt))  # noqa: S311 - jitter, no secret
        left = question.by - asyncio.get_running_loop().time()
        if left <= 0:
            break
        asked = await _asked(services, question, min(left, CALL_SECONDS))
        if not asked.again:
            break
    return asked


async def _asked(services: Services, question: Question, seconds: float) -> Asked:
    url, body = question.check.url, question.body()
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    signed = services.aws.sign(Request("POST", url, headers, body), SERVICE, datetime.now(UTC))
    timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS)
    try:
        async with services.session.post(
            URL(url, encoded=True), data=body, headers=signed, allow_redirects=False, timeout=timeout
        ) as response:
            status, answer = response.status, await response.read()
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
        return Asked(None, failure="unreachable", unwell=True, again=True)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        word = "too_slow" if isinstance(error, TimeoutError) else "broken"
        return Asked(None, Charge(question.worst, 0, known=False), word, unwell=True)
    if status < 300:
        return question.read(answer)
    is_passing = status == TOO_MANY_REQUESTS or status >= SERVER_ERRORS
    return Asked(None, failure=f"status_{status}", unwell=status >= SERVER_ERRORS, again=is_passing)
