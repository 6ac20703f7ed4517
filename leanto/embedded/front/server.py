"""The front of the box: plays the deployed REST APIs on a loopback port, at `/{api id}/{stage}/{path}`."""

import logging
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime

from aiohttp import web

from leanto.embedded.front.authorization import Authorizers
from leanto.embedded.front.event import proxy_event
from leanto.embedded.front.functions import Functions, Host
from leanto.embedded.front.integration import CutOffError, Integrations, Reply
from leanto.embedded.front.outcome import Outcome, context_values
from leanto.embedded.front.refusals import Answer, RefusedRequestError, refusal_answer
from leanto.embedded.front.request import Received, decoded_path, query_pairs
from leanto.embedded.front.routing import Match, find
from leanto.embedded.front.stages import Stage, Stages
from leanto.embedded.front.templates import log_line
from leanto.embedded.front.throttle import Throttle
from leanto.embedded.functions.logs import LogShipper, LogTarget
from leanto.embedded.plugin.clients import ClientCache

logger = logging.getLogger(__name__)

MAXIMUM_REQUEST_BYTES = 10 * 1024 * 1024
READ_BYTES = 64 * 1024
FORBIDDEN = b'{"message":"Forbidden"}'


class Front:
    """A running front. `url` is where it listens, such as `http://127.0.0.1:40123`."""

    def __init__(self, aws_url: str, host: Host, region: str) -> None:
        self.url = ""
        self._region = region
        self._stages = Stages(aws_url, region)
        functions = Functions(host)
        self._authorizers = Authorizers(functions)
        self._integrations = Integrations(functions)
        self._throttle = Throttle()
        self._access_log = LogShipper(ClientCache(aws_url))
        self._log_stream = f"{datetime.now(UTC):%Y/%m/%d}/{uuid.uuid4().hex}"
        self._runner: web.AppRunner | None = None

    async def start(self, port: int) -> None:
        """Listen on loopback."""
        app = web.Application(client_max_size=0)
        app.router.add_route("*", "/{api}/{stage}{rest:.*}", self._handle)
        app.router.add_route("*", "/{rest:.*}", _forbidden)
        app.on_response_prepare.append(_drop_server_header)
        # Bodies are passed on as they came: API Gateway does not unpack them either.
        self._runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        await site.start()
        host, bound = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{bound}"

    async def close(self) -> None:
        """Stop listening and hang up."""
        if self._runner is not None:
            await self._runner.cleanup()
        await self._access_log.flush()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        begun = time.monotonic()
        encoded = request.rel_url.raw_path.strip("/").split("/")
        stage = await self._stages.find(encoded[0], encoded[1])
        if stage is None or stage.snapshot.endpoint_disabled:
            return await _forbidden(request)
        received, outcome = _received(request, stage, encoded[2:]), Outcome()
        try:
            reply = await self._reply(request, stage, received, outcome)
        except RefusedRequestError as error:
            answer = refusal_answer(error, received, outcome, stage.snapshot.responses, stage.variables)
            response = await _send_answer(request, received, answer, outcome)
        else:
            response = await _send_reply(request, received, reply, outcome)
        outcome.latency_ms = int((time.monotonic() - begun) * 1000)
        self._log(stage, received, outcome)
        return response

    async def _reply(self, request: web.Request, stage: Stage, received: Received, outcome: Outcome) -> Reply:
        """Take the request through everything that may refuse it, in API Gateway's order, to the function."""
        match = self._match(stage, received, outcome)
        body = await _body(request)
        if match.method.authorizer is not None:
            await self._authorizers.admit(match.method.authorizer, received, match, outcome)
        event = proxy_event(
            received,
            match,
            body,
            authorizer=outcome.authorizer or None,
            binary_media_types=stage.snapshot.binary_media_types,
            stage_variables=stage.variables,
            deployment_id=stage.deployment_id,
        )
        return await self._integrations.call(match.method, received, event, outcome)

    def _match(self, stage: Stage, received: Received, outcome: Outcome) -> Match:
        match = find(stage.snapshot.methods, received.method, received.path)
        if match is None:
            raise RefusedRequestError("MISSING_AUTHENTICATION_TOKEN")
        outcome.resource_path = match.method.path
        api = stage.api
        settings = stage.method_settings
        if not self._throttle.admits(api.api_id, api.stage, settings, match.method.path, received.method):
            raise RefusedRequestError("THROTTLED")
        return match

    def _log(self, stage: Stage, received: Received, outcome: Outcome) -> None:
        if stage.log_group:
            line = log_line(stage.log_format, context_values(received, outcome), stage.variables)
            self._access_log.put(LogTarget(self._region, stage.log_group, self._log_stream), line)


