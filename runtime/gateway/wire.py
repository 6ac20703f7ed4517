"""How an upstream is spoken to: what goes out, and how what comes back reads as OpenAI's API has it.

Most speak that API themselves, so all passes byte for byte. Bedrock's models that do not are asked by Converse.
"""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from runtime.aws import Aws
from runtime.decide.endpoints import CHAT
from runtime.decide.fields import UnsupportedFieldError, changes_for
from runtime.gateway.answers import GatewayError
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.converse.answer import Head, completion
from runtime.gateway.converse.errors import http_error
from runtime.gateway.converse.request import converse_request, path_of
from runtime.gateway.converse.stream import ConverseEvents
from runtime.gateway.deployment import CONVERSE, ROLE, ProviderUpstream
from runtime.gateway.events import WholeEvents
from runtime.gateway.headers import guardrail_headers, request_headers
from runtime.gateway.upstream_errors import error_answer
from runtime.sigv4 import Request

SERVICE = "bedrock"
"""What requests to Bedrock's runtime are signed for; its host has another name."""

OPENAI_SURFACE = re.compile(r"(/openai)?/v1$")


@dataclass(frozen=True)
class Outgoing:
    """A request ready to be sent."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Events(Protocol):
    """Takes the bytes of a stream and gives the server-sent events that they make whole."""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Return the events that may be passed on now; raises GatewayError for what breaks the stream."""

    def rest(self) -> bytes:
        """Return what is left at the end; raises GatewayError when that was no proper end."""


class Wire(Protocol):
    """One upstream's way of speaking, for one request."""

    stream_type: str
    """The content type of a streamed answer."""

    def outgoing(self, request: ChatRequest, request_id: str) -> Outgoing:
        """Return the request; raises GatewayError 400 for what the upstream cannot do as asked."""

    def events(self) -> Events:
        """Return the reader of a streamed answer."""

    def document(self, body: bytes) -> tuple[dict[str, Any], bytes] | None:
        """Return a whole answer, read and as the client gets it; None for what is no JSON object."""

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        """Return what the client is told of an answer of status 300 or more; `headers` have small names."""


def wire_of(upstream: ProviderUpstream, key: str, aws: Aws) -> Wire:
    """Return how an upstream is spoken to; `key` is empty for one that takes the function's signature instead."""
    return ConverseWire(upstream, aws) if upstream.api == CONVERSE else OpenAiWire(upstream, key, aws)


def fitted(request: ChatRequest, upstream: ProviderUpstream) -> ChatRequest:
    """Return a request as the upstream's provider takes it; raises GatewayError 400 for what it would not act upon."""
    if request.endpoint != CHAT:
        return request
    try:
        changes = changes_for(request.fields, upstream.provider.fields, drop=upstream.drops)
    except UnsupportedFieldError as error:
        message = f"'{error.param}': provider {upstream.provider.name}, which serves this model, {error.reason}."
        raise GatewayError(400, "unsupported_parameter", message, param=error.param) from None
    return request.changed(changes) if changes else request


@dataclass(frozen=True)
class OpenAiWire:
    """An upstream that speaks OpenAI's API: all passes as it is, but for fields that its provider takes otherwise."""

    upstream: ProviderUpstream
    key: str = field(repr=False)
    aws: Aws = field(repr=False)
    stream_type = "text/event-stream"

    def outgoing(self, request: ChatRequest, request_id: str) -> Outgoing:
        """Return the request with the key, or with the function's signature; raises GatewayError 400."""
        provider, request = self.upstream.provider, fitted(request, self.upstream)
        url, body = f"{provider.base_url}/{request.endpoint}", request.body_for(self.upstream.model)
        headers = request_headers(provider, self.key, stream=request.stream, request_id=request_id)
        headers |= guardrail_headers(provider)
        return _signed(self.aws, url, headers, body) if provider.auth == ROLE else Outgoing(url, headers, body)

    def events(self) -> Events:
        """Return a reader that changes nothing."""
        return WholeEvents()

    def document(self, body: bytes) -> tuple[dict[str, Any], bytes] | None:
        """Return the answer, and it again byte for byte."""
        document = _json_object(body)
        return None if document is None else (document, body)

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        """Return the provider's own words where the mistake is the client's."""
        if self.upstream.provider.auth == ROLE:
            return http_error(self.upstream.provider.name, status, headers, body)
        return error_answer(self.upstream.provider, status, headers, body, self.key)


@dataclass(frozen=True)
class ConverseWire:
    """A model of Bedrock that is asked by Converse, signed by the function's role."""

    upstream: ProviderUpstream
    aws: Aws = field(repr=False)
    stream_type = "application/vnd.amazon.eventstream"

    def outgoing(self, request: ChatRequest, request_id: str) -> Outgoing:
        """Return the translated request."""
        provider = self.upstream.provider
        url = OPENAI_SURFACE.sub("", provider.base_url) + path_of(self.upstream.model, stream=request.stream)
        body = json.dumps(converse_request(request.fields, provider.guardrail, drop=self.upstream.drops)).encode()
        accept = self.stream_type if request.stream else "application/json"
        headers = {"Content-Type": "application/json", "Accept": accept, "X-Client-Request-Id": request_id}
        return _signed(self.aws, url, headers, body)

    def events(self) -> Events:
        """Return a reader that translates."""
        return ConverseEvents(self.upstream.provider.name, self._head())

    def document(self, body: bytes) -> tuple[dict[str, Any], bytes] | None:
        """Return the answer as a chat completion."""
        answer = _json_object(body)
        if answer is None:
            return None
        document = completion(answer, self._head())
        return document, json.dumps(document).encode()

    def error(self, status: int, headers: Mapping[str, str], body: bytes) -> GatewayError:
        """Return what is told of Bedrock's exceptions."""
        return http_error(self.upstream.provider.name, status, headers, body)

    def _head(self) -> Head:
        now = time.time_ns()
        return Head(f"chatcmpl-{now:x}", now // 10**9, self.upstream.model)


def _signed(aws: Aws, url: str, headers: Mapping[str, str], body: bytes) -> Outgoing:
    signed = aws.sign(Request("POST", url, headers, body), SERVICE, datetime.now(UTC))
    return Outgoing(url, signed, body)


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
