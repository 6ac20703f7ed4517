"""A provider that costs nothing to ask: the same answer each time, or the same stream, in OpenAI's shape.

`python -m benchmarks.provider_server PORT`. It reads nothing of a request but whether it wants a stream, so that as
little as can be of a measurement is the provider's.
"""

import asyncio
import json
import sys
from typing import Any

import uvicorn

CHUNKS = 22
GAP_SECONDS = 0.005
WORDS = 20
USAGE = {"prompt_tokens": 24, "completion_tokens": WORDS, "total_tokens": 24 + WORDS}
HEAD = {"id": "chatcmpl-1", "created": 1_760_000_000, "model": "bench"}


def _chunk(**members: Any) -> bytes:
    return b"data: " + json.dumps({**HEAD, "object": "chat.completion.chunk", **members}).encode() + b"\n\n"


def _choice(delta: dict[str, str], finish_reason: str | None = None) -> list[dict[str, Any]]:
    return [{"index": 0, "delta": delta, "finish_reason": finish_reason}]


MESSAGE = {"role": "assistant", "content": "word " * WORDS}
ANSWER = json.dumps(
    {
        **HEAD,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": MESSAGE, "finish_reason": "stop"}],
        "usage": USAGE,
    }
).encode()
STREAM = (
    _chunk(choices=_choice({"role": "assistant", "content": "word "})),
    *(_chunk(choices=_choice({"content": "word "})) for _ in range(WORDS - 1)),
    _chunk(choices=_choice({}, "stop")),
    _chunk(choices=[], usage=USAGE) + b"data: [DONE]\n\n",
)
assert len(STREAM) == CHUNKS  # noqa: S101 - what the page says


async def app(_scope: Any, receive: Any, send: Any) -> None:
    """Serve one request."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    if not json.loads(body or b"{}").get("stream"):
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": ANSWER})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for number, chunk in enumerate(STREAM):
        if number:
            await asyncio.sleep(GAP_SECONDS)
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False, lifespan="off", ws="none")
