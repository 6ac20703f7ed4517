"""The answer on its way through content control: held back until it has been looked at."""

import json
from collections.abc import Mapping
from typing import Any

from runtime.decide.endpoints import EMBEDDINGS
from runtime.decide.guardrail import BLOCKED, MASKED
from runtime.gateway.answers import GatewayError
from runtime.gateway.attempts import Attempts
from runtime.gateway.control import Control, control_of
from runtime.gateway.filtered import taken_out, texts_of, with_texts
from runtime.gateway.held_stream import HeldEvents
from runtime.gateway.reply import Reply
from runtime.lambda_lifespan import Send

MAXIMUM_HELD_BYTES = 10 * 1024 * 1024


async def run_checked(attempts: Attempts, send: Send) -> None:
    """Have a request answered, its content checked as its route says."""
    control = control_of(attempts)
    if control is None:
        return await attempts.run()
    if control.check.on_output and attempts.request.endpoint != EMBEDDINGS:
        attempts.reply = CheckedReply(send, control, attempts)
    return await control.around(attempts)


class CheckedReply(Reply):
    """A response of which nothing goes out unseen; an answer that is not streamed is checked as a whole."""

    def __init__(self, send: Send, control: Control, attempts: Attempts):
        super().__init__(send)
        self.before_end = attempts.reply.before_end
        self._control = control
        self._endpoint = attempts.request.endpoint
        self._head: tuple[int, str, Mapping[str, str]] = (200, "", {})
        self._events = HeldEvents()
        self._cut = False

    async def start(self, status: int, content_type: str, headers: Mapping[str, str]) -> None:
        """Note how the response begins; it does so once something of it may go out.

        Until then another upstream may begin one in its place, and what is held of the first is nobody's.
        """
        self._head = status, content_type, headers
        self._events = HeldEvents()

    async def write(self, data: bytes) -> None:
        """Hold an event of a stream, and let go what is enough to be checked."""
        if not data:
            return
        self._events.add(data)
        most = self._control.check.buffer_characters
        if most and self._events.characters >= most:
            await super().write(await self._released())
        elif self._events.bytes > MAXIMUM_HELD_BYTES:
            message = f"The answer is longer than the {MAXIMUM_HELD_BYTES} bytes that can be held to be checked."
            raise GatewayError(502, "upstream_broken", message)

    async def end(self, data: bytes) -> None:
        """Check what is held of a stream, settle what the checks cost, and send it."""
        if data:
            self._events.add(data)
        last = await self._released(begins=False)
        await self._control.money.settle()
        await self._begin()
        await super().end(last)

    async def whole(self, status: int, content_type: str, headers: Mapping[str, str], data: bytes) -> None:
        """Check an answer that is whole, settle what that cost, and send it as it is left."""
        document: dict[str, Any] = json.loads(data)
        finding = await self._control.check_output(texts_of(document))
        if finding.action == BLOCKED:
            data = json.dumps(taken_out(document, self._endpoint)).encode()
        elif finding.action == MASKED:
            data = json.dumps(with_texts(document, finding.texts)).encode()
        await self._control.money.settle()
        await super().start(status, content_type, {"content-length": str(len(data)), **headers})
        await super().end(data)

    async def _begin(self) -> None:
        if not self.started:
            await super().start(*self._head)

    async def _released(self, *, begins: bool = True) -> bytes:
        """Return what may go out of what is held; after something was blocked, only the usage and the end."""
        events = self._events
        if self._cut:
            return events.take_silent()
        finding = await self._control.check_output(events.texts())
        if begins:
            await self._begin()
        if finding.action == BLOCKED:
            self._cut = True
            return events.cut() + events.take_silent()
        return events.take(finding.texts if finding.action == MASKED else None)
