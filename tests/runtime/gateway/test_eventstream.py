"""Claim: the decoder reads what botocore's reads, however it is cut, and takes no damaged byte for a message."""

import struct
import zlib
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer, ParserError
from hypothesis import given, settings
from hypothesis import strategies as st

from leanto.embedded.provider.eventstream import event, exception
from runtime.gateway.eventstream import EventStreamDecoder, EventStreamError, Frame

NUMBERS = {2: ">b", 3: ">h", 4: ">i", 5: ">q", 8: ">q"}


def number(kind: int) -> st.SearchStrategy[tuple[int, bytes]]:
    bits = 8 * struct.calcsize(NUMBERS[kind]) - 1
    return st.integers(-(2**bits), 2**bits - 1).map(lambda value: (kind, struct.pack(NUMBERS[kind], value)))


def sized(kind: int, values: st.SearchStrategy[bytes]) -> st.SearchStrategy[tuple[int, bytes]]:
    return values.map(lambda value: (kind, struct.pack(">H", len(value)) + value))


VALUES = st.one_of(
    st.sampled_from([(0, b""), (1, b"")]),
    *(number(kind) for kind in NUMBERS),
    sized(6, st.binary(max_size=8)),
    sized(7, st.text(max_size=8).map(str.encode)),
    st.binary(min_size=16, max_size=16).map(lambda value: (9, value)),
)
NAMES = st.text(min_size=1, max_size=8).filter(lambda name: len(name.encode()) < 256)


@st.composite
def message(draw: st.DrawFn) -> bytes:
    headers = draw(st.dictionaries(NAMES, VALUES, max_size=4))
    written = b"".join(
        bytes([len(name.encode())]) + name.encode() + bytes([kind]) + value for name, (kind, value) in headers.items()
    )
    payload = draw(st.binary(max_size=40))
    prelude = struct.pack(">II", 16 + len(written) + len(payload), len(written))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + written + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


def botocores(stream: bytes) -> list[tuple[dict[str, Any], bytes]]:
    buffer = EventStreamBuffer()
    buffer.add_data(stream)
    return [(found.headers, found.payload) for found in buffer]


def ours(*chunks: bytes) -> list[tuple[dict[str, Any], bytes]]:
    decoder = EventStreamDecoder()
    return [(dict(frame.headers), frame.payload) for chunk in chunks for frame in decoder.feed(chunk)]


@settings(max_examples=150)
@given(st.lists(message(), max_size=4), st.data())
def test_reads_what_botocore_reads_however_the_stream_is_cut(messages: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(messages)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=12)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert ours(*chunks) == botocores(stream)


def test_each_byte_may_come_alone() -> None:
    stream = event("messageStart", {"role": "assistant"}) + exception("throttlingException", "slow")
    pieces = [bytes([byte]) for byte in stream]
    assert ours(*pieces) == botocores(stream)
    assert len(ours(*pieces)) == 2


@settings(max_examples=150)
@given(message(), st.data())
def test_takes_no_damaged_byte_for_a_message(whole: bytes, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    damaged[index] ^= data.draw(st.integers(1, 255))
    try:
        theirs = botocores(bytes(damaged))
    except ParserError:
        theirs = None
    decoder = EventStreamDecoder()
    try:
        frames: list[Frame] | None = decoder.feed(bytes(damaged))
    except EventStreamError:
        frames = None
    assert not frames
    # What botocore refuses at once is refused at once, and not waited on for more bytes.
    assert (frames is None) == (theirs is None)
    assert not theirs


@settings(max_examples=150)
@given(st.binary(max_size=80))
def test_noise_is_an_error_or_not_yet_a_message_and_never_a_crash(noise: bytes) -> None:
    decoder = EventStreamDecoder()
    try:
        assert decoder.feed(noise) == []
    except EventStreamError:
        return
    assert decoder.is_between_frames is (not noise)


def sealed(headers: bytes, payload: bytes = b"", *, header_length: int | None = None) -> bytes:
    length = len(headers) if header_length is None else header_length
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), length)
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return whole + struct.pack(">I", zlib.crc32(whole))


@pytest.mark.parametrize(
    ("stream", "words"),
    [
        (sealed(b"\x01a\x00\x01a\x00"), "twice"),
        (sealed(b"\x01a\x0a"), "unknown type"),
        (sealed(b"\x01a\x07\x00\x05abc"), "cannot be read"),
        (sealed(b"\x01a\x07\x00\x01\xff"), "cannot be read"),
        (sealed(b"", header_length=9), "impossible"),
        (sealed(b"", header_length=200_000), "impossible"),
    ],
)
def test_what_is_sealed_well_but_senseless_is_refused(stream: bytes, words: str) -> None:
    with pytest.raises(EventStreamError, match=words):
        ours(stream)


def test_a_message_that_would_fill_the_memory_is_refused_by_its_prelude() -> None:
    prelude = struct.pack(">II", 2**32 - 1, 0)
    with pytest.raises(EventStreamError, match="impossible"):
        ours(prelude + struct.pack(">I", zlib.crc32(prelude)))


def test_the_payload_is_in_no_repr() -> None:
    assert "canary" not in repr(Frame({}, b"canary"))
