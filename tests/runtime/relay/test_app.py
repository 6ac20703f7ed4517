"""Claim: the relay passes requests to the node whose certificate is pinned, byte for byte, and to nothing else."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from runtime.lambda_lifespan import Lifespan
from runtime.relay.app import NodeBrokeOffError, create_app
from tests.runtime.certificates import Certificate, make_certificate

PATH = "/v1/chat/completions"
CANARY = "canary-prompt-7411"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Told:
    """What the relay answered, piece by piece, and what the node saw."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    seen: list[web.BaseRequest] = field(default_factory=list)
    raised: BaseException | None = None

    @property
    def status(self) -> int:
        return int(self.messages[0]["status"])

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.messages[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.messages[1:])

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("node"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("other"))


def ask(
    certificate: Certificate,
    answer: Answer,
    *,
    method: str = "POST",
    path: str = PATH,
    networks: str = "127.0.0.0/8",
    open_port: int | None = None,
    **headers: str,
) -> Told:
    """Ask a relay whose node answers by `answer`; `headers` with underscores for hyphens replace the usual ones."""

    async def run() -> Told:
        told = Told()

        async def handle(request: web.Request) -> web.StreamResponse:
            told.seen.append(request)
            return await answer(request)

        node = web.Application()
        node.router.add_route("*", "/{path:.*}", handle)
        runner = web.AppRunner(node, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate.context()).start()
        port = int(runner.addresses[0][1])
        variables = {"LEANTO_NODE_NETWORKS": networks, "LEANTO_NODE_PORT": str(open_port or port)}
        usual = {
            "x-leanto-node": f"127.0.0.1:{port}",
            "x-leanto-fingerprint": certificate.fingerprint,
            "x-leanto-first-byte-seconds": "5",
            "x-leanto-deadline-seconds": "10",
            "content-type": "application/json",
            "authorization": "Bearer canary-key",
        }
        given = usual | {name.replace("_", "-"): value for name, value in headers.items()}
        await _run_app(told, variables, method, path, given)
        await runner.cleanup()
        return told

    return asyncio.run(run())


async def _run_app(told: Told, variables: dict[str, str], method: str, path: str, headers: dict[str, str]) -> None:
    app = create_app(variables)
    lifespan = Lifespan(app)
    await lifespan.startup()
    pairs = [(name.encode(), value.encode()) for name, value in headers.items() if value != "absent"]
    scope = {"type": "http", "method": method, "path": path, "headers": pairs, "state": lifespan.state}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": CANARY.encode(), "more_body": False}

    async def send(message: Any) -> None:
        told.messages.append(message)

    try:
        await app(scope, receive, send)
    except Exception as error:
        told.raised = error
    await lifespan.shutdown()


async def plainly(request: web.Request) -> web.StreamResponse:
    headers = {"x-leanto-reason": "because", "set-cookie": "a=b", "x-leanto-relay": "forged"}
    return web.Response(body=await request.read(), headers=headers, content_type="application/json")


async def never(_request: web.Request) -> web.StreamResponse:
    raise AssertionError("the node was asked")


def test_a_request_and_its_answer_pass_unchanged(certificate: Certificate) -> None:
    told = ask(certificate, plainly, traceparent="00-1-2-01")
    assert told.status == 200
    assert told.body == CANARY.encode()
    assert told.seen[0].path == PATH
    assert told.seen[0].headers["traceparent"] == "00-1-2-01"
    assert told.headers == {"content-type": "application/json", "x-leanto-reason": "because"}


def test_no_key_and_no_order_reaches_the_node(certificate: Certificate) -> None:
    seen = ask(certificate, plainly).seen[0].headers
    assert "authorization" not in seen
    assert not [name for name in seen if name.lower().startswith("x-leanto-")]


def test_a_refusal_of_the_node_passes_with_its_reason(certificate: Certificate) -> None:
    async def full(_request: web.Request) -> web.StreamResponse:
        return web.json_response({"error": {"code": "node_full"}}, status=503, headers={"x-leanto-reason": "full"})

    told = ask(certificate, full)
    assert (told.status, told.headers["x-leanto-reason"], told.code) == (503, "full", "node_full")


def test_pieces_of_a_stream_pass_as_they_come(certificate: Certificate) -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        for number in range(3):
            await response.write(b"data: %d\n\n" % number)
            await asyncio.sleep(0.05)
        return response

    told = ask(certificate, stream)
    pieces = [message["body"] for message in told.messages[1:] if message["body"]]
    assert pieces == [b"data: 0\n\n", b"data: 1\n\n", b"data: 2\n\n"]


