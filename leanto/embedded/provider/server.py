"""The stand-in's HTTP server: OpenAI's paths under /v1, Bedrock's under /model, and /_control for faults and counts."""

import asyncio
import json
import time
import uuid
from dataclasses import asdict, dataclass
from email.utils import formatdate
from typing import Any

from aiohttp import web

from leanto.embedded.provider.bedrock import Bedrock, signature_refusal
from leanto.embedded.provider.completion import Completion, complete
from leanto.embedded.provider.faults import Counts, FaultError, Faults, read_faults
from leanto.embedded.provider.misreport import misreported_chunks, misreported_document
from leanto.embedded.provider.prompts import Prompts
from leanto.embedded.provider.signature import ALGORITHM

LABEL = {"x-leanto-simulated": "true"}
MAXIMUM_REQUEST_BYTES = 64 * 1024 * 1024
MODELS = ("gpt-6-luna", "gpt-6-sol")
"""What GET /v1/models lists; a chat request may name any model."""
_ERROR_EVENT = b'data: {"error": {"message": "[simulated] The stand-in failed.", "type": "server_error"}}\n\n'


@dataclass(frozen=True)
class StandIn:
    """A running stand-in; providers' base URL is `url` + /v1."""

    url: str
    runner: web.AppRunner

    @property
    def base_url(self) -> str:
        """The base URL that an OpenAI client or a route's provider is given."""
        return f"{self.url}/v1"

    async def close(self) -> None:
        """Stop serving; answers under way are broken off."""
        await self.runner.cleanup()


async def start_stand_in(port: int = 0) -> StandIn:
    """Serve on loopback in the running event loop; port 0 takes a free one. Raises OSError when the port is taken."""
    provider = _Provider()
    app = web.Application(client_max_size=MAXIMUM_REQUEST_BYTES)
    app.router.add_post("/v1/chat/completions", provider.chat)
    app.router.add_get("/v1/models", provider.models)
    provider.bedrock.add_to(app)
    provider.prompts.add_to(app)
    app.router.add_get("/_control", provider.read_control)
    app.router.add_post("/_control", provider.write_control)
    app.router.add_delete("/_control", provider.reset_control)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    host, bound_port = runner.addresses[0][:2]
    return StandIn(f"http://{host}:{bound_port}", runner)


class _Provider:
    """The state of one stand-in and its request handlers."""

    def __init__(self) -> None:
        self._faults = Faults()
        self._counts = Counts()
        self.bedrock = Bedrock(self._next_faults, lambda: self._counts)
        self.prompts = Prompts(self._refuse, lambda: self._counts)

    async def models(self, request: web.Request) -> web.StreamResponse:
        if refusal := self._check_key(request, self._faults):
            return refusal
        data = [{"id": name, "object": "model", "created": 0, "owned_by": "leanto-stand-in"} for name in MODELS]
        return _json(200, {"object": "list", "data": data})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        faults = self._next_faults()
        self._counts.chat_requests += 1
        serial = self._counts.chat_requests  # others come while this one waits
        body = await request.read()
        try:
            await asyncio.sleep(faults.delay_first_byte_seconds)
            if faults.drop_connection:
                return _drop(request)
            response = await self._answer(request, faults, body, serial)
        except (asyncio.CancelledError, ConnectionError):
            self._counts.disconnects += 1
            raise
        self._counts.statuses[str(response.status)] += 1
        return response

    async def _answer(self, request: web.Request, faults: Faults, body: bytes, serial: int) -> web.StreamResponse:
        if refusal := self._check_key(request, faults, body):
            return refusal
        if faults.status != 200:
            return _failure(faults)
        try:
            document = json.loads(body)
            completion = complete(document, serial)
        except (ValueError, LookupError, TypeError, AttributeError):
            return _error(400, "The request is not a chat request in JSON.", None)
        self._counts.models[completion.model] += 1
        if guardrail := request.headers.get("X-Amzn-Bedrock-GuardrailIdentifier"):
            self._counts.guardrails[f"{guardrail}:{request.headers.get('X-Amzn-Bedrock-GuardrailVersion')}"] += 1
        self._counts.prompt_tokens += completion.usage["prompt_tokens"]
        self._counts.completion_tokens += completion.usage["completion_tokens"]
        if document.get("stream"):
            self._counts.streams += 1
            return await _stream(request, completion, faults)
        return await _document(request, completion, faults)

    def _refuse(self, request: web.Request, body: bytes) -> web.Response | None:
        """Return the answer to a request without a good key, or while the stand-in is told to fail."""
        faults = self._next_faults()
        return self._check_key(request, faults, body) or (_failure(faults) if faults.status != 200 else None)

    async def read_control(self, _request: web.Request) -> web.Response:
        return _json(200, {"faults": asdict(self._faults), "counts": self._counts.document()})

    async def write_control(self, request: web.Request) -> web.Response:
        try:
            self._faults = read_faults(json.loads(await request.read() or b"{}"))
        except FaultError as error:
            return _error(400, str(error), "invalid_control")
        except ValueError:
            return _error(400, "the body must be a JSON object", "invalid_control")
        return await self.read_control(request)

    async def reset_control(self, request: web.Request) -> web.Response:
        self._faults, self._counts = Faults(), Counts()
        return await self.read_control(request)

    def _next_faults(self) -> Faults:
        """Return how the next chat request is answered, and count down a fault that is to pass."""
        faults = self._faults
        if faults.times is not None:
            left = faults.times - 1
            self._faults = Faults(**{**asdict(faults), "times": left}) if left > 0 else Faults()
        return faults

    def _check_key(self, request: web.Request, faults: Faults, body: bytes = b"") -> web.Response | None:
        scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
        if scheme == ALGORITHM:
            refused = signature_refusal(request, body, faults.require_key)
            return _error(403, "The security token included in the request is invalid.", refused) if refused else None
        key = request.headers.get("api-key") or (bearer if scheme == "Bearer" else "")
        if not key or faults.require_key not in {None, key}:
            return _error(401, "Incorrect API key provided.", "invalid_api_key")
        return None


