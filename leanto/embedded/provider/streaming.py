"""How the stand-in sends an answer, whole or event by event, with the faults that it was told of."""

import asyncio
import json
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from leanto.embedded.provider.faults import Faults

LABEL: Mapping[str, str] = {"x-leanto-simulated": "true"}
DONE = b"data: [DONE]\n\n"
_ERROR_EVENT = b'data: {"error": {"message": "[simulated] The stand-in failed.", "type": "server_error"}}\n\n'


async def send_document(request: web.Request, document: Mapping[str, Any], faults: Faults) -> web.StreamResponse:
    """Send an answer that is not streamed, or what the faults say in its place."""
    whole = json_response(200, document)
    if faults.answer_body is not None:
        whole = web.Response(body=faults.answer_body.encode(), headers=dict(whole.headers))
    if not faults.delay_body_seconds:
        return whole
    response = web.StreamResponse(headers=dict(whole.headers))
    await response.prepare(request)
    await asyncio.sleep(faults.delay_body_seconds)
    await response.write(whole.body if isinstance(whole.body, bytes) else b"")
    await response.write_eof()
    return response


async def send_events(
    request: web.Request, events: Iterable[bytes], faults: Faults, last: bytes = b""
) -> web.StreamResponse:
    """Send a stream's events with pauses between them and `last` at its end, or break it as the faults say."""
    headers = {**LABEL, "Content-Type": "text/event-stream; charset=utf-8", "x-request-id": new_request_id()}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    for sent, event in enumerate(events):
        if sent:
            await asyncio.sleep(faults.delay_chunk_seconds)
        if sent == faults.cut_after_chunks:
            await response.write(event[: len(event) // 2])
            drop(request)
            return response
        if sent == faults.hang_after_chunks:
            await asyncio.Event().wait()
        if sent in {faults.end_after_chunks, faults.fail_after_chunks}:
            return await _end(response, b"" if sent == faults.end_after_chunks else _ERROR_EVENT)
        await response.write(event)
    return await _end(response, last)


async def _end(response: web.StreamResponse, last: bytes) -> web.StreamResponse:
    await response.write(last)
    await response.write_eof()
    return response


def drop(request: web.Request) -> web.Response:
    """Close the connection under a request; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=499)


def json_response(status: int, document: Mapping[str, Any]) -> web.Response:
    """Return an answer in JSON, labelled as simulated."""
    headers = {**LABEL, "Content-Type": "application/json", "x-request-id": new_request_id()}
    return web.Response(status=status, body=json.dumps(document).encode(), headers=headers)


def new_request_id() -> str:
    """Return the id that an answer names its request by."""
    return f"req_simulated_{uuid.uuid4().hex}"
