"""Claim: a request's trace is carried on as W3C Trace Context has it, and a header that is none begins a new one."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.gateway.trace import trace_of
from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.gateway.conftest import Gateway
from tests.runtime.gateway.test_chat import MESSAGES
from tests.runtime.raw_upstream import RawUpstream, whole

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"00-{TRACE}-{SPAN}-01"
FORM = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[01]")

MALFORMED = {
    "empty": "",
    "capitals": GIVEN.upper(),
    "version ff": f"ff-{TRACE}-{SPAN}-01",
    "no trace": f"00-{'0' * 32}-{SPAN}-01",
    "no span": f"00-{TRACE}-{'0' * 16}-01",
    "short": GIVEN[:-1],
    "more than version 00 has": f"{GIVEN}-more",
    "more without a dash": f"01-{TRACE}-{SPAN}-01more",
    "a line end": f"{GIVEN}\n",
    "digits of another script": f"00-{TRACE[:-1]}\u0663-{SPAN}-01",
}


def headers(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"accept", b"*/*"), *((b"traceparent", value.encode("utf-8")) for value in values)]


def test_the_trace_goes_on_with_a_span_of_ours() -> None:
    trace = trace_of(headers(GIVEN))
    assert (trace.trace_id, trace.sampled) == (TRACE, True)
    assert trace.traceparent == f"00-{TRACE}-{trace.span_id}-01"
    assert trace.span_id != SPAN


@pytest.mark.parametrize(("flags", "passed"), [("00", "00"), ("01", "01"), ("03", "01"), ("fe", "00"), ("ff", "01")])
def test_of_the_flags_the_one_for_sampling_goes_on(flags: str, passed: str) -> None:
    assert trace_of(headers(f"00-{TRACE}-{SPAN}-{flags}")).traceparent.endswith(f"-{passed}")


@pytest.mark.parametrize("value", [f"cc-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-what-the-future-brings"])
def test_a_later_version_is_read_as_far_as_it_is_known(value: str) -> None:
    trace = trace_of(headers(value))
    assert trace.traceparent == f"00-{TRACE}-{trace.span_id}-01"


@pytest.mark.parametrize("values", [*((value,) for value in MALFORMED.values()), (), (GIVEN, GIVEN)])
def test_what_is_malformed_or_absent_or_given_twice_begins_a_new_trace(values: tuple[str, ...]) -> None:
    trace = trace_of(headers(*values))
    assert trace.trace_id != TRACE
    assert not trace.sampled
    assert FORM.fullmatch(trace.traceparent)


@given(st.lists(st.binary(max_size=70), max_size=2))
def test_whatever_is_given_what_goes_on_is_well_formed(values: list[bytes]) -> None:
    assert FORM.fullmatch(trace_of([(b"traceparent", value) for value in values]).traceparent)


def test_no_two_requests_share_a_trace_or_a_span() -> None:
    traces = [trace_of(()) for _ in range(100)]
    assert len({trace.trace_id for trace in traces}) == len({trace.span_id for trace in traces}) == 100


def test_the_upstream_gets_the_trace_and_the_audit_line_names_it(
    start_gateway: Callable[..., Gateway], background: BackgroundLoop
) -> None:
    upstream = RawUpstream(
        whole("200 OK", b'{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[]}')
    )
    background.run(upstream.start())
    gateway = start_gateway(base_url=upstream.base_url)
    more = {"traceparent": GIVEN, "tracestate": "vendor=canary-prompt"}
    gateway.client.chat.completions.create(model="small", messages=MESSAGES, extra_headers=more)
    gateway.client.chat.completions.create(model="small", messages=MESSAGES)
    background.run(upstream.close())
    first, second = (received.header("traceparent") for received in upstream.received)
    assert first is not None
    assert first.startswith(f"00-{TRACE}-")
    assert first.split("-")[2] != SPAN
    assert second is not None
    assert FORM.fullmatch(second)
    assert [received.header("tracestate") for received in upstream.received] == [None, None]
    assert [line["trace_id"] for line in gateway.lines(2)] == [TRACE, second.split("-")[1]]
