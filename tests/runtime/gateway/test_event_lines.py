"""Claim: a stream's bytes pass in order and unchanged, and never end within a line before the stream does."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from runtime.gateway import event_lines
from runtime.gateway.event_lines import WholeLines

STREAM = st.lists(st.sampled_from([b"data: {}", b"\n", b"\r\n", b"\n\n", b": c", b"x" * 50])).map(b"".join)


def cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [stream[start:end] for start, end in pairwise(places)]


@given(STREAM, st.lists(st.integers(0)))
def test_any_cutting_gives_the_same_bytes_and_only_whole_lines(stream: bytes, cuts: list[int]) -> None:
    lines = WholeLines()
    passed = [lines.feed(piece) for piece in cut(stream, cuts)]
    assert all(piece == b"" or piece.endswith(b"\n") for piece in passed)
    assert b"".join(passed) == stream[: stream.rfind(b"\n") + 1]
    assert b"".join(passed) + lines.rest() == stream


def test_a_line_end_lets_everything_before_it_go_at_once() -> None:
    lines = WholeLines()
    assert lines.feed(b"da") == b""
    assert lines.feed(b"ta: 1\n\nda") == b"data: 1\n\n"


def test_a_line_without_an_end_is_not_held_beyond_the_bound() -> None:
    lines = WholeLines()
    half = b"x" * (event_lines.MAXIMUM_HELD_BYTES // 2)
    assert lines.feed(half) == b""
    assert lines.feed(half) == b""
    assert lines.feed(b"yz") == half + half + b"yz"
