"""A stream of server-sent events cut at its line ends, so that what breaks off leaves no half line behind; pure."""

MAXIMUM_HELD_BYTES = 1024 * 1024
"""A line longer than this is passed on in pieces: memory is worth more than its end."""


class WholeLines:
    """Gives back the bytes it is fed, in order and unchanged, but holds a line until it is whole.

    Without that, an error event sent after half a line would become part of the broken line, and the client's parser
    would report nonsense instead of the error.
    """

    def __init__(self) -> None:
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """Return what may be passed on now; possibly nothing."""
        end = chunk.rfind(b"\n") + 1
        if end == 0 and len(self._held) + len(chunk) <= MAXIMUM_HELD_BYTES:
            self._held += chunk
            return b""
        end = end or len(chunk)
        ready, self._held = self._held + chunk[:end], chunk[end:]
        return ready

    def rest(self) -> bytes:
        """Return what is held when the stream has ended well without a last line end."""
        rest, self._held = self._held, b""
        return rest
