"""What the caller of a function gets: the response in pieces or whole, or the failure that came in its place."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from leanto.embedded.functions.exchange import BrokenResponseError, Exchange, Failure
from leanto.embedded.functions.logs import OutputLog


class Invocation:
    """An invocation whose response has begun, or that has failed before it could.

    Read it by `pieces` or `read`. Whoever stops reading does not stop the function: as in Lambda, it runs to its end.
    """

    def __init__(self, exchange: Exchange, log: OutputLog | None) -> None:
        self._exchange = exchange
        self._log = log

    @property
    def request_id(self) -> str:
        """Lambda's id of this invocation."""
        return self._exchange.request_id

    @property
    def content_type(self) -> str:
        """What the function says its response is; one for an HTTP integration begins with a prelude."""
        return self._exchange.content_type

    @property
    def failure(self) -> Failure | None:
        """Why there is no response; None when one has begun, even if it was broken off since."""
        return None if self._exchange.responding else self._exchange.failure

    async def pieces(self) -> AsyncGenerator[bytes]:
        """Yield the response as it comes; raises BrokenResponseError when the function breaks it off."""
        try:
            async with aclosing(self._exchange.pieces()) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self.abandon()

    async def read(self) -> tuple[bytes, Failure | None]:
        """Return the whole response, and the failure if there was one, before the response or in its middle."""
        whole = bytearray()
        try:
            async with aclosing(self.pieces()) as pieces:
                async for piece in pieces:
                    whole += piece
        except BrokenResponseError as error:
            return bytes(whole), error.failure
        return bytes(whole), None

    def abandon(self) -> None:
        """Read no more. Needed only by who has not begun to: `pieces` does it when its reader leaves."""
        self._exchange.abandon()

    def log_tail(self) -> str:
        """Return the last lines that the environment has printed."""
        return self._log.tail() if self._log is not None else ""
