"""Claim: whatever an upstream does, the client gets one defined answer, and nothing is sent twice."""

import gzip
import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest

from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.gateway.conftest import PROVIDER_KEY, Gateway, Provider
from tests.runtime.raw_upstream import CLOSE, HANG, PAUSE, RawUpstream, chunk, stream_head, whole

PROMPT = "canary-prompt"
MESSAGES = [{"role": "user", "content": PROMPT}]
DOCUMENT = b'{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[]}'
PIECE = b'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[]}\n\n'

Upstreams = Callable[..., RawUpstream]


@pytest.fixture
def upstreams(background: BackgroundLoop) -> Iterator[Upstreams]:
    """Start upstreams that follow scripts."""
    started = []

    def start(*scripts: list[bytes]) -> RawUpstream:
        upstream = RawUpstream(*scripts)
        background.run(upstream.start())
        started.append(upstream)
        return upstream

    yield start
    for upstream in started:
        background.run(upstream.close())


def ask(gateway: Gateway, **options: Any) -> Any:
    return gateway.client.chat.completions.create(**{"model": "small", "messages": MESSAGES} | options)


def failure(gateway: Gateway, **options: Any) -> openai.APIStatusError:
    with pytest.raises(openai.APIStatusError) as error:
        ask(gateway, **options)
    return error.value


def read_until_error(gateway: Gateway) -> tuple[int, openai.APIError]:
    """Return how many chunks of a stream came before its error event, and the error."""
    received = 0
    try:
        for _ in ask(gateway, stream=True):
            received += 1
    except openai.APIError as error:
        return received, error
    raise AssertionError("the stream ended without an error")


