"""A stream of server-sent events cut at its events' ends, so that what breaks off leaves no half event behind; pure."""

import re

MAXIMUM_HELD_BYTES = 1024 * 1024
"""An event longer than this is passed on in pieces: memory is worth more than its end."""

DONE = b"[DONE]"
"""The data of the event that ends a stream of OpenAI's."""


_NUMBER = re.compile(rb'"sequence_number"\s*:\s*(\d{1,18})')


class WholeEvents:
    """Gives back the bytes it is fed, in order and unchanged, one event at a time and each once it is whole.

    An event ends with an empty line. Without holding it, an error event sent after half an event would become part of
    the broken one, and the client's parser would report nonsense instead of the error. A comment between events, by
    which servers keep a connection alive, goes at once.
    """

    def __init__(self) -> None:
        self._event = bytearray()
        self._line = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events, or pieces of overlong ones, that may be passed on now."""
        if self._is_one_event(chunk):
            return [chunk]
        ready: list[bytes] = []
        *lines, self._line = (self._line + chunk).split(b"\n")
        for line in lines:
            is_comment = line.startswith(b":") and not self._event
            self._event += line + b"\n"
            if is_comment or not line.rstrip(b"\r"):
                ready.append(bytes(self._event))
                self._event.clear()
        if len(self._event) + len(self._line) > MAXIMUM_HELD_BYTES:
            ready.append(self.rest())
        return ready

    def _is_one_event(self, chunk: bytes) -> bool:
        """Whether a piece is surely one event and no more, as most are: then there is nothing to cut."""
        is_between = not self._event and not self._line and not chunk.startswith((b":", b"\n"))
        return is_between and 0 < chunk.find(b"\n\n") == len(chunk) - 2 and b"\r" not in chunk

    def rest(self) -> bytes:
        """Return what is held, when the stream has ended well without a last empty line."""
        rest = bytes(self._event) + self._line
        self._event.clear()
        self._line = b""
        return rest


def number_of(event: bytes) -> int | None:
    """Return the number of an event of the responses API; None for one without."""
    found = _NUMBER.search(event)
    return int(found[1]) if found else None


def data_of(event: bytes) -> bytes:
    """Return the data of an event, whose lines may be several; empty for one without."""
    lines = (line.removeprefix(b"data:").removeprefix(b" ") for line in event.splitlines() if line.startswith(b"data:"))
    return b"\n".join(lines)
