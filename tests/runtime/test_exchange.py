"""Claim: an exchange over the pool never takes one answer for another's, and breaks as aiohttp's client does."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress

import aiohttp
import pytest

from runtime.connections import client_session
from runtime.exchange import Answer, Exchange

WHOLE = b"HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\nContent-Length: 2\r\n\r\nok"
Served = Callable[[aiohttp.BaseConnector, str], Awaitable[object]]


def served(answers: list[bytes], ask: Served) -> tuple[object, list[bytes], list[int]]:
    """Run `ask` with a server that gives each request the next answer, or with "" hangs up.

    Returns what it returned, the heads and bodies that the server got, and the connection of each, by its place.
    """
    got: list[bytes] = []
    connections: list[int] = []
    opened: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(len(opened))
        number = opened[-1]
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                got.append(head + await reader.readexactly(length))
                connections.append(number)
                answer = answers[len(got) - 1]
                if not answer:
                    break
                writer.write(answer)
        writer.close()

    async def test() -> object:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server, client_session() as session:
            assert session.connector is not None
            return await ask(session.connector, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/a%2Fb?x=1")

    return asyncio.run(test()), got, connections


async def read(connector: aiohttp.BaseConnector, url: str, body: bytes = b"{}") -> tuple[bool, bytes]:
    """Post and read to the end; returns whether the connection was used before, and the body."""
    exchange = Exchange(url, {"Accept": "text/plain"}, body)
    with closing(await exchange.post(connector)) as answer:
        assert (answer.status, answer.content_type) == (200, "text/plain")
        return exchange.reused, await answer.content.read()


def test_a_request_goes_out_as_it_is_given_and_its_connection_carries_the_next_one() -> None:
    async def ask(connector: aiohttp.BaseConnector, url: str) -> object:
        return [await read(connector, url, body) for body in (b"first", b"second")]

    found, got, connections = served([WHOLE, WHOLE], ask)
    assert found == [(False, b"ok"), (True, b"ok")]
    assert connections == [0, 0]
    assert got[0].startswith(b"POST /v1/a%2Fb?x=1 HTTP/1.1\r\nHost: 127.0.0.1:")
    assert got[0].endswith(b"\r\nContent-Length: 5\r\n\r\nfirst")
    assert b"\r\nAccept: text/plain\r\n" in got[0]


@pytest.mark.parametrize("is_cut_off", [True, False], ids=["cancelled before the head", "left before the end"])
def test_a_connection_whose_answer_was_not_read_to_its_end_carries_nothing_more(is_cut_off: bool) -> None:
    half = b"HTTP/1.1 100 Continue\r\n\r\n" if is_cut_off else WHOLE[:-1]

    async def ask(connector: aiohttp.BaseConnector, url: str) -> object:
        with suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                (await Exchange(url, {}, b"").post(connector)).close()
        return await read(connector, url)

    found, _, connections = served([half, WHOLE], ask)
    assert found == (False, b"ok")
    assert connections == [0, 1]


def test_what_comes_before_the_answer_is_not_the_answer() -> None:
    found, _, _ = served([b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + WHOLE], read)
    assert found == (False, b"ok")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", aiohttp.ServerDisconnectedError),
        (b"nonsense\r\n\r\n", aiohttp.ClientResponseError),
        (WHOLE.replace(b"Length: 2", b"Length: two"), aiohttp.ClientResponseError),
    ],
    ids=["nothing", "no HTTP", "no length"],
)
def test_what_breaks_an_exchange_is_an_error_of_the_client_library(answer: bytes, error: type[Exception]) -> None:
    async def ask(connector: aiohttp.BaseConnector, url: str) -> object:
        with pytest.raises(error):
            await Exchange(url, {}, b"{}").post(connector)
        return await read(connector, url)

    found, _, connections = served([answer, WHOLE], ask)
    assert found == (False, b"ok")
    assert connections == [0, 1]


def test_an_answer_that_ends_with_its_connection_is_read_and_the_connection_given_up() -> None:
    async def ask(connector: aiohttp.BaseConnector, url: str) -> object:
        return [await read(connector, url) for _ in range(2)]

    to_end = WHOLE.replace(b"Content-Length: 2", b"Connection: close\r\nContent-Length: 2")
    found, _, connections = served([to_end, WHOLE], ask)
    assert found == [(False, b"ok"), (False, b"ok")]
    assert connections == [0, 1]


@pytest.mark.parametrize("value", ["a\r\nX-More: b", "a\nb", "a\r"])
def test_no_value_becomes_a_header_of_its_own(value: str) -> None:
    async def ask(connector: aiohttp.BaseConnector, url: str) -> Answer | None:
        with pytest.raises(ValueError, match="line break"):
            Exchange(url, {"X-Client-Request-Id": value}, b"")
        return None

    assert served([], ask)[1] == []


def test_nobody_listening_is_told_as_not_sent() -> None:
    async def ask(connector: aiohttp.BaseConnector, _url: str) -> None:
        with pytest.raises(aiohttp.ClientConnectorError):
            await Exchange("http://127.0.0.1:9/", {}, b"").post(connector)

    assert served([], ask)[1] == []
