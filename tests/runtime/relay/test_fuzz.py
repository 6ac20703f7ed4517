"""Claim: whatever the relay is ordered, it connects to nodes of the pool only, and sends a request that is whole."""

import asyncio
import ipaddress
import json
from typing import Any

import aiohttp
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from yarl import URL

from runtime.decide.relaying import ALL_SECONDS, FINGERPRINT, FIRST_BYTE_SECONDS, NODE, PATHS
from runtime.lambda_events import ProxyEventError, asgi_request
from runtime.relay.app import create_app
from runtime.relay.order import Place

NETWORKS = ("10.42.0.0/20", "10.42.16.0/20")
PLACE = Place.from_variables({"LEANTO_NODE_NETWORKS": ",".join(NETWORKS), "LEANTO_NODE_PORT": "8443"})
NODE_ADDRESS = "10.42.3.7"
GOOD = {NODE: f"{NODE_ADDRESS}:8443", FINGERPRINT: "ab" * 32, FIRST_BYTE_SECONDS: "5", ALL_SECONDS: "9"}
TEXT = {"content-type": "application/json", "accept": "text/event-stream", "traceparent": "00-1-2-01"}


class Line:
    """Takes the place of the session: notes what would be sent, and connects to nobody."""

    def __init__(self) -> None:
        self.asked: list[tuple[URL, dict[str, Any]]] = []

    async def post(self, url: URL, **options: Any) -> None:
        self.asked.append((url, options))
        raise aiohttp.ClientConnectionError


def order(event: dict[str, Any]) -> tuple[int | None, Line]:
    """Give the relay an event; returns the status of its answer, None for an event that is none, and the line."""
    line, sent = Line(), []

    async def run() -> None:
        scope, body = asgi_request(event, deadline=0, trace_id="")
        scope["state"] = {"place": PLACE, "session": line}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await create_app({})(scope, receive, send)

    try:
        asyncio.run(run())
    except ProxyEventError:
        return None, line
    return int(sent[0]["status"]), line


def held(status: int | None, line: Line) -> None:
    """Hold what the relay did to what it may do."""
    assert status in {None, 403, 502}
    assert bool(line.asked) == (status == 502)
    for url, options in line.asked:
        assert (url.scheme, url.port, url.path in PATHS, url.user, url.query_string) == ("https", 8443, True, None, "")
        address = ipaddress.IPv4Address(url.host or "")
        assert any(address in ipaddress.IPv4Network(network) for network in NETWORKS)
        assert (str(address), options["allow_redirects"]) == (url.host, False)
        assert len(options["ssl"].fingerprint) == 32
        assert options["headers"].keys() <= {"content-type", "traceparent", "x-request-id", "accept"}
        assert all(value.isascii() and value.isprintable() for value in options["headers"].values())


def event(headers: Any, path: str = PATHS[0], method: str = "POST", **more: Any) -> dict[str, Any]:
    return {"httpMethod": method, "path": path, "headers": headers, "body": "{}", "isBase64Encoded": False, **more}


def spelled(address: str) -> list[str]:
    """Return other ways to write an IPv4 address that some parser somewhere takes."""
    parts = [int(part) for part in address.split(".")]
    number = int(ipaddress.IPv4Address(address))
    return [
        str(number),
        hex(number),
        oct(number),
        ".".join(f"{part:04o}" for part in parts),
        ".".join(f"{part:03d}" for part in parts),
        ".".join(hex(part) for part in parts),
        f"{parts[0]}.{parts[1]}.{parts[2] * 256 + parts[3]}",
        f"{parts[0]}.{number & 0xFFFFFF}",
        f"[::ffff:{address}]",
        f"::ffff:{address}",
        f"[64:ff9b::{address}]",
        f"{address}.",
        f"{address}%00",
        f"{address}%2f",
        f" {address}",
        f"{address}\t",
        f"node@{address}",
        f"{address}@{NODE_ADDRESS}",
        f"{NODE_ADDRESS}@{address}",
        f"{address}#{NODE_ADDRESS}",
        f"{NODE_ADDRESS}\\@{address}",
        f"{address}.nip.io",
        address.replace(".", "\u3002"),
        "".join(chr(0xFF10 + int(one)) if one.isdigit() else one for one in address),
    ]