async def _document(request: web.Request, completion: Completion, faults: Faults) -> web.StreamResponse:
    whole = _json(200, misreported_document(completion.document(), faults.usage))
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


async def _stream(request: web.Request, completion: Completion, faults: Faults) -> web.StreamResponse:
    headers = LABEL | {"Content-Type": "text/event-stream; charset=utf-8", "x-request-id": _request_id()}
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    for sent, chunk in enumerate(misreported_chunks(completion.chunks(), faults.usage)):
        if sent:
            await asyncio.sleep(faults.delay_chunk_seconds)
        event = f"data: {json.dumps(chunk, separators=(',', ':'))}\n\n".encode()
        if sent == faults.cut_after_chunks:
            await response.write(event[: len(event) // 2])
            _drop(request)
            return response
        if sent == faults.hang_after_chunks:
            await asyncio.Event().wait()
        if sent in {faults.end_after_chunks, faults.fail_after_chunks}:
            return await _end(response, b"" if sent == faults.end_after_chunks else _ERROR_EVENT)
        await response.write(event)
    return await _end(response, b"data: [DONE]\n\n")


async def _end(response: web.StreamResponse, last: bytes) -> web.StreamResponse:
    await response.write(last)
    await response.write_eof()
    return response


def _drop(request: web.Request) -> web.Response:
    """Close the connection under a request; what is returned reaches nobody."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=499)


def _failure(faults: Faults) -> web.Response:
    message = f"[simulated] The stand-in was told to answer with status {faults.status}."
    response = _error(faults.status, message, "simulated_error")
    if faults.error_body is not None:
        response = web.Response(status=faults.status, text=faults.error_body, headers=dict(response.headers))
    if faults.forbids_retry:
        response.headers["x-should-retry"] = "false"
    now = time.time() + faults.clock_ahead_seconds
    response.headers["Date"] = formatdate(now, usegmt=True)
    if faults.retry_after_seconds is not None:
        date = formatdate(now + faults.retry_after_seconds, usegmt=True)
        response.headers["Retry-After"] = date if faults.retry_after_as_date else str(faults.retry_after_seconds)
    return response


def _error(status: int, message: str, code: str | None) -> web.Response:
    kind = "invalid_request_error" if status < 500 else "server_error"
    return _json(status, {"error": {"message": message, "type": kind, "param": None, "code": code}})


def _json(status: int, document: dict[str, Any]) -> web.Response:
    headers = LABEL | {"Content-Type": "application/json", "x-request-id": _request_id()}
    return web.Response(status=status, body=json.dumps(document).encode(), headers=headers)


def _request_id() -> str:
    return f"req_simulated_{uuid.uuid4().hex}"
