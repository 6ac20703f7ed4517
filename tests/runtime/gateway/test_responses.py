"""Claim: the responses API passes as chat does, bounded and charged; nothing is kept at the provider, and what cannot
be bounded is refused with the reason."""

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.decide.endpoints import RESPONSES
from runtime.decide.prices import Price, Rates
from runtime.gateway.answers import GatewayError
from runtime.gateway.chat_request import read_chat_request
from runtime.gateway.meter import Charge, Meter
from runtime.gateway.spending import bounded
from runtime.gateway.upstreams import needs_of
from tests.runtime.gateway.conftest import PRICE, Gateway, Provider
from tests.runtime.ledger import Ledger

PROMPT = "canary-prompt: what is the capital of France?"
SETTLED = {"estimated": 0, "open": []}
BOTH = ["chat/completions", "responses"]
CALL: Any = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {}}, "strict": True}


@pytest.fixture
def served(start_gateway: Callable[..., Gateway], provider: Provider) -> Gateway:
    """A gateway whose route `several` leads to a model that answers at /responses too."""
    provider.control(delay_chunk_seconds=0.0)
    return start_gateway(upstreams=[{"provider": "acme", "base_url": provider.stand_in.base_url, "endpoints": BOTH}])


def billed(provider: Provider) -> int:
    counts: dict[str, int] = provider.counts()
    return -(-(counts["prompt_tokens"] * 100_000 + counts["completion_tokens"] * 500_000) // 1_000_000)


def test_an_answer_comes_back_and_is_charged_by_its_usage(served: Gateway, provider: Provider, ledger: Ledger) -> None:
    raw = served.client.responses.with_raw_response.create(model="several", input=PROMPT, max_output_tokens=200)
    answer: Any = raw.parse()
    assert answer.output_text.startswith("[simulated]")
    assert (answer.status, answer.store) == ("completed", False), "nothing is kept at the provider"
    (line,) = served.lines()
    assert (line["route"], line["model"], line["status"]) == ("POST /responses", "several", 200)
    assert line["cost_micro_usd"] == billed(provider) == int(raw.headers["x-leanto-cost-micro-usd"]) > 0
    assert (line["prompt_tokens"], line["output_tokens"]) == (answer.usage.input_tokens, answer.usage.output_tokens)
    assert "cost_estimated" not in line
    assert "next_event" not in line
    assert ledger.books() == SETTLED | {"committed": line["cost_micro_usd"], "spent": line["cost_micro_usd"]}


def test_a_stream_comes_back_event_by_event_and_is_charged_by_its_last(
    served: Gateway, provider: Provider, ledger: Ledger
) -> None:
    events = list(served.client.responses.create(model="several", input=PROMPT, stream=True))
    kinds = [event.type for event in events]
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert text == events[-1].response.output_text  # type: ignore[union-attr]
    assert events[-1].response.store is False  # type: ignore[union-attr]
    (line,) = served.lines()
    assert (line["route"], line["streamed"], line["cost_micro_usd"]) == ("POST /responses", True, billed(provider))
    assert "cost_estimated" not in line
    assert ledger.books() == SETTLED | {"committed": billed(provider), "spent": billed(provider)}


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_of_a_function_comes_back_and_its_result_goes_up(served: Gateway, stream: bool) -> None:
    asked: dict[str, Any] = {"input": "weather?", "tools": [CALL], "tool_choice": "required", "stream": stream}
    first: Any = served.client.responses.create(model="several", **asked)
    answer = list(first)[-1].response if stream else first
    (call,) = answer.output
    assert (call.type, call.name, json.loads(call.arguments)) == ("function_call", "weather", {})
    said: Any = [
        {"role": "user", "content": [{"type": "input_text", "text": "weather?"}]},
        {"type": "function_call", "call_id": call.call_id, "name": "weather", "arguments": call.arguments},
        {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"},
    ]
    second = served.client.responses.create(model="several", input=said, tools=[CALL])
    assert second.output_text.startswith("[simulated]")


def test_an_answer_cut_at_its_maximum_is_incomplete_and_charged_all_the_same(
    served: Gateway, provider: Provider
) -> None:
    *_, last = served.client.responses.create(model="several", input="a", max_output_tokens=16, stream=True)
    assert last.type == "response.incomplete"
    (line,) = served.lines()
    assert line["cost_micro_usd"] == billed(provider)
    assert "cost_estimated" not in line


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "background": ({"background": True}, "background"),
    "kept": ({"store": True}, "store"),
    "continued": ({"previous_response_id": "resp_canary-prompt"}, "previous_response_id"),
    "conversation": ({"conversation": "conv_1"}, "conversation"),
    "prompt of the provider": ({"prompt": {"id": "pmpt_1"}}, "prompt"),
    "tier": ({"service_tier": "priority"}, "service_tier"),
    "built-in tool": ({"tools": [CALL, {"type": "web_search"}]}, "tools"),
    "item by its name": ({"input": [{"id": "msg_1"}]}, "input"),
    "file": ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}, "input"),
}


