"""Claim: a stream's bytes pass in order and unchanged, and never end within an event before the stream does."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from runtime.gateway import events
from runtime.gateway.events import WholeEvents, data_of

STREAM = st.lists(st.sampled_from([b"data: {}", b"\n", b"\r\n", b"\n\n", b": c", b"x" * 50])).map(b"".join)


def cut(stream: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    return [stream[start:end] for start, end in pairwise(places)]


@given(STREAM, st.lists(st.integers(0)))
def test_any_cutting_gives_the_same_events_and_all_the_bytes(stream: bytes, cuts: list[int]) -> None:
    whole, pieces = WholeEvents(), WholeEvents()
    passed = [event for piece in cut(stream, cuts) for event in pieces.feed(piece)]
    assert passed == whole.feed(stream)
    assert all(event.endswith((b"\n\n", b"\n\r\n")) or len(event.splitlines()) == 1 for event in passed)
    assert b"".join(passed) + pieces.rest() == stream


def test_an_event_goes_as_soon_as_it_is_whole_and_not_before() -> None:
    stream = WholeEvents()
    assert stream.feed(b"event: x\nda") == []
    assert stream.feed(b"ta: 1\n\ndata: 2\n") == [b"event: x\ndata: 1\n\n"]
    assert stream.feed(b"\n") == [b"data: 2\n\n"]


def test_a_comment_between_events_goes_at_once_as_it_keeps_the_connection_alive() -> None:
    stream = WholeEvents()
    assert stream.feed(b": still here\n") == [b": still here\n"]
    assert stream.feed(b"data: 1\n: within\n") == []


def test_an_event_without_an_end_is_not_held_beyond_the_bound() -> None:
    stream = WholeEvents()
    half = b"x" * (events.MAXIMUM_HELD_BYTES // 2)
    assert stream.feed(half) == []
    assert stream.feed(half) == []
    assert stream.feed(b"yz") == [half + half + b"yz"]


def test_the_data_of_an_event_are_its_data_lines_joined() -> None:
    assert data_of(b'event: x\r\ndata: {"a":\r\ndata:1}\r\nid: 7\r\n\r\n') == b'{"a":\n1}'
    assert data_of(b": comment\n\n") == b""
