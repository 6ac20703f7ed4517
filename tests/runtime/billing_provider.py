"""A provider in a process of its own that writes down what it bills, before anything of an answer leaves.

`python -m tests.runtime.billing_provider FILE SEED` prints its port. Each answer that it begins is one line of FILE:
the number of tokens, of which each costs a micro-dollar. It is not always well: some requests it refuses, which it does
not bill, and of what it bills some answers are never sent, break off, stand still, or tell no usage.
"""

import asyncio
import json
import os
import random
import sys
from typing import Any

from aiohttp import web

WELL, REFUSES, DROPS, BREAKS_OFF, TELLS_NO_USAGE, STANDS_STILL = range(6)
WEIGHTS = (70, 6, 6, 6, 6, 6)
PIECES = 4
MORE = 10


class BillingProvider:
    """Answers chat requests and bills for each half of its longest answer, and a little."""

    def __init__(self, bills: int, seed: int) -> None:
        self._bills = bills
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, no secret

    async def chat(self, request: web.Request) -> web.StreamResponse:
        asked = json.loads(await request.read())
        (kind,) = self._chance.choices(range(len(WEIGHTS)), WEIGHTS)
        if kind == REFUSES:
            return web.json_response({"error": {"message": "no"}}, status=self._chance.choice([429, 500, 503]))
        tokens = asked["max_tokens"] // 2 + self._chance.randrange(MORE)
        os.write(self._bills, b"%d\n" % tokens)
        await asyncio.sleep(self._chance.uniform(0, 0.03))
        if kind == DROPS:
            return _drop(request)
        usage = {} if kind == TELLS_NO_USAGE else {"usage": {"prompt_tokens": 1, "completion_tokens": tokens}}
        if asked.get("stream"):
            return await self._stream(request, kind, usage)
        return web.json_response({"id": "x", "object": "chat.completion", "choices": [], **usage})

    async def _stream(self, request: web.Request, kind: int, usage: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in range(PIECES):
            await response.write(_event({"choices": [{"index": 0, "delta": {"content": "x"}}]}))
            await asyncio.sleep(self._chance.uniform(0, 0.02))
            if kind == BREAKS_OFF and piece == 1:
                return _drop(request)
            if kind == STANDS_STILL and piece == 1:
                await asyncio.sleep(20)
        await response.write(_event({"choices": [], **usage}) + b"data: [DONE]\n\n")
        await response.write_eof()
        return response


def _event(document: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def _drop(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def serve(path: str, seed: int) -> None:
    bills = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    app = web.Application()
    app.router.add_post("/v1/chat/completions", BillingProvider(bills, seed).chat)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2])))
