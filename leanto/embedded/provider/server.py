"""The stand-in's HTTP server: OpenAI's paths under /v1, Bedrock's elsewhere, and /_control for faults and counts."""

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from email.utils import formatdate
from typing import Any

from aiohttp import web

from leanto.embedded.provider import responses
from leanto.embedded.provider.bedrock import Bedrock, signature_refusal
from leanto.embedded.provider.completion import Completion, complete
from leanto.embedded.provider.faults import Counts, FaultError, Faults, read_faults
from leanto.embedded.provider.guardrail import Guardrail
from leanto.embedded.provider.misreport import misreported_chunks, misreported_document
from leanto.embedded.provider.prompts import Prompts
from leanto.embedded.provider.signature import ALGORITHM
from leanto.embedded.provider.streaming import DONE, drop, json_response, send_document, send_events

MAXIMUM_REQUEST_BYTES = 64 * 1024 * 1024
MODELS = ("gpt-6-luna", "gpt-6-sol")
"""What GET /v1/models lists; a chat request may name any model."""


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
    app.router.add_post("/v1/responses", provider.chat)
    app.router.add_get("/v1/models", provider.models)
    provider.bedrock.add_to(app)
    Guardrail().add_to(app)
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
        return json_response(200, {"object": "list", "data": data})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        faults = self._next_faults()
        self._counts.chat_requests += 1
        serial = self._counts.chat_requests  # others come while this one waits
        body = await request.read()
        try:
            await asyncio.sleep(faults.delay_first_byte_seconds)
            if faults.drop_connection:
                return drop(request)
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
            is_chat = request.path.endswith("/chat/completions")
            completion = complete(document, serial) if is_chat else responses.completed(document, serial)
        except (ValueError, LookupError, TypeError, AttributeError):
            return _error(400, "The request is not a chat request in JSON.", None)
        self._counts.models[completion.model] += 1
        if guardrail := request.headers.get("X-Amzn-Bedrock-GuardrailIdentifier"):
            self._counts.guardrails[f"{guardrail}:{request.headers.get('X-Amzn-Bedrock-GuardrailVersion')}"] += 1
        self._counts.prompt_tokens += completion.usage["prompt_tokens"]
        self._counts.completion_tokens += completion.usage["completion_tokens"]
        self._counts.streams += bool(document.get("stream"))
        return await (_send_chat if is_chat else _send_response)(request, document, completion, faults)

    def _refuse(self, request: web.Request, body: bytes) -> web.Response | None:
        """Return the answer to a request without a good key, or while the stand-in is told to fail."""
        faults = self._next_faults()
        return self._check_key(request, faults, body) or (_failure(faults) if faults.status != 200 else None)

    async def read_control(self, _request: web.Request) -> web.Response:
        return json_response(200, {"faults": asdict(self._faults), "counts": self._counts.document()})

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


async def _send_chat(
    request: web.Request, document: Mapping[str, Any], completion: Completion, faults: Faults
) -> web.StreamResponse:
    if not document.get("stream"):
        return await send_document(request, misreported_document(completion.document(), faults.usage), faults)
    chunks = misreported_chunks(completion.chunks(), faults.usage)
    events = (f"data: {json.dumps(chunk, separators=(',', ':'))}\n\n".encode() for chunk in chunks)
    return await send_events(request, events, faults, DONE)


async def _send_response(
    request: web.Request, document: Mapping[str, Any], completion: Completion, faults: Faults
) -> web.StreamResponse:
    if document.get("stream"):
        return await send_events(request, responses.events(document, completion, faults.usage), faults)
    return await send_document(request, responses.response(document, completion, faults.usage), faults)


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
    return json_response(status, {"error": {"message": message, "type": kind, "param": None, "code": code}})
