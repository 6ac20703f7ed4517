"""Claim: the stand-in answers a stock client as OpenAI does, says that it is simulated, misbehaves as it is told."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanto.embedded.provider import StandIn, start_stand_in
from leanto.embedded.provider.completion import complete, count_tokens
from tests.runtime.background_loop import BackgroundLoop

SECRET = "canary-prompt-text"
MESSAGES = [{"role": "system", "content": "be brief"}, {"role": "user", "content": f"{SECRET} what is two and two?"}]


@pytest.fixture(scope="module")
def background() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def stand_in(background: BackgroundLoop) -> Iterator[StandIn]:
    running = background.run(start_stand_in())
    yield running
    background.run(running.close())


class Control:
    def __init__(self, stand_in: StandIn, background: BackgroundLoop):
        self._url = f"{stand_in.url}/_control"
        self._background = background

    def send(self, method: str, document: Any = None) -> tuple[int, dict[str, Any]]:
        async def send() -> tuple[int, dict[str, Any]]:
            async with (
                aiohttp.ClientSession() as session,
                session.request(method, self._url, json=document) as response,
            ):
                return response.status, await response.json()

        result: tuple[int, dict[str, Any]] = self._background.run(send())
        return result

    def set(self, **faults: Any) -> None:
        assert self.send("POST", faults)[0] == 200

    def counts(self) -> dict[str, Any]:
        counts: dict[str, Any] = self.send("GET")[1]["counts"]
        return counts


@pytest.fixture
def control(stand_in: StandIn, background: BackgroundLoop) -> Iterator[Control]:
    control = Control(stand_in, background)
    control.send("DELETE")
    yield control
    control.send("DELETE")


@pytest.fixture
def client(stand_in: StandIn, control: Control) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=stand_in.base_url, api_key="sk-any", max_retries=0) as client:
        yield client


def ask(client: openai.OpenAI, **options: Any) -> Any:
    return client.chat.completions.create(**{"model": "gpt-6-luna", "messages": MESSAGES} | options)


def read_until_broken(client: openai.OpenAI, **options: Any) -> tuple[int, type[Exception]]:
    """Return how many chunks of a stream came before it broke, and how the client saw it break."""
    received = 0
    try:
        for _ in ask(client, stream=True, **options):
            received += 1
    except openai.APIError as error:
        return received, type(error)
    raise AssertionError("the stream did not break")


def test_an_answer_is_labelled_and_repeats_nothing_of_the_prompt(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="gpt-6-luna", messages=MESSAGES)
    answer = raw.parse()
    text = answer.choices[0].message.content
    assert raw.headers["x-leanto-simulated"] == "true"
    assert raw.headers["x-request-id"].startswith("req_simulated_")
    assert text.startswith("[simulated]")
    assert "gpt-6-luna" in text
    assert SECRET not in text
    assert (answer.object, answer.model, answer.choices[0].finish_reason) == ("chat.completion", "gpt-6-luna", "stop")
    assert answer.usage.completion_tokens == count_tokens(text)


def test_a_stream_has_role_pieces_end_and_usage_and_the_same_text(client: openai.OpenAI, control: Control) -> None:
    control.set(delay_chunk_seconds=0)
    whole = ask(client).choices[0].message.content
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == whole
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert {chunk.id for chunk in chunks} == {chunks[0].id}


def test_a_stream_without_include_usage_has_no_usage(client: openai.OpenAI, control: Control) -> None:
    control.set(delay_chunk_seconds=0)
    chunks = list(ask(client, stream=True))
    assert all(chunk.choices and chunk.usage is None for chunk in chunks)


@pytest.mark.parametrize("bound", ["max_tokens", "max_completion_tokens"])
def test_a_bound_on_tokens_ends_the_answer_with_length(client: openai.OpenAI, bound: str) -> None:
    answer = ask(client, **{bound: 5})
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 5


def test_several_choices_are_given_and_billed(client: openai.OpenAI) -> None:
    one, three = ask(client), ask(client, n=3)
    assert [choice.index for choice in three.choices] == [0, 1, 2]
    assert three.usage.completion_tokens == 3 * one.usage.completion_tokens


def test_json_mode_answers_json_that_says_simulated(client: openai.OpenAI) -> None:
    answer = ask(client, response_format={"type": "json_object"})
    assert '"simulated": true' in answer.choices[0].message.content


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert "gpt-6-luna" in [model.id for model in client.models.list()]


def test_a_request_without_a_key_or_with_another_than_wanted_is_401(stand_in: StandIn, control: Control) -> None:
    control.set(require_key="sk-right")
    with (
        openai.OpenAI(base_url=stand_in.base_url, api_key="sk-wrong", max_retries=0) as wrong,
        pytest.raises(openai.AuthenticationError),
    ):
        ask(wrong)
    with openai.OpenAI(base_url=stand_in.base_url, api_key="sk-right", max_retries=0) as right:
        assert ask(right).choices


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic abc"}, {"api-key": ""}])
def test_an_empty_key_is_401(
    stand_in: StandIn, control: Control, background: BackgroundLoop, header: dict[str, str]
) -> None:
    async def status() -> int:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{stand_in.base_url}/models", headers=header) as response,
        ):
            return response.status

    assert background.run(status()) == 401


@pytest.mark.parametrize(
    ("document", "code"),
    [({}, 400), ({"model": "m", "messages": 7}, 400), ({"model": "m", "messages": [7]}, 400), ([], 400)],
)
def test_what_is_no_chat_request_is_400(
    stand_in: StandIn, control: Control, background: BackgroundLoop, document: Any, code: int
) -> None:
    async def status() -> int:
        url, headers = f"{stand_in.base_url}/chat/completions", {"api-key": "x"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(url, json=document, headers=headers) as response,
        ):
            return response.status

    assert background.run(status()) == code


def test_a_status_is_given_as_often_as_told_and_then_no_more(client: openai.OpenAI, control: Control) -> None:
    control.set(status=429, retry_after_seconds=3, times=2)
    for _ in range(2):
        with pytest.raises(openai.RateLimitError) as error:
            ask(client)
        assert error.value.response.headers["retry-after"] == "3"
    assert ask(client).choices
    assert control.counts()["statuses"] == {"429": 2, "200": 1}


def test_an_error_body_is_given_as_told(client: openai.OpenAI, control: Control) -> None:
    control.set(status=500, error_body="<html>")
    with pytest.raises(openai.InternalServerError) as error:
        ask(client)
    assert error.value.response.text == "<html>"


def test_delays_are_kept(client: openai.OpenAI, control: Control) -> None:
    control.set(delay_first_byte_seconds=0.3, delay_chunk_seconds=0)
    begun = time.monotonic()
    stream = ask(client, stream=True)
    next(iter(stream))
    assert time.monotonic() - begun >= 0.3
    stream.close()


def test_a_stream_can_be_cut_or_left_hanging(client: openai.OpenAI, control: Control) -> None:
    control.set(cut_after_chunks=2, delay_chunk_seconds=0)
    assert read_until_broken(client) == (2, openai.APIConnectionError)
    control.set(hang_after_chunks=3, delay_chunk_seconds=0)
    assert read_until_broken(client, timeout=0.3) == (3, openai.APITimeoutError)


def test_a_client_that_leaves_is_counted(client: openai.OpenAI, control: Control) -> None:
    control.set(hang_after_chunks=1, delay_chunk_seconds=0)
    stream = ask(client, stream=True)
    next(iter(stream))
    stream.close()
    end = time.monotonic() + 5
    while control.counts()["disconnects"] != 1:
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_was_done_is_counted_in_tokens_that_a_provider_would_bill(client: openai.OpenAI, control: Control) -> None:
    control.set(delay_chunk_seconds=0)
    answer = ask(client)
    list(ask(client, stream=True))
    counts = control.counts()
    assert (counts["chat_requests"], counts["streams"], counts["models"]) == (2, 1, {"gpt-6-luna": 2})
    assert counts["prompt_tokens"] == 2 * answer.usage.prompt_tokens
    assert counts["completion_tokens"] == 2 * answer.usage.completion_tokens


@pytest.mark.parametrize(
    ("document", "part"),
    [
        ({"statuss": 500}, "statuss"),
        ({"status": "500"}, "status is '500'"),
        ({"status": True}, "status is True"),
        ({"delay_chunk_seconds": "1"}, "delay_chunk_seconds"),
        ({"drop_connection": 1}, "drop_connection"),
        ([], "JSON object"),
    ],
)
def test_a_control_request_that_is_wrong_is_refused_by_name(control: Control, document: Any, part: str) -> None:
    status, answer = control.send("POST", document)
    assert status == 400
    assert part in answer["error"]["message"]


def test_a_port_that_is_taken_is_an_error(stand_in: StandIn, background: BackgroundLoop) -> None:
    port = int(stand_in.url.rpartition(":")[2])
    with pytest.raises(OSError, match=str(port)):
        background.run(start_stand_in(port))


def test_closing_ends_answers_under_way() -> None:
    async def test() -> float:
        stand_in = await start_stand_in()
        async with aiohttp.ClientSession() as session:
            await session.post(f"{stand_in.url}/_control", json={"hang_after_chunks": 1})
            body = {"model": "m", "messages": [{}], "stream": True}
            url, headers = f"{stand_in.base_url}/chat/completions", {"api-key": "x"}
            async with session.post(url, json=body, headers=headers) as response:
                await response.content.readany()
                begun = time.monotonic()
                await stand_in.close()
                return time.monotonic() - begun

    assert asyncio.run(test()) < 2


@settings(deadline=None)
@given(st.text(), st.integers(1, 60))
def test_the_pieces_make_up_the_text_for_every_bound(prompt: str, bound: int) -> None:
    request = {"model": "m", "messages": [{"content": prompt}], "max_tokens": bound}
    completion = complete(request, 1)
    assert completion.text == "".join(completion.pieces)
    assert completion.usage["completion_tokens"] <= bound
