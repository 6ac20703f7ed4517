"""Claim: a client that leaves is noticed however the server tells of it, and one that stays is never taken for gone."""

import asyncio
import json
from typing import Any

import pytest

from runtime.gateway.access import AccessLog
from runtime.gateway.answers import ClientGoneError
from runtime.gateway.audit import write_audit
from runtime.gateway.reply import Reply, until_gone

SCOPE: dict[str, Any] = {"type": "http", "extensions": {"leanto.request": {"request_id": "r"}}}


def test_a_write_that_nobody_takes_is_a_client_gone_and_no_crash(capsys: pytest.CaptureFixture[str]) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            raise ConnectionResetError("canary")

    async def receive() -> Any:
        raise AssertionError("not asked for")

    asyncio.run(AccessLog(app, write_audit)(dict(SCOPE), receive, send))
    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert (line["event"], line["status"], line["request_id"]) == ("request", 499, "r")


def test_an_error_that_nobody_takes_is_a_client_gone_and_no_crash(capsys: pytest.CaptureFixture[str]) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("canary")

    async def send(message: Any) -> None:
        raise ConnectionResetError

    asyncio.run(AccessLog(app, write_audit)(dict(SCOPE), None, send))  # type: ignore[arg-type]
    crashed, line = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    assert (crashed["event"], line["status"], line["error"]) == ("request_crashed", 499, "internal_error")


class Server:
    """A server that tells of a disconnect as soon as the last piece of the response is sent, as most do."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.sent: list[bytes] = []

    async def send(self, message: Any) -> None:
        self.sent.append(message.get("body", b""))
        if message["type"] == "http.response.body" and not message["more_body"]:
            self.ended.set()
            await asyncio.sleep(0.01)
            self.sent.append(b"(acknowledged)")

    async def receive(self) -> Any:
        await self.ended.wait()
        return {"type": "http.disconnect"}


def test_the_end_of_a_response_is_not_taken_for_a_client_gone() -> None:
    async def test() -> list[bytes]:
        server = Server()
        reply = Reply(server.send)

        async def work() -> None:
            await reply.start(200, "text/plain", {})
            await reply.end(b"all")

        await until_gone(server.receive, reply, work())
        return server.sent

    assert asyncio.run(test()) == [b"", b"all", b"(acknowledged)"]


def test_a_client_gone_before_the_end_ends_the_work() -> None:
    ended = []

    async def test() -> None:
        server = Server()

        async def work() -> None:
            server.ended.set()
            try:
                await asyncio.sleep(10)
            finally:
                ended.append(True)

        with pytest.raises(ClientGoneError):
            await until_gone(server.receive, Reply(server.send), work())

    asyncio.run(test())
    assert ended == [True]
