"""The stand-in's second face: Bedrock's runtime, with its paths, its signature and its binary streams."""

import asyncio
import json
import uuid
from collections.abc import Callable

from aiohttp import web

from leanto.embedded.provider.converse import answer_to, document, events, failure, forced_tool, problems
from leanto.embedded.provider.eventstream import event, exception
from leanto.embedded.provider.faults import Counts, Faults
from leanto.embedded.provider.signature import refusal

STREAM_TYPE = "application/vnd.amazon.eventstream"
LABEL = {"x-leanto-simulated": "true"}


class Bedrock:
    """The handlers of Converse and ConverseStream; faults and counts are the stand-in's."""

    def __init__(self, next_faults: Callable[[], Faults], counts: Callable[[], Counts]):
        self._next_faults = next_faults
        self._counts = counts

    def add_to(self, app: web.Application) -> None:
        """Serve Bedrock's paths."""
        app.router.add_post("/model/{model}/converse", self._converse)
        app.router.add_post("/model/{model}/converse-stream", self._converse)

    async def _converse(self, request: web.Request) -> web.StreamResponse:
        faults, counts = self._next_faults(), self._counts()
        counts.chat_requests += 1
        serial = counts.chat_requests  # others come while this one waits
        body = await request.read()
        try:
            await asyncio.sleep(faults.delay_first_byte_seconds)
            if faults.drop_connection and request.transport is not None:
                request.transport.close()
                return web.Response(status=499)
            response = await self._answer(request, faults, body, serial)
        except (asyncio.CancelledError, ConnectionError):
            counts.disconnects += 1
            raise
        counts.statuses[str(response.status)] += 1
        return response

    async def _answer(self, request: web.Request, faults: Faults, body: bytes, serial: int) -> web.StreamResponse:
        model, stream = request.match_info["model"], request.path.endswith("-stream")
        if refused := signature_refusal(request, body, faults.require_key):
            return _failed(403, "The security token included in the request is invalid.", faults, refused)
        if faults.status != 200:
            return _failed(faults.status, f"[simulated] Told to answer with status {faults.status}.", faults)
        try:
            asked = json.loads(body)
        except ValueError:
            asked = None
        if wrong := problems(model, asked, stream=stream):
            return _failed(400, f"[simulated] {wrong}", faults)
        counts = self._counts()
        completion = answer_to(model, asked, serial)
        counts.models[model] += 1
        if config := asked.get("guardrailConfig"):
            counts.guardrails[f"{config['guardrailIdentifier']}:{config['guardrailVersion']}"] += 1
        counts.prompt_tokens += completion.usage["prompt_tokens"]
        counts.completion_tokens += completion.usage["completion_tokens"]
        tool = forced_tool(asked)
        if not stream:
            return web.Response(body=json.dumps(document(completion, tool)).encode(), headers=_headers())
        counts.streams += 1
        return await _stream(request, list(events(completion, tool)), faults)


def signature_refusal(request: web.Request, body: bytes, secret: str | None) -> str | None:
    """Return the exception for a request whose signature does not hold, or None."""
    url = f"{request.scheme}://{request.host}{request.raw_path}"
    return refusal(request.method, url, request.headers, body, secret)


async def _stream(
    request: web.Request, written: list[tuple[str, dict[str, object]]], faults: Faults
) -> web.StreamResponse:
    response = web.StreamResponse(headers=_headers() | {"Content-Type": STREAM_TYPE})
    await response.prepare(request)
    for sent, (kind, content) in enumerate(written):
        if sent:
            await asyncio.sleep(faults.delay_chunk_seconds)
        data = event(kind, content)
        if sent == faults.cut_after_chunks:
            await response.write(data[: len(data) // 2])
            if request.transport is not None:
                request.transport.close()
            return response
        if sent == faults.hang_after_chunks:
            await asyncio.Event().wait()
        if sent == faults.fail_after_chunks:
            await response.write(exception("modelStreamErrorException", "[simulated] The model failed."))
            break
        await response.write(data)
    await response.write_eof()
    return response


def _failed(status: int, text: str, faults: Faults, error: str = "") -> web.Response:
    body, headers = failure(status, text, error)
    if faults.retry_after_seconds is not None:
        headers["Retry-After"] = str(faults.retry_after_seconds)
    return web.Response(status=status, body=body, headers=_headers() | headers)


def _headers() -> dict[str, str]:
    return LABEL | {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