FORBIDDEN = ("169.254.169.254", "169.254.170.2", "127.0.0.1", "0.0.0.0", "10.42.32.1", "10.41.255.255", "8.8.8.8")  # noqa: S104
PORTS = (
    ":8443",
    "",
    ":",
    ":443",
    ":08443",
    ":8443:8443",
    ":8443/",
    ":8443@",
    ":+8443",
    ": 8443",
    ":8443\r\nx: y",
    ":22",
)


@pytest.mark.parametrize("address", [*FORBIDDEN, "fd00:ec2::254", "localhost", "instance-data"])
def test_no_address_outside_the_pool_is_asked_however_it_is_written(address: str) -> None:
    ways = [address, *(spelled(address) if address.replace(".", "").isdigit() else ())]
    for way in ways:
        for port in (":8443", "", ":80"):
            status, line = order(event(GOOD | TEXT | {NODE: way + port}))
            assert (way, port, status, line.asked) == (way, port, 403, [])


def test_an_address_of_the_pool_is_asked_in_one_spelling_and_at_one_port_only() -> None:
    for way in spelled(NODE_ADDRESS):
        status, line = order(event(GOOD | {NODE: f"{way}:8443"}))
        assert (way, status, line.asked) == (way, 403, [])
    taken = [port for port in PORTS if order(event(GOOD | {NODE: NODE_ADDRESS + port}))[0] == 502]
    assert taken == [":8443"]


names = st.sampled_from([*GOOD, *TEXT, "x-request-id", "host", "X-LEANTO-NODE", "x-leanto-node ", "authorization"])
texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [*GOOD.values(), *PORTS, "1e3", "inf", "nan", "-1", "1_0", "a\r\nhost: 169.254.169.254", "\0", "\x7f"]
    ),
    st.builds(
        lambda way, port: way + port,
        st.sampled_from([w for a in FORBIDDEN for w in spelled(a)]),
        st.sampled_from(PORTS),
    ),
    st.ip_addresses(v=4).map(lambda address: f"{address}:8443"),
    st.ip_addresses(v=4, network="10.42.0.0/16").map(lambda address: f"{address}:8443"),
)
paths = st.one_of(
    st.sampled_from([*PATHS, "/metrics", "/v1/chat/completions?x", "//v1/embeddings", "/v1/embeddings/.."]),
    st.text(max_size=20),
)


@example({"content-type": "a\r\nx-api-key: b"}, {}, PATHS[0], "POST")
@example({"x-request-id": "\u4e2d"}, {}, PATHS[0], "POST")
@given(
    st.dictionaries(names, texts, max_size=3),
    st.dictionaries(names, st.lists(texts, max_size=3), max_size=2),
    st.one_of(st.just(PATHS[0]), paths),
    st.sampled_from(["POST", "POST", "POST", "post", "GET", "POST ", "CONNECT"]),
)
def test_no_order_leads_anywhere_else(
    changes: dict[str, str], multiple: dict[str, list[str]], path: str, method: str
) -> None:
    held(*order(event(GOOD | TEXT | changes, path, method)))
    if multiple:
        whole = {name: [value] for name, value in (GOOD | changes).items()}
        held(*order(event({}, path, method, multiValueHeaders=whole | multiple)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from([*event({}), "resource", "pathParameters", "multiValueHeaders"]), json_values))
def test_no_event_of_another_form_is_more_than_refused(changes: dict[str, Any]) -> None:
    held(*order(json.loads(json.dumps(event(GOOD | TEXT) | changes))))