@pytest.mark.parametrize("stream", [False, True])
def test_a_provider_that_is_down_is_502(start_gateway: Callable[..., Gateway], stream: bool) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    gateway = start_gateway(base_url=f"http://127.0.0.1:{port}/v1")
    error = failure(gateway, stream=stream)
    assert (error.status_code, error.code) == (502, "upstream_broken")
    assert "acme could not be reached" in error.message
    assert [line["error"] for line in gateway.lines()] == ["upstream_broken"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_provider_that_hangs_up_without_a_word_is_502_and_is_asked_once(
    gateway: Gateway, provider: Provider, stream: bool
) -> None:
    provider.control(drop_connection=True)
    error = failure(gateway, stream=stream)
    assert (error.status_code, error.code) == (502, "upstream_broken")
    assert provider.counts()["chat_requests"] == 1


def test_a_slow_provider_is_504_after_the_bound_of_the_whole_request(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    provider.control(delay_first_byte_seconds=5)
    gateway = start_gateway(request_timeout_seconds=0.3, first_byte_timeout_seconds=0.1)
    begun = time.monotonic()
    error = failure(gateway)
    assert (error.status_code, error.code) == (504, "upstream_timeout")
    assert 0.25 < time.monotonic() - begun < 4.5
    assert provider.counts()["disconnects"] == 1


def test_a_stream_that_does_not_begin_is_504_after_the_first_byte_bound(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    provider.control(delay_first_byte_seconds=5)
    gateway = start_gateway(first_byte_timeout_seconds=0.2)
    assert failure(gateway, stream=True).status_code == 504


def test_a_stream_with_headers_but_no_first_byte_is_504_too(
    start_gateway: Callable[..., Gateway], upstreams: Upstreams
) -> None:
    upstream = upstreams([stream_head(), HANG])
    gateway = start_gateway(base_url=upstream.base_url, first_byte_timeout_seconds=0.2)
    assert failure(gateway, stream=True).status_code == 504


def test_an_answer_that_is_not_streamed_may_take_longer_than_the_first_byte_bound(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    provider.control(delay_first_byte_seconds=0.5)
    assert ask(start_gateway(first_byte_timeout_seconds=0.1)).choices


def test_a_stream_that_has_begun_may_take_longer_than_the_first_byte_bound(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    provider.control(delay_chunk_seconds=0.03)
    gateway = start_gateway(first_byte_timeout_seconds=0.3)
    begun = time.monotonic()
    chunks = list(ask(gateway, stream=True))
    assert time.monotonic() - begun > 0.4
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_lambdas_own_deadline_is_met_with_time_for_the_answer(
    start_gateway: Callable[..., Gateway], provider: Provider, background: BackgroundLoop
) -> None:
    provider.control(delay_first_byte_seconds=20)
    gateway = start_gateway(known={"deadline": background.loop.time() + 5})
    begun = time.monotonic()
    assert failure(gateway).status_code == 504
    assert time.monotonic() - begun < 5


def test_a_stream_that_hangs_ends_with_an_error_event_at_the_bound(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    provider.control(hang_after_chunks=3, delay_chunk_seconds=0)
    gateway = start_gateway(request_timeout_seconds=0.5)
    received, error = read_until_error(gateway)
    assert (received, error.code) == (3, "upstream_timeout")
    assert [line["error"] for line in gateway.lines()] == ["upstream_timeout"]


@pytest.mark.parametrize("chunks", [1, 4])
def test_a_stream_that_is_cut_within_a_line_ends_with_an_error_event_and_is_not_repeated(
    gateway: Gateway, provider: Provider, chunks: int
) -> None:
    provider.control(cut_after_chunks=chunks, delay_chunk_seconds=0.01)
    received, error = read_until_error(gateway)
    assert (received, error.code) == (chunks, "upstream_broken")
    assert provider.counts()["chat_requests"] == 1


def test_a_limit_of_the_provider_passes_with_its_retry_after(gateway: Gateway, provider: Provider) -> None:
    provider.control(status=429, retry_after_seconds=7)
    error = failure(gateway)
    assert isinstance(error, openai.RateLimitError)
    assert error.response.headers["retry-after"] == "7"
    assert error.body["message"] == "[simulated] The stand-in was told to answer with status 429."


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            b'{"error": {"message": "bad max_tokens", "type": "t", "param": "max_tokens", "code": "c"}}',
            "bad max_tokens",
        ),
        (b'[{"error": {"code": 400, "message": "Unknown name", "status": "INVALID_ARGUMENT"}}]', "Unknown name"),
        (b'{"message": "Validation failed"}', "Validation failed"),
        (b'{"detail": "Unprocessable"}', "Unprocessable"),
        (b'{"error": "model is loading"}', "model is loading"),
        (b"<html>proxy</html>", "gave no reason"),
        (b"", "gave no reason"),
        (b'{"detail": [{"loc": ["body"]}]}', "gave no reason"),
        (b"[" * 60_000, "gave no reason"),
    ],
)
def test_the_clients_own_mistakes_pass_in_openai_shape(
    start_gateway: Callable[..., Gateway], upstreams: Upstreams, body: bytes, message: str
) -> None:
    gateway = start_gateway(base_url=upstreams(whole("400 Bad Request", body)).base_url)
    error = failure(gateway)
    assert isinstance(error, openai.BadRequestError)
    assert message in error.body["message"]
    assert set(error.body) >= {"message", "type", "param", "code"}


def test_a_field_of_the_providers_error_that_openai_does_not_have_is_kept(
    start_gateway: Callable[..., Gateway], upstreams: Upstreams
) -> None:
    body = b'{"error": {"message": "filtered", "code": "content_filter", "innererror": {"x": 1}}}'
    error = failure(start_gateway(base_url=upstreams(whole("400 Bad Request", body)).base_url))
    assert error.body["innererror"] == {"x": 1}


def test_a_key_in_the_providers_wording_is_taken_out(
    start_gateway: Callable[..., Gateway], upstreams: Upstreams
) -> None:
    body = json.dumps({"error": {"message": f"key {PROVIDER_KEY} may not do this"}}).encode()
    error = failure(start_gateway(base_url=upstreams(whole("403 Forbidden", body)).base_url))
    assert error.status_code == 403
    assert error.body["message"] == "key [key] may not do this"


@pytest.mark.parametrize("status", ["500 Internal Server Error", "503 Service Unavailable", "529 Overloaded"])
def test_a_failure_of_the_provider_is_502_without_its_wording(
    start_gateway: Callable[..., Gateway], upstreams: Upstreams, status: str
) -> None:
    body = json.dumps({"error": {"message": f"we failed on {PROMPT}"}}).encode()
    gateway = start_gateway(base_url=upstreams(whole(status, body, "Retry-After: 3")).base_url)
    error = failure(gateway)
    assert (error.status_code, error.code) == (502, "upstream_error")
    assert PROMPT not in error.message
    assert error.response.headers["retry-after"] == "3"
    assert gateway.lines()[0]["upstream_status"] == int(status[:3])


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect"])
def test_a_redirect_is_not_followed(start_gateway: Callable[..., Gateway], upstreams: Upstreams, status: str) -> None:
    other = upstreams(whole("200 OK", DOCUMENT))
    upstream = upstreams(whole(status, b"", f"Location: {other.base_url}"))
    error = failure(start_gateway(base_url=upstream.base_url))
    assert (error.status_code, error.code) == (502, "upstream_error")
    assert other.received == []


@pytest.mark.parametrize(
    "script",
    [
        whole("200 OK", b"<html>", content_type="text/html"),
        whole("200 OK", b'["a list"]'),
        whole("200 OK", b"{"),
        [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", CLOSE],
        [b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n"],
        [b"not http at all\r\n\r\n", CLOSE],
        [b"HTTP/1.1 200 OK\r\nX-Huge: " + b"x" * 70_000 + b"\r\n\r\n", CLOSE],
    ],
    ids=["html", "list", "half JSON", "short body", "empty stream", "no HTTP", "huge header"],
)
def test_an_answer_that_is_none_is_502(
    start_gateway: Callable[..., Gateway], upstreams: Upstreams, script: list[bytes]
) -> None:
    upstream = upstreams(script)
    error = failure(start_gateway(base_url=upstream.base_url))
    assert (error.status_code, error.code) == (502, "upstream_broken")
    assert len(upstream.received) == 1


def test_a_kept_connection_that_the_provider_closed_meanwhile_is_no_error(
    start_gateway: Callable[..., Gateway], upstreams: Upstreams
) -> None:
    """The second request finds its connection closed; it is sent once more, on a new one."""
    upstream = upstreams(whole("200 OK", DOCUMENT), [CLOSE], whole("200 OK", DOCUMENT))
    gateway = start_gateway(base_url=upstream.base_url)
    assert ask(gateway).id == "x"
    assert ask(gateway).id == "x"
    assert (len(upstream.received), upstream.connections) == (3, 2)


def test_an_answer_compressed_unasked_reaches_the_client_plain(
    start_gateway: Callable[..., Gateway], upstreams: Upstreams
) -> None:
    script = whole("200 OK", gzip.compress(DOCUMENT), "Content-Encoding: gzip")
    gateway = start_gateway(base_url=upstreams(script).base_url)
    raw = gateway.client.chat.completions.with_raw_response.create(model="small", messages=MESSAGES)
    assert "content-encoding" not in raw.headers
    assert raw.content == DOCUMENT


def test_connections_to_the_provider_are_kept_between_requests(
    start_gateway: Callable[..., Gateway], upstreams: Upstreams
) -> None:
    upstream = upstreams(whole("200 OK", DOCUMENT))
    gateway = start_gateway(base_url=upstream.base_url)
    for _ in range(3):
        ask(gateway)
    assert (len(upstream.received), upstream.connections) == (3, 1)


def test_a_client_that_hangs_up_ends_the_request_to_the_provider(gateway: Gateway, provider: Provider) -> None:
    provider.control(hang_after_chunks=2, delay_chunk_seconds=0)
    stream = ask(gateway, stream=True)
    next(iter(stream))
    stream.close()
    _until(lambda: provider.counts()["disconnects"] == 1)
    assert [line["status"] for line in gateway.lines()] == [499]
    assert gateway.server.unhandled == []


def test_a_client_that_hangs_up_before_the_answer_ends_the_request_to_the_provider(
    gateway: Gateway, provider: Provider
) -> None:
    provider.control(delay_first_byte_seconds=10)
    with pytest.raises(openai.APITimeoutError):
        ask(gateway, timeout=0.3)
    _until(lambda: provider.counts()["disconnects"] == 1)
    assert [line["status"] for line in gateway.lines()] == [499]


def test_bytes_of_a_stream_pass_unchanged_however_they_are_cut(
    start_gateway: Callable[..., Gateway], upstreams: Upstreams
) -> None:
    body = PIECE + b": a comment\r\n\r\n" + PIECE + b"data: [DONE]\n\nlast line without an end"
    script = [stream_head()]
    for start in range(0, len(body), 7):
        script += [chunk(body[start : start + 7])]
    gateway = start_gateway(base_url=upstreams([*script, chunk(b"")]).base_url)
    with gateway.client.chat.completions.with_streaming_response.create(
        model="small", messages=MESSAGES, stream=True
    ) as raw:
        assert b"".join(raw.iter_bytes()) == body


def test_whole_lines_leave_at_once_and_do_not_wait_for_more(
    start_gateway: Callable[..., Gateway], upstreams: Upstreams
) -> None:
    script = [stream_head(), chunk(PIECE), *[PAUSE] * 60, chunk(b"data: [DONE]\n\n"), chunk(b"")]
    gateway = start_gateway(base_url=upstreams(script).base_url)
    begun = time.monotonic()
    stream = ask(gateway, stream=True)
    next(iter(stream))
    assert time.monotonic() - begun < 2
    stream.close()


def _until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        time.sleep(0.02)
