"""Claim: the stock `openai` client works through the gateway as with OpenAI: every call, error class and retry."""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any

import httpx2
import openai
import pydantic
import pytest

from tests.runtime.gateway.conftest import PRICE, Gateway, Provider

USER = {"role": "user", "content": "canary-prompt: how warm is it in Paris?"}
BASE: dict[str, Any] = {"model": "small", "messages": [USER]}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {
        "name": "temperature",
        "strict": True,
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}


class Weather(pydantic.BaseModel):
    """An answer in a form of the client's own."""

    city: str
    degrees: float
    warnings: list[str]


def ask(gateway: Gateway, **options: Any) -> Any:
    return gateway.client.chat.completions.create(**BASE | options)


def with_retries(gateway: Gateway, times: int) -> openai.OpenAI:
    client = gateway.client.with_options(max_retries=times)
    gateway.clients.append(client)
    return client


def run_async(gateway: Gateway, work: Callable[[openai.AsyncOpenAI], Coroutine[Any, Any, Any]], **options: Any) -> Any:
    async def run() -> Any:
        async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="sk-lt-x", **options) as client:
            return await work(client)

    return asyncio.run(run())


def test_a_tool_is_called_and_its_result_taken(gateway: Gateway) -> None:
    first = ask(gateway, tools=[TOOL], tool_choice="required").choices[0]
    (call,) = first.message.tool_calls
    assert (first.finish_reason, call.function.name) == ("tool_calls", "temperature")
    assert json.loads(call.function.arguments) == {"city": "[simulated]", "days": 3}
    result = {"role": "tool", "tool_call_id": call.id, "content": "21"}
    answer = ask(gateway, tools=[TOOL], messages=[USER, first.message.model_dump(), result])
    assert answer.choices[0].message.content.startswith("[simulated]")


def test_a_streamed_tool_call_is_put_together_by_the_client(gateway: Gateway) -> None:
    with gateway.client.chat.completions.stream(**BASE, tools=[TOOL], tool_choice="required") as stream:
        kinds = {event.type for event in stream}
        (call,) = stream.get_final_completion().choices[0].message.tool_calls
    assert "tool_calls.function.arguments.done" in kinds
    assert call.function.parsed_arguments == {"city": "[simulated]", "days": 3}


def test_structured_output_is_parsed(gateway: Gateway) -> None:
    answer = gateway.client.chat.completions.parse(**BASE, response_format=Weather)
    assert answer.choices[0].message.parsed == Weather(city="[simulated]", degrees=3, warnings=["[simulated]"])


def test_a_stream_of_structured_output_is_parsed(gateway: Gateway) -> None:
    with gateway.client.chat.completions.stream(**BASE, response_format=Weather) as stream:
        stream.until_done()
        parsed = stream.get_final_completion().choices[0].message.parsed
    assert parsed == Weather(city="[simulated]", degrees=3, warnings=["[simulated]"])


def test_output_cut_off_is_an_error_of_the_client(gateway: Gateway) -> None:
    with pytest.raises(openai.LengthFinishReasonError):
        gateway.client.chat.completions.parse(**BASE, response_format=Weather, max_completion_tokens=2)


def test_json_mode_gives_json(gateway: Gateway) -> None:
    text = ask(gateway, response_format={"type": "json_object"}).choices[0].message.content
    assert json.loads(text)["simulated"] is True


def test_logprobs_and_several_choices_come_through(gateway: Gateway) -> None:
    answer = ask(gateway, logprobs=True, top_logprobs=2, n=3, max_completion_tokens=8)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    tokens = answer.choices[2].logprobs.content
    assert "".join(token.token for token in tokens) == answer.choices[2].message.content
    assert [len(token.top_logprobs) for token in tokens] == [2] * len(tokens)


def test_several_choices_are_told_apart_in_a_stream(gateway: Gateway) -> None:
    texts = ["", ""]
    for chunk in ask(gateway, stream=True, n=2, max_completion_tokens=8):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts[0] == texts[1]
    assert texts[0].startswith("[simulated]")


def test_the_async_client_gets_answers_streams_and_errors(gateway: Gateway) -> None:
    async def work(client: openai.AsyncOpenAI) -> None:
        answers = await asyncio.gather(*(client.chat.completions.create(**BASE) for _ in range(4)))
        assert len({answer.id for answer in answers}) == 4
        stream = await client.chat.completions.create(**BASE, stream=True, stream_options={"include_usage": True})
        chunks = [chunk async for chunk in stream]
        assert [bool(chunk.usage) for chunk in chunks[-2:]] == [False, True]
        parsed = await client.chat.completions.parse(**BASE, response_format=Weather)
        assert parsed.choices[0].message.parsed.degrees == 3
        assert [model.id async for model in client.models.list()] == ["small", "mixed", "own"]
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(model="absent", messages=[USER])

    run_async(gateway, work, max_retries=0)


