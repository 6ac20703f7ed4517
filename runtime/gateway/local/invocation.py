"""An invocation of the relay, streamed: Lambda's InvokeWithResponseStream and the HTTP answer within it.

The event is that of a proxy integration, the answer has its form too: a JSON prelude with status and headers, eight
zero bytes, the body. Both travel as messages of an AWS event stream:
https://docs.aws.amazon.com/lambda/latest/api/API_InvokeWithResponseStream.html.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import aiohttp

from runtime.aws import Aws
from runtime.errors import SafeError
from runtime.gateway.eventstream import EventStreamDecoder, EventStreamError
from runtime.lambda_asgi import MAXIMUM_PRELUDE_BYTES, SEPARATOR
from runtime.sigv4 import Request

CONNECT_SECONDS = 2.0
MAXIMUM_EVENT_BYTES = 6 * 1024 * 1024
"""What Lambda takes as the payload of an invocation that is answered at once."""


class RelayError(SafeError):
    """The relay was not invoked, or its answer is not whole; `word` says how in one word."""

    def __init__(self, word: str, message: str):
        super().__init__(message)
        self.word = word


@dataclass(frozen=True)
class RelayRequest:
    """What the relay is told: the path at the node, headers, body."""

    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def event(self) -> bytes:
        """Return the event; raises RelayError when it is larger than Lambda takes."""
        fields = {"httpMethod": "POST", "path": self.path, "headers": dict(self.headers), "isBase64Encoded": False}
        event = json.dumps({**fields, "body": self.body.decode()}, ensure_ascii=False).encode()
        if len(event) > MAXIMUM_EVENT_BYTES:
            raise RelayError("too_large", f"the request is larger than the {MAXIMUM_EVENT_BYTES} bytes of an event")
        return event


class RelayAnswer:
    """The answer within the stream of one invocation; `headers` have small names."""

    def __init__(self, content: aiohttp.StreamReader):
        self._content = content
        self._decoder = EventStreamDecoder()
        self._held = bytearray()
        self._complete = False
        self.status = 0
        self.headers: dict[str, str] = {}

    @property
    def content_type(self) -> str:
        """The media type of the body, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def content(self) -> "RelayAnswer":
        """The body: this answer itself is read."""
        return self

    async def begin(self) -> None:
        """Wait for status and headers; raises RelayError when there are none."""
        while (end := self._held.find(SEPARATOR)) < 0:
            if self._complete or len(self._held) > MAXIMUM_PRELUDE_BYTES:
                raise RelayError("broken", "the relay answered without status and headers")
            await self._more()
        self.status, self.headers = _prelude(bytes(self._held[:end]))
        del self._held[: end + len(SEPARATOR)]

    async def readany(self) -> bytes:
        """Return the next piece of the body, empty at its end; raises RelayError when that is no proper end."""
        while not self._held and not self._complete:
            await self._more()
        piece = bytes(self._held)
        self._held.clear()
        return piece

    async def _more(self) -> None:
        """Take what has come; raises RelayError when the stream ended early, or the relay failed."""
        try:
            chunk = await self._content.readany()
            frames = self._decoder.feed(chunk)
        except (aiohttp.ClientError, EventStreamError) as error:
            raise RelayError("broken", f"the relay's answer broke off ({type(error).__name__})") from None
        for frame in frames:
            match frame.text(":event-type"):
                case "PayloadChunk":
                    self._held += frame.payload
                case "InvokeComplete":
                    _check_complete(frame.payload)
                    self._complete = True
                case _ if frame.text(":message-type") != "event":
                    raise RelayError("broken", "Lambda ended the relay's answer with an exception")
        if not chunk and not self._complete:
            raise RelayError("broken", "the relay's answer ended early")


@asynccontextmanager
async def invoked(
    session: aiohttp.ClientSession, aws: Aws, function: str, request: RelayRequest
) -> AsyncIterator[RelayAnswer]:
    """Invoke the relay and give its answer once status and headers are there; raises RelayError.

    Leaving early closes the connection. The caller bounds the time.
    """
    body = request.event()
    url = f"{aws.url('lambda')}/2021-11-15/functions/{quote(function, safe='')}/response-streaming-invocations"
    headers = aws.sign(Request("POST", url, {"Content-Type": "application/json"}, body), "lambda", datetime.now(UTC))
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
    try:
        response = await session.post(url, data=body, headers=headers, timeout=timeout, allow_redirects=False)
    except (aiohttp.ClientError, OSError) as error:
        raise RelayError("unreachable", f"the relay could not be invoked ({type(error).__name__})") from None
    async with response:
        if response.status != 200:
            word = "throttled" if response.status == 429 else "unreachable"
            raise RelayError(word, f"Lambda refused to invoke the relay (status {response.status})")
        answer = RelayAnswer(response.content)
        await answer.begin()
        yield answer


def _prelude(text: bytes) -> tuple[int, dict[str, str]]:
    try:
        prelude = json.loads(text)
        headers = prelude.get("headers") or {}
        return int(prelude["statusCode"]), {str(name).lower(): str(value) for name, value in headers.items()}
    except (ValueError, KeyError, AttributeError, TypeError):
        raise RelayError("broken", "the relay's status and headers are not in Lambda's form") from None


def _check_complete(payload: bytes) -> None:
    """Raise RelayError when the invocation ended in an error."""
    try:
        end: Any = json.loads(payload or b"{}")
    except ValueError:
        end = {"ErrorCode": "unreadable"}
    if isinstance(end, dict) and end.get("ErrorCode"):
        raise RelayError("broken", "the relay failed, or the node broke off its answer")
