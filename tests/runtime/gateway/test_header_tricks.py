"""Claim: no trick with headers, framing, methods or paths lets anyone in at `leanto gateway serve` without a key.

Over raw sockets, as a client library would not send most of it.
"""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from leanto.embedded.provider import StandIn
from runtime.state.keys import make_key
from tests.runtime.gateway.conftest import LIMITS, PRICE, PROVIDER_KEY, Provider, routes

ROOT = Path(__file__).resolve().parents[3]
KEY = make_key().text
OTHER = make_key().text
BODY = b'{"model": "small", "messages": [{"role": "user", "content": "hello"}]}'
GOOD = f"Authorization: Bearer {KEY}".encode()
WRONG = f"Authorization: Bearer {OTHER}".encode()
SHORT = 0.3
"""Patience with what leaves its connection open: enough to be let in, were it possible."""

MODELS = b"GET /v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True)
class Door:
    """A server that nobody gets into, and its port."""

    port: int

    def send(self, data: bytes, patience_seconds: float = 10) -> bytes:
        """Send bytes on a new connection and return all that comes back until it closes or is silent for so long."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience_seconds) as connection:
            received = b""
            try:
                connection.sendall(data)
                while piece := connection.recv(65536):
                    received += piece
            except (ConnectionError, TimeoutError):
                pass
            return received

    def statuses(self, data: bytes, patience_seconds: float = 10) -> list[int]:
        """Return the status of each answer to what is sent."""
        received = self.send(data, patience_seconds)
        return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", received)]


def request(
    *headers: bytes, path: bytes = b"/v1/chat/completions", method: bytes = b"POST", body: bytes = BODY
) -> bytes:
    length = b"Content-Length: %d" % len(body)
    head = b"\r\n".join([b"%s %s HTTP/1.1" % (method, path), b"Host: x", b"Connection: close", length, *headers])
    return head + b"\r\n\r\n" + body


@pytest.fixture(scope="module")
def door(stand_in: StandIn, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    document = tmp_path_factory.mktemp("door") / "deployment.json"
    providers = {"acme": {"base_url": stand_in.base_url, "auth": "bearer"}}
    described = {"schema": 2, "stack": "demo", "mode": "hybrid", "limits": LIMITS, "providers": providers}
    document.write_text(json.dumps(described | {"routes": routes(PRICE)}))
    command = [sys.executable, "-m", "leanto", "gateway", "serve", "--document", document, "--port", "0"]
    environment = {**os.environ, "ACME_API_KEY": PROVIDER_KEY, "LEANTO_KEY": KEY}
    with subprocess.Popen(
        [*command, "--store", "memory"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stderr is not None
        found = re.search(rb"http://127\.0\.0\.1:(\d+)/v1", process.stderr.readline())
        assert found
        yield Door(int(found[1]))
        process.kill()


@pytest.fixture
def shut(door: Door, provider: Provider) -> Iterator[Door]:
    """A door through which nothing may get to the provider; afterwards it still opens for the key."""
    provider.control(delay_chunk_seconds=0.0)
    yield door
    assert provider.counts()["chat_requests"] == 0
    assert door.statuses(request(GOOD)) == [200]


IMPOSTORS = {
    "none": [],
    "another's": [WRONG],
    "wrong, then right": [WRONG, GOOD],
    "right, then wrong": [GOOD, WRONG],
    "right, twice": [GOOD, GOOD],
    "right, then empty": [GOOD, b"Authorization:"],
    "two in one": [GOOD + b", Bearer " + OTHER.encode()],
    "more after it": [GOOD + b" x"],
    "folded": [b"Authorization: Bearer", b"\t" + KEY.encode()],
    "a space before the colon": [b"Authorization : Bearer " + KEY.encode()],
    "a name like it": [b"Authorization_: Bearer " + KEY.encode()],
    "in Latin-1": [b"Authorization: Bearer\xa0" + KEY.encode()],
    "as a password": [b"Authorization: Basic " + KEY.encode()],
    "in other headers": [b"api-key: " + KEY.encode(), b"x-api-key: " + KEY.encode(), b"Cookie: key=" + KEY.encode()],
    "for the proxy": [b"Proxy-Authorization: Bearer " + KEY.encode()],
    "hidden by Connection": [b"Connection: authorization", WRONG],
    "forwarded": [b"X-Forwarded-For: 127.0.0.1", b"Forwarded: for=127.0.0.1", b"X-Real-IP: ::1"],
    "forwarded with a key": [b"X-Forwarded-Authorization: Bearer " + KEY.encode()],
    "an identity": [b"keyId: local", b"models: *", b"x-amzn-oidc-identity: local", b"leanto.request: {}"],
    "another method and path": [b"X-HTTP-Method-Override: GET", b"X-Original-URL: /health", b"X-Rewrite-URL: /health"],
    "oversized": [b"X-Long: " + b"x" * 200_000],
    "an oversized key": [b"Authorization: Bearer " + KEY.encode() + b"A" * 200_000],
    "very many": [b"X-%d: x" % number for number in range(3000)],
}  # fmt: skip


@pytest.mark.parametrize("name", IMPOSTORS)
def test_no_key_but_one_proper_header_counts(shut: Door, name: str) -> None:
    for path, method in ((b"/v1/chat/completions", b"POST"), (b"/v1/models", b"GET")):
        statuses = shut.statuses(request(*IMPOSTORS[name], path=path, method=method), SHORT)
        assert statuses in ([401], [400], [431], [])


PATHS = [
    b"/v1/models/", b"//v1/models", b"/v1//models", b"/v1/./models", b"/v1/../v1/models", b"/V1/models",
    b"/v1/models%00", b"/health/../v1/models", b"/v1/models;a", b"/v1/models?key=" + KEY.encode(), b"/v1/models#x",
    b"/%76%31/models", b"/v1/chat/completions/",
    b"http://x/v1/models", b"http://x:" + KEY.encode() + b"@x/v1/models", b"*", b"/v1\\models", b"/v1/models\xff",
    b"/v1/chat/completions/..", b"/v1/models HTTP/1.0", b"models", b"",
]  # fmt: skip
METHODS = [
    b"GET",
    b"HEAD",
    b"get",
    b"POST",
    b"OPTIONS",
    b"TRACE",
    b"CONNECT",
    b"PUT",
    b"DELETE",
    b"FOO",
    b"GET\t",
    b"PRI",
]


@pytest.mark.parametrize("method", METHODS)
def test_no_path_or_method_does_without_a_key(shut: Door, method: bytes) -> None:
    for path in [*PATHS, b"/v1/chat/completions", b"/v1/models"]:
        statuses = shut.statuses(request(b"X: y", path=path, method=method), SHORT)
        assert all(400 <= status < 500 for status in statuses), (path, statuses)


CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
START = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
FRAMINGS = {
    "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "lengths in a list": b"Content-Length: 0, 5\r\n\r\n",
    "a signed length": b"Content-Length: +0\r\n\r\n",
    "a length below nothing": b"Content-Length: -1\r\n\r\n",
    "a length in hexadecimal": b"Content-Length: 0x0\r\n\r\n",
    "another coding": b"Transfer-Encoding: xchunked\r\n\r\n",
    "chunked not at the end": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "two codings": b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a coding with a tab": b"Transfer-Encoding:\tchunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    "a broken chunk": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a huge chunk": b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    "bare line feeds": b"Content-Length: 0\n\n",
    "bare carriage returns": b"Content-Length: 0\r\r",
}  # fmt: skip


@pytest.mark.parametrize("name", FRAMINGS)
def test_no_framing_smuggles_a_request_in_behind_one_with_a_key(shut: Door, name: str) -> None:
    """What follows has no key, so whatever the server takes for its beginning, nobody may be answered with models."""
    received = shut.send(START + GOOD + b"\r\n" + FRAMINGS[name] + MODELS, SHORT)
    assert b"HTTP/1.1 200" not in received
    assert b'"object":"list"' not in received


def test_a_key_counts_for_its_own_request_only(door: Door, provider: Provider) -> None:
    """On one connection, the second request is somebody else's: what a proxy with a pool makes of two clients."""
    provider.control(delay_chunk_seconds=0.0)
    first = request(GOOD).replace(b"Connection: close\r\n", b"")
    assert door.statuses(first + MODELS) == [200, 401]
    assert door.statuses(first + request(WRONG)) == [200, 401]