def test_another_certificate_gets_nothing_of_the_request(certificate: Certificate, other: Certificate) -> None:
    told = ask(certificate, never, x_leanto_fingerprint=other.fingerprint)
    assert (told.status, told.code, told.seen) == (502, "untrusted", [])
    assert told.headers["x-leanto-relay"] == "untrusted"


def test_a_redirect_is_not_followed(certificate: Certificate) -> None:
    async def away(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"location": f"https://{request.host}/v1/completions"})

    told = ask(certificate, away)
    assert told.status == 307
    assert "location" not in told.headers
    assert [request.path for request in told.seen] == [PATH]


@pytest.mark.parametrize(
    "node",
    [
        "169.254.169.254:{port}",  # instance metadata
        "10.0.0.1:{port}",  # a private address beyond the pool's networks
        "127.0.0.1:22",
        "127.1:{port}",
        "2130706433:{port}",
        "0177.0.0.1:{port}",
        "localhost:{port}",
        "[::1]:{port}",
        "user@127.0.0.1:{port}",
        "127.0.0.1:{port}/admin",
        "127.0.0.1",
        "",
        "absent",
    ],
)
def test_what_is_no_node_of_the_pool_is_refused(certificate: Certificate, node: str) -> None:
    told = ask(certificate, never, open_port=8443, networks="127.0.0.1/32", x_leanto_node=node.format(port=8443))
    assert (told.status, told.code) == (403, "refused")


@pytest.mark.parametrize("path", ["/v1/models", "/metrics", "/slots", "/v1/chat/completions/", "/v1/../metrics", "/"])
def test_other_paths_of_the_node_are_refused(certificate: Certificate, path: str) -> None:
    told = ask(certificate, never, path=path)
    assert (told.status, told.code) == (403, "refused")


@pytest.mark.parametrize(
    "header",
    [
        {"method": "GET"},
        {"x_leanto_fingerprint": "absent"},
        {"x_leanto_fingerprint": "ABCD" * 16},
        {"x_leanto_first_byte_seconds": "nan"},
        {"x_leanto_deadline_seconds": "1e9"},
        {"x_leanto_deadline_seconds": "0"},
        {"X_Leanto_Node": "127.0.0.1:1"},  # a second one beside the first
    ],
)
def test_an_order_that_is_not_whole_is_refused(certificate: Certificate, header: dict[str, str]) -> None:
    told = ask(certificate, never, **header)  # type: ignore[arg-type]
    assert (told.status, told.code) == (403, "refused")


def test_a_node_that_is_not_there_is_told(certificate: Certificate) -> None:
    told = ask(certificate, never, open_port=1, x_leanto_node="127.0.0.1:1")
    assert (told.status, told.code) == (502, "unreachable")


def test_a_node_that_does_not_begin_in_time_is_told(certificate: Certificate) -> None:
    async def slow(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5)
        raise AssertionError

    told = ask(certificate, slow, x_leanto_first_byte_seconds="0.2")
    assert (told.status, told.code) == (504, "timeout")


def test_a_node_that_breaks_off_before_its_first_byte_can_be_replaced(certificate: Certificate) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        request.transport.abort()  # type: ignore[union-attr]
        return response

    told = ask(certificate, break_off)
    assert (told.status, told.code) == (502, "broken")


@pytest.mark.parametrize("how", ["abort", "hang"])
def test_a_stream_that_breaks_ends_in_an_error_and_not_as_if_whole(certificate: Certificate, how: str) -> None:
    async def break_off(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        await asyncio.sleep(0.05 if how == "abort" else 5)
        request.transport.abort()  # type: ignore[union-attr]
        return response

    told = ask(certificate, break_off, x_leanto_deadline_seconds="0.5")
    assert isinstance(told.raised, NodeBrokeOffError)
    assert told.messages[-1]["more_body"] is True
    assert CANARY not in str(told.raised)


def test_a_wrong_configuration_is_told_at_the_start(tmp_path: Path) -> None:
    async def start(variables: dict[str, str]) -> None:
        await Lifespan(create_app(variables)).startup()

    with pytest.raises(Exception, match="LEANTO_NODE_PORT is not set"):
        asyncio.run(start({"LEANTO_NODE_NETWORKS": "10.0.0.0/8"}))
    with pytest.raises(Exception, match=r"IPv4 networks such as 10\.42\.0\.0/20"):
        asyncio.run(start({"LEANTO_NODE_NETWORKS": "10.0.0.0/8,all", "LEANTO_NODE_PORT": "8443"}))
