"""Claim: connections are kept from one request to the next, and not used any more once the environment was frozen."""

import asyncio

import aiohttp
import pytest
from aiohttp import web

from runtime.connections import IDLE_SECONDS, ThawingConnector, client_session


async def ports_seen(pauses: list[float]) -> list[int]:
    """Send a request, and one more after each pause by the wall clock; return the client's port of each."""
    ports: list[int] = []
    now = [1_000_000.0]

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        ports.append(request.transport.get_extra_info("peername")[1])
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_get("/", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    connector = ThawingConnector(clock=lambda: now[0], keepalive_timeout=3600)
    async with aiohttp.ClientSession(connector=connector) as session:
        for pause in [0.0, *pauses]:
            now[0] += pause
            async with session.get(url) as response:
                assert await response.text() == "ok"
    await runner.cleanup()
    return ports


@pytest.mark.parametrize(
    ("pause", "is_kept"),
    [(0.0, True), (IDLE_SECONDS - 1.0, True), (IDLE_SECONDS + 1.0, False), (7 * 3600.0, False), (-60.0, False)],
)
def test_an_idle_connection_is_used_again_only_when_no_freeze_lies_between(pause: float, is_kept: bool) -> None:
    first, second = asyncio.run(ports_seen([pause]))
    assert (first == second) == is_kept


def test_after_a_thaw_the_new_connection_is_kept_as_ever() -> None:
    first, second, third = asyncio.run(ports_seen([600.0, 1.0]))
    assert first != second == third


def test_the_session_of_functions_has_this_pool() -> None:
    async def test() -> bool:
        async with client_session() as session:
            return isinstance(session.connector, ThawingConnector)

    assert asyncio.run(test())
