"""One invocation on its way through an execution environment: the event in, the response out in pieces, or an error."""

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

WAITING_CHUNKS = 256
"""How many pieces of a response may wait for a slow reader before the function is made to wait as well."""


@dataclass(frozen=True)
class Failure:
    """Why a function gave no response, or broke one off; `payload` is the JSON that Lambda answers with."""

    error_type: str
    payload: bytes = field(repr=False)

    @property
    def message(self) -> str:
        """The `errorMessage` of the payload; empty when it has none."""
        try:
            document = json.loads(self.payload)
        except ValueError:
            return ""
        return str(document.get("errorMessage", "")) if isinstance(document, dict) else ""


def failure(error_type: str, message: str) -> Failure:
    """Return a failure that Lambda itself reports."""
    return Failure(error_type, json.dumps({"errorType": error_type, "errorMessage": message}).encode())


class BrokenResponseError(Exception):
    """The function failed in the middle of its response; what had come until then was handed out."""

    def __init__(self, broken_by: Failure) -> None:
        super().__init__(broken_by.error_type)
        self.failure = broken_by


class Exchange:
    """An event and its response. The environment fills it; the invoker reads it, or gives up and lets it drain."""

    def __init__(self, payload: bytes, deadline_ms: int) -> None:
        self.request_id = str(uuid.uuid4())
        self.payload = payload
        self.deadline_ms = deadline_ms
        self.content_type = ""
        self.failure: Failure | None = None
        self.responding = False
        """Whether the function has begun to respond, so that a failure has broken a response off."""
        self.ended = asyncio.Event()
        """Set when the function has done with this invocation, whoever reads it."""
        self._begun = asyncio.Event()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue(WAITING_CHUNKS)
        self._abandoned = False

    @property
    def begun(self) -> bool:
        """Whether there is a response or an error already, so that there can be no other."""
        return self._begun.is_set()

    def begin(self, content_type: str) -> None:
        """Take the start of the response."""
        self.content_type = content_type
        self.responding = True
        self._begun.set()

    async def give(self, piece: bytes) -> None:
        """Take a piece of the response; waits while the reader is too far behind."""
        if piece and not self._abandoned:
            await self._pieces.put(piece)

    def end(self, broken_by: Failure | None = None) -> None:
        """Take the end of the response, or the error in its place; a second end is ignored."""
        if self.ended.is_set():
            return
        self.failure = broken_by
        self.ended.set()
        self._begun.set()
        self._mark_end()

    def abandon(self) -> None:
        """Read no more: the function goes on to its end, and nobody waits for its bytes."""
        self._abandoned = True
        while not self._pieces.empty():
            self._pieces.get_nowait()

    async def wait_begun(self) -> None:
        """Wait for the first sign of a response or of an error."""
        await self._begun.wait()

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Yield the response as it comes; raises BrokenResponseError at the end if it was broken off."""
        while not (self.ended.is_set() and self._pieces.empty()):
            piece = await self._pieces.get()
            if piece is not None:
                yield piece
        if self.failure is not None:
            raise BrokenResponseError(self.failure)

    def _mark_end(self) -> None:
        """Wake a waiting reader; a full queue has no waiting reader, and an empty mark is not needed then."""
        if not self._pieces.full():
            self._pieces.put_nowait(None)