@pytest.mark.parametrize(("fields", "param"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_bound_is_refused_with_the_reason_and_costs_nothing(
    served: Gateway, provider: Provider, ledger: Ledger, fields: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        served.client.post("/responses", cast_to=object, body={"model": "several", "input": "a"} | fields)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", param)
    assert "canary" not in str(caught.value)
    assert provider.counts()["chat_requests"] == 0
    assert ledger.item().get("committed", 0) == 0


def test_without_any_usage_what_was_put_aside_is_charged(served: Gateway, provider: Provider, ledger: Ledger) -> None:
    provider.control(usage="missing", delay_chunk_seconds=0.0)
    list(served.client.responses.create(model="several", input="a", max_output_tokens=100, stream=True))
    (line,) = served.lines()
    assert line["cost_estimated"] is True
    assert line["cost_micro_usd"] > billed(provider)
    assert ledger.books()["estimated"] == line["cost_micro_usd"]


def test_an_error_after_the_first_event_is_an_event_of_the_same_stream(served: Gateway, provider: Provider) -> None:
    provider.control(cut_after_chunks=4, delay_chunk_seconds=0.0)
    events: list[Any] = list(served.client.responses.create(model="several", input="a", stream=True))
    assert [event.type for event in events[:2]] == ["response.created", "response.in_progress"]
    assert (events[-1].type, events[-1].code, events[-1].sequence_number) == ("error", "upstream_broken", 4)
    (line,) = served.lines()
    assert (line["error"], line["cost_estimated"]) == ("upstream_broken", True)


def test_before_the_first_event_another_upstream_is_asked(
    start_gateway: Callable[..., Gateway], provider: Provider, backup: Provider
) -> None:
    upstreams = [
        {"provider": "acme", "base_url": provider.stand_in.base_url, "endpoints": BOTH},
        {"provider": "second", "base_url": backup.stand_in.base_url, "endpoints": BOTH},
    ]
    gateway = start_gateway(upstreams=upstreams)
    provider.control(status=503)
    *_, last = gateway.client.responses.create(model="several", input="a", stream=True)
    assert last.type == "response.completed"
    (line,) = gateway.lines()
    assert (line["upstream"], line["attempts"]) == ("second/gpt-6-luna", 2)


def test_a_provider_without_the_endpoint_is_not_asked(served: Gateway, provider: Provider) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        served.client.responses.create(model="small", input="a")
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "model")
    assert "answer at /responses" in str(caught.value)
    assert provider.counts()["chat_requests"] == 0


def test_the_answer_s_maximum_must_be_given_where_nobody_knows_it(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    price = {name: value for name, value in PRICE.items() if name != "maximum_output_tokens"}
    upstream = {"provider": "acme", "base_url": provider.stand_in.base_url, "endpoints": BOTH}
    gateway = start_gateway(upstreams=[upstream], price=price)
    with pytest.raises(openai.BadRequestError) as caught:
        gateway.client.responses.create(model="several", input="a")
    assert caught.value.param == "max_output_tokens"


@pytest.mark.parametrize("method", ["retrieve", "delete", "cancel"])
def test_kept_answers_are_not_offered(served: Gateway, method: str) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        getattr(served.client.responses, method)("resp_1")
    assert caught.value.code == "unknown_url"


@pytest.mark.parametrize("ending", ["completed", "incomplete", "failed"])
def test_the_last_event_s_usage_counts_once_it_is_there(ending: str) -> None:
    """Before that event goes out: a client that hangs up with it in hand is charged what it says."""
    meter = Meter(sent=True)
    price = Price(Rates(1_000_000, 1_000_000))
    usage = {"input_tokens": 7, "output_tokens": 2}
    for kind, told in (("created", None), ("in_progress", {"input_tokens": 1, "output_tokens": 1})):
        event = {"type": f"response.{kind}", "response": {"usage": told}}
        assert meter.take_event(b"event: x\ndata: " + json.dumps(event).encode() + b"\n\n")
        assert meter.charge(price, 100) == Charge(100, estimated=True)
    event = {"type": f"response.{ending}", "response": {"usage": usage}}
    meter.take_event(b"data: " + json.dumps(event).encode() + b"\n\n")
    assert meter.charge(price, 100) == Charge(9, estimated=False)


NAMES = st.sampled_from(["type", "role", "content", "output", "image_url", "url", "detail", "text", "id"])
KINDS = st.sampled_from(
    ["message", "input_text", "input_image", "function_call_output", "reasoning", "data:image/png,"]
)
ITEMS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9) | KINDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
)


@given(
    ITEMS, st.sampled_from(["input", "tools", "store", "stream_options", "reasoning", "prompt_cache_options", "text"])
)
def test_whatever_comes_is_read_or_refused_and_never_kept(value: Any, name: str) -> None:
    body = json.dumps({"model": "m", "input": "a", "unknown": {"store": True}, name: value}).encode()
    try:
        request = read_chat_request(body, RESPONSES)
        needs_of(request, ())
        bounded(request)
    except GatewayError:
        return
    sent = json.loads(request.body_for("theirs"))
    assert (sent["model"], sent["store"]) == ("theirs", False)
    given_ = json.loads(body)
    assert {**sent, "model": "m"} == {**given_, "store": False}, "all else passes unchanged"