def test_a_chunked_body_is_taken(door: Door, provider: Provider) -> None:
    provider.control(delay_chunk_seconds=0.0)
    head = START + GOOD + b"\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert door.statuses(head + CHUNKED) == [200]


@pytest.mark.parametrize("start", [b"X-Long: ", b"X: y\r\n" * 3000, b"GET /" * 20_000], ids=["one", "many", "the path"])
def test_a_head_without_end_is_refused_while_it_comes(door: Door, start: bytes) -> None:
    """Whoever has no key could fill the server's memory with it."""
    with socket.create_connection(("127.0.0.1", door.port), timeout=10) as connection:
        sent = connection.send(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n" + start)
        while sent < 50_000_000:
            try:
                sent += connection.send(b"x" * 65536)
            except ConnectionError:
                break
    assert sent < 20_000_000


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"canary\r\n\r\n", 400, "invalid_http"),
        (b"GET /v1/models HTTP/1.1\r\nX: " + b"x" * 600_000, 431, "headers_too_large"),
    ],
)
def test_what_is_no_request_is_refused_in_openais_shape(door: Door, data: bytes, status: int, code: str) -> None:
    head, _, body = door.send(data).partition(b"\r\n\r\n")
    if not head and status == 431:
        pytest.skip("the connection was reset before the answer was read, as happens with more on its way")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    error = json.loads(body)["error"]
    assert (error["code"], error["type"]) == (code, "invalid_request_error")
    assert "canary" not in str(error)
