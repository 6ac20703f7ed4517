"""The binary stream in which AWS sends events, application/vnd.amazon.eventstream: messages with checksums; pure.

A message is a prelude (its length and that of its headers, four bytes each, and their CRC-32), headers, payload, and a
CRC-32 of all that: https://smithy.io/2.0/aws/amazon-eventstream.html.
"""

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.errors import SafeError

PRELUDE = struct.Struct(">III")
CHECKSUM = struct.Struct(">I")
MAXIMUM_HEADER_BYTES = 128 * 1024
MAXIMUM_PAYLOAD_BYTES = 24 * 1024 * 1024
"""As AWS's SDKs bound them."""

_FLAGS = {0: True, 1: False}
_NUMBERS = {2: struct.Struct(">b"), 3: struct.Struct(">h"), 4: struct.Struct(">i"), 5: struct.Struct(">q")}
_NUMBERS[8] = _NUMBERS[5]
_TEXT, _BYTES, _UUID = 7, 6, 9
_UUID_BYTES = 16

HeaderValue = bool | int | bytes | str


class EventStreamError(SafeError):
    """The bytes are no event stream, or were damaged on the way."""


@dataclass(frozen=True)
class Frame:
    """One message of the stream."""

    headers: Mapping[str, HeaderValue]
    payload: bytes = field(repr=False)

    def text(self, name: str) -> str:
        """Return a header that is text, or "" where there is none."""
        value = self.headers.get(name)
        return value if isinstance(value, str) else ""


class EventStreamDecoder:
    """Takes the stream in pieces cut anywhere, and gives each message once it is whole."""

    def __init__(self) -> None:
        self._held = bytearray()

    @property
    def is_between_frames(self) -> bool:
        """Whether all that came so far made whole messages."""
        return not self._held

    def feed(self, chunk: bytes) -> list[Frame]:
        """Return the messages that are whole now; raises EventStreamError at the first damaged one."""
        self._held += chunk
        frames = []
        while (length := self._next_length()) is not None and len(self._held) >= length:
            frames.append(_frame(bytes(self._held[:length])))
            del self._held[:length]
        return frames

    def _next_length(self) -> int | None:
        """Return the length of the next message, or None while its prelude is not whole."""
        if len(self._held) < PRELUDE.size:
            return None
        total, headers, checksum = PRELUDE.unpack_from(self._held)
        if zlib.crc32(self._held[:8]) != checksum:
            raise EventStreamError("a message's prelude does not match its checksum")
        payload = total - headers - PRELUDE.size - CHECKSUM.size
        if headers > MAXIMUM_HEADER_BYTES or not 0 <= payload <= MAXIMUM_PAYLOAD_BYTES:
            raise EventStreamError("a message's lengths are impossible")
        return int(total)


def _frame(message: bytes) -> Frame:
    end = len(message) - CHECKSUM.size
    if zlib.crc32(message[:end]) != CHECKSUM.unpack_from(message, end)[0]:
        raise EventStreamError("a message does not match its checksum")
    payload_at = PRELUDE.size + PRELUDE.unpack_from(message)[1]
    try:
        return Frame(_headers(message[PRELUDE.size : payload_at]), message[payload_at:end])
    except (IndexError, struct.error, UnicodeDecodeError):
        raise EventStreamError("a message's headers cannot be read") from None


def _headers(data: bytes) -> dict[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {}
    index = 0
    while index < len(data):
        name, index = _sized(data, index, ">B")
        value, index = _value(data, index + 1, data[index])
        key = name.decode("utf-8")
        if key in headers:
            raise EventStreamError("a message has a header twice")
        headers[key] = value
    return headers


def _value(data: bytes, index: int, kind: int) -> tuple[HeaderValue, int]:
    """Return the value of a header that begins at `index`, and where it ends."""
    if kind in _FLAGS:
        return _FLAGS[kind], index
    if kind in _NUMBERS:
        number = _NUMBERS[kind]
        return number.unpack_from(data, index)[0], index + number.size
    if kind in (_BYTES, _TEXT):
        value, end = _sized(data, index, ">H")
        return (value.decode("utf-8") if kind == _TEXT else value), end
    if kind == _UUID:
        return _exactly(data, index, _UUID_BYTES)
    raise EventStreamError("a message has a header of an unknown type")


def _sized(data: bytes, index: int, size: str) -> tuple[bytes, int]:
    length = struct.unpack_from(size, data, index)[0]
    return _exactly(data, index + struct.calcsize(size), length)


def _exactly(data: bytes, index: int, length: int) -> tuple[bytes, int]:
    if index + length > len(data):
        raise IndexError(index)
    return data[index : index + length], index + length