async def start_front(aws_url: str, host: Host, region: str, port: int = 0) -> Front:
    """Start the front of the APIs of a region and return it; port 0 takes a free one."""
    front = Front(aws_url, host, region)
    await front.start(port)
    return front


async def _forbidden(request: web.Request) -> web.Response:
    """Answer for what no stage stands behind, as the host names of API Gateway do."""
    del request
    headers = {"Content-Type": "application/json", "x-amzn-errortype": "ForbiddenException"}
    return web.Response(status=403, body=FORBIDDEN, headers=headers)


def _received(request: web.Request, stage: Stage, segments: list[str]) -> Received:
    return Received(
        api=stage.api,
        method=request.method,
        path=decoded_path(segments),
        headers=tuple((str(name), str(value)) for name, value in request.headers.items()),
        query=query_pairs(request.rel_url.raw_query_string),
        source_ip=request.remote or "",
        protocol=f"HTTP/{request.version.major}.{request.version.minor}",
    )


async def _body(request: web.Request) -> bytes:
    """Read the body; one over the limit is refused as soon as that is known."""
    if (request.content_length or 0) > MAXIMUM_REQUEST_BYTES:
        raise RefusedRequestError("REQUEST_TOO_LARGE")
    body = bytearray()
    async for piece in request.content.iter_chunked(READ_BYTES):
        body += piece
        if len(body) > MAXIMUM_REQUEST_BYTES:
            raise RefusedRequestError("REQUEST_TOO_LARGE")
    return bytes(body)


async def _send_answer(
    request: web.Request, received: Received, answer: Answer, outcome: Outcome
) -> web.StreamResponse:
    response = web.Response(status=answer.status, body=answer.body)
    for name, value in (*answer.headers, *_own_headers(received)):
        response.headers[name] = value
    if not request.content.at_eof():
        response.force_close()  # what is left of the body is not wanted
    outcome.response_bytes = len(answer.body)
    return response


async def _send_reply(request: web.Request, received: Received, reply: Reply, outcome: Outcome) -> web.StreamResponse:
    """Pass a reply on as it comes. One that breaks off is cut off, so that the client sees that it is not whole."""
    response = web.StreamResponse(status=reply.head.status)
    for name, value in (*reply.head.headers, *_own_headers(received)):
        response.headers.add(name, value)
    outcome.status = reply.head.status
    try:
        await response.prepare(request)
        async for piece in reply.pieces:
            await response.write(piece)
            outcome.response_bytes += len(piece)
        await response.write_eof()
    except CutOffError as error:
        outcome.integration_error = str(error)
        if request.transport is not None:
            request.transport.close()
    except ConnectionError:
        logger.debug("a client left before its response was complete")
    finally:
        await reply.close()
    return response


def _own_headers(received: Received) -> tuple[tuple[str, str], ...]:
    return (
        ("x-amzn-RequestId", received.request_id),
        ("x-amz-apigw-id", received.extended_request_id),
        ("X-Amzn-Trace-Id", received.trace_id),
    )


async def _drop_server_header(request: web.Request, response: web.StreamResponse) -> None:
    del request
    with suppress(KeyError):
        del response.headers["Server"]