@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (400, openai.BadRequestError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (409, openai.ConflictError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (451, openai.APIStatusError),
    ],
)
def test_what_a_provider_refuses_is_raised_as_from_the_provider(
    gateway: Gateway, provider: Provider, status: int, raised: type[openai.APIStatusError]
) -> None:
    provider.control(status=status)
    with pytest.raises(openai.APIStatusError) as caught:
        ask(gateway)
    error = caught.value
    assert (type(error), error.status_code, error.code) == (raised, status, "simulated_error")
    assert error.request_id == "request-of-the-front"
    assert "[simulated]" in error.message


def test_a_provider_that_fails_is_an_internal_server_error(gateway: Gateway, provider: Provider) -> None:
    provider.control(status=500)
    with pytest.raises(openai.InternalServerError) as error:
        ask(gateway)
    assert (error.value.status_code, error.value.code) == (502, "upstream_error")


def test_no_key_is_an_authentication_error(start_gateway: Callable[..., Gateway], provider: Provider) -> None:
    with pytest.raises(openai.AuthenticationError) as error:
        ask(start_gateway(caller=None))
    assert (error.value.status_code, error.value.code) == (401, "invalid_api_key")


def test_a_spent_budget_is_a_rate_limit_error_that_is_not_repeated(
    start_gateway: Callable[..., Gateway], provider: Provider
) -> None:
    gateway = start_gateway(monthly_spend_micro_usd=1)
    begun = time.monotonic()
    with pytest.raises(openai.RateLimitError) as error:
        with_retries(gateway, 5).chat.completions.create(**BASE)
    assert error.value.code == "budget_exceeded"
    assert time.monotonic() - begun < 0.4
    assert len(gateway.lines()) == 1


def test_the_wait_that_a_provider_asks_for_is_kept_to(gateway: Gateway, provider: Provider) -> None:
    """More than the gateway's own patience is left, so it or the client has to wait the second, and then succeed."""
    provider.control(status=429, retry_after_seconds=1, times=1, delay_chunk_seconds=0.0)
    begun = time.monotonic()
    answer = with_retries(gateway, 1).chat.completions.create(**BASE)
    assert answer.choices[0].finish_reason == "stop"
    assert 1 <= time.monotonic() - begun < 5
    assert provider.counts()["statuses"] == {"429": 1, "200": 1}


def test_a_client_that_does_not_wait_long_enough_times_out(gateway: Gateway, provider: Provider) -> None:
    provider.control(delay_first_byte_seconds=5)
    with pytest.raises(openai.APITimeoutError):
        gateway.client.chat.completions.create(**BASE, timeout=httpx2.Timeout(0.3))


def test_an_error_within_a_stream_is_raised_from_it(gateway: Gateway, provider: Provider) -> None:
    provider.control(fail_after_chunks=3, delay_chunk_seconds=0.0)
    with pytest.raises(openai.APIError, match="The stand-in failed"):
        list(ask(gateway, stream=True))


def test_the_raw_answer_tells_whom_to_ask_about_it(gateway: Gateway) -> None:
    raw = gateway.client.chat.completions.with_raw_response.create(**BASE)
    assert raw.request_id == raw.parse()._request_id == "request-of-the-front"
    assert raw.headers["content-type"] == "application/json"
    assert int(raw.headers["x-leanto-cost-micro-usd"]) > 0
    assert raw.headers["x-leanto-attempts"] == "1"


@pytest.mark.parametrize(
    ("options", "param"),
    [
        ({"messages": []}, "messages"),
        ({"n": 0}, "n"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"tools": [{"type": "web_search"}]}, "tools"),
        ({"messages": "hello"}, "messages"),
    ],
)
def test_a_request_that_is_wrong_is_a_bad_request_that_names_the_field(
    gateway: Gateway, options: dict[str, Any], param: str
) -> None:
    with pytest.raises(openai.BadRequestError) as error:
        ask(gateway, **options)
    assert (error.value.param, error.value.type) == (param, "invalid_request_error")


def test_usage_is_the_providers_to_the_token(gateway: Gateway, provider: Provider) -> None:
    usage = ask(gateway, n=2).usage
    counts = provider.counts()
    assert (usage.prompt_tokens, usage.completion_tokens) == (counts["prompt_tokens"], counts["completion_tokens"])
    price = usage.prompt_tokens * PRICE["input_micro_usd_per_million"]
    price += usage.completion_tokens * PRICE["output_micro_usd_per_million"]
    (line,) = gateway.lines()
    assert line["cost_micro_usd"] == -(-price // 1_000_000)
