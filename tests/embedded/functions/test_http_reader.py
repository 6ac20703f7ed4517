"""Claim: bodies are read in the pieces in which they come, however they arrive, and a broken one is never whole."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanto.embedded.functions.http_reader import BadRequestError, Reader, read_head

CHUNKED = (
    b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX-A:  1 \r\n\r\n"
    b"3\r\nabc\r\n1;ext=1\r\nd\r\n0\r\nTrailer-One: t\r\n\r\n"
)
COUNTED = b"POST /x HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd"


async def read(content: bytes, cuts: list[int]) -> tuple[list[bytes], dict[str, str]]:
    stream = asyncio.StreamReader()
    edges = sorted({0, len(content), *(cut % len(content) for cut in cuts)})

    async def feed() -> None:
        for start, end in pairwise(edges):
            stream.feed_data(content[start:end])
            await asyncio.sleep(0)
        stream.feed_eof()

    feeding = asyncio.ensure_future(feed())
    head = await read_head(stream)
    assert head is not None
    reader = Reader(stream, head)
    pieces = [piece async for piece in reader.pieces()]
    await feeding
    assert await read_head(stream) is None
    return pieces, dict(reader.trailers)


@given(st.lists(st.integers(0, 200)))
def test_chunks_and_trailers_survive_any_cut(cuts: list[int]) -> None:
    assert asyncio.run(read(CHUNKED, cuts)) == ([b"abc", b"d"], {"trailer-one": "t"})


@given(st.lists(st.integers(0, 200)))
def test_counted_bodies_survive_any_cut(cuts: list[int]) -> None:
    pieces, trailers = asyncio.run(read(COUNTED, cuts))
    assert (b"".join(pieces), trailers) == (b"abcd", {})


@pytest.mark.parametrize("content", [CHUNKED, COUNTED])
@given(length=st.integers(1, 200))
def test_a_request_that_ends_too_early_is_not_taken_for_whole(content: bytes, length: int) -> None:
    cut = content[: length % (len(content) - 1) + 1]
    if cut != content:
        with pytest.raises((EOFError, BadRequestError)):
            asyncio.run(read(cut, []))


@pytest.mark.parametrize(
    "content", [b"GET /x\r\n\r\n", b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"]
)
def test_what_is_no_request_is_refused(content: bytes) -> None:
    with pytest.raises(BadRequestError):
        asyncio.run(read(content, []))
