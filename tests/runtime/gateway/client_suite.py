"""What the stock `openai` client and `curl` must find at any endpoint of ours, whatever stands in front of the gateway.

Each check is a claim about an `Endpoint`: the gateway in this process, or a deployed one behind its API.
"""

import asyncio
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import openai
import pydantic
import pytest

CHAT, EMBEDDER, PLAIN = "small", "embedder", "team/plain"
"""Models of the endpoint: for chat, for embeddings, and one for plain completions, with a slash in its name."""

USER = {"role": "user", "content": "canary-prompt: how warm is it in Paris?"}
BASE: dict[str, Any] = {"model": CHAT, "messages": [USER]}
SIMULATED = "[simulated]"
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "temperature", "strict": True, "parameters": PARAMETERS},
}
RAISED: dict[int, type[openai.APIStatusError]] = {
    400: openai.BadRequestError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    409: openai.ConflictError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
    451: openai.APIStatusError,
}
WRONG: dict[str, dict[str, Any]] = {
    "messages": {"messages": []},
    "n": {"n": 0},
    "modalities": {"modalities": ["text", "audio"]},
    "tools": {"tools": [{"type": "web_search"}]},
}
"""Field that a refusal must name -> a request that is wrong in it."""


class Weather(pydantic.BaseModel):
    """An answer in a form of the client's own."""

    city: str
    degrees: float
    warnings: list[str]


@dataclass
class Endpoint:
    """An endpoint: where it is, a key for it, its models in order, and how its provider stand-in is told to behave.

    `talker` is a model that answers at /responses. `control` takes faults by name; without any the stand-in is well.
    """

    base_url: str
    key: str
    models: tuple[str, ...]
    talker: str
    control: Callable[..., object]
    opened: list[openai.OpenAI] = field(default_factory=list)

    def client(self, **options: Any) -> openai.OpenAI:
        """Return a stock client; it repeats nothing unless told to, so that each answer is seen."""
        chosen: dict[str, Any] = {
            "base_url": self.base_url,
            "api_key": self.key,
            "max_retries": 0,
            "timeout": 30,
        } | options
        self.opened.append(openai.OpenAI(**chosen))
        return self.opened[-1]

    def ask(self, **options: Any) -> Any:
        return self.client().chat.completions.create(**BASE | options)

    def run_async(self, work: Callable[[openai.AsyncOpenAI], Coroutine[Any, Any, None]]) -> None:
        async def run() -> None:
            async with openai.AsyncOpenAI(base_url=self.base_url, api_key=self.key, max_retries=0) as client:
                await work(client)

        asyncio.run(run())


def an_answer_comes_with_its_usage(endpoint: Endpoint) -> None:
    answer = endpoint.ask()
    assert answer.choices[0].message.content.startswith(SIMULATED)
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


def a_stream_comes_piece_by_piece_with_usage_only_if_asked_for(endpoint: Endpoint) -> None:
    endpoint.control(delay_chunk_seconds=0.02)
    times = [time.monotonic() for chunk in endpoint.ask(stream=True) if chunk.choices]
    assert times[-1] - times[0] > 0.01 * (len(times) - 1), "were it buffered, all would come at once"
    endpoint.control()
    plain = list(endpoint.ask(stream=True))
    asked = list(endpoint.ask(stream=True, stream_options={"include_usage": True}))
    assert [bool(chunk.usage) for chunk in plain] == [False] * len(plain)
    assert [bool(chunk.usage) for chunk in asked] == [False] * (len(asked) - 1) + [True]


def a_tool_is_called_and_its_result_taken(endpoint: Endpoint) -> None:
    first = endpoint.ask(tools=[TOOL], tool_choice="required").choices[0]
    (call,) = first.message.tool_calls
    assert (first.finish_reason, call.function.name) == ("tool_calls", "temperature")
    assert json.loads(call.function.arguments) == {"city": SIMULATED, "days": 3}
    result = {"role": "tool", "tool_call_id": call.id, "content": "21"}
    answer = endpoint.ask(tools=[TOOL], messages=[USER, first.message.model_dump(), result])
    assert answer.choices[0].message.content.startswith(SIMULATED)


def a_streamed_tool_call_is_put_together_by_the_client(endpoint: Endpoint) -> None:
    with endpoint.client().chat.completions.stream(**BASE, tools=[TOOL], tool_choice="required") as stream:
        kinds = {event.type for event in stream}
        (call,) = stream.get_final_completion().choices[0].message.tool_calls
    assert "tool_calls.function.arguments.done" in kinds
    assert call.function.parsed_arguments == {"city": SIMULATED, "days": 3}


def structured_output_is_parsed_whole_and_streamed(endpoint: Endpoint) -> None:
    wanted = Weather(city=SIMULATED, degrees=3, warnings=[SIMULATED])
    chat = endpoint.client().chat.completions
    assert chat.parse(**BASE, response_format=Weather).choices[0].message.parsed == wanted
    with chat.stream(**BASE, response_format=Weather) as stream:
        stream.until_done()
        assert stream.get_final_completion().choices[0].message.parsed == wanted
    with pytest.raises(openai.LengthFinishReasonError):
        chat.parse(**BASE, response_format=Weather, max_completion_tokens=2)


def json_mode_gives_json(endpoint: Endpoint) -> None:
    text = endpoint.ask(response_format={"type": "json_object"}).choices[0].message.content
    assert json.loads(text)["simulated"] is True


def logprobs_and_several_choices_come_through(endpoint: Endpoint) -> None:
    answer = endpoint.ask(logprobs=True, top_logprobs=2, n=3, max_completion_tokens=8)
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    tokens = answer.choices[2].logprobs.content
    assert "".join(token.token for token in tokens) == answer.choices[2].message.content
    assert [len(token.top_logprobs) for token in tokens] == [2] * len(tokens)
    texts = ["", ""]
    for chunk in endpoint.ask(stream=True, n=2, max_completion_tokens=8):
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
    assert texts[0] == texts[1]
    assert texts[0].startswith(SIMULATED)


def the_async_client_gets_answers_streams_and_errors(endpoint: Endpoint) -> None:
    async def work(client: openai.AsyncOpenAI) -> None:
        answers = await asyncio.gather(*(client.chat.completions.create(**BASE) for _ in range(2)))
        assert len({answer.id for answer in answers}) == 2
        stream = await client.chat.completions.create(**BASE, stream=True, stream_options={"include_usage": True})
        assert [bool(chunk.usage) async for chunk in stream][-2:] == [False, True]
        parsed = await client.chat.completions.parse(**BASE, response_format=Weather)
        assert parsed.choices[0].message.parsed.degrees == 3
        assert tuple([model.id async for model in client.models.list()]) == endpoint.models
        with pytest.raises(openai.NotFoundError):
            await client.chat.completions.create(model="absent", messages=[USER])

    endpoint.run_async(work)


def what_a_provider_refuses_is_raised_as_from_the_provider(endpoint: Endpoint) -> None:
    for status, raised in RAISED.items():
        endpoint.control(status=status)
        with pytest.raises(openai.APIStatusError) as caught:
            endpoint.ask()
        error = caught.value
        assert (type(error), error.status_code, error.code) == (raised, status, "simulated_error")
        assert error.request_id
        assert SIMULATED in error.message


def a_provider_that_fails_is_an_internal_server_error(endpoint: Endpoint) -> None:
    endpoint.control(status=500)
    with pytest.raises(openai.InternalServerError) as error:
        endpoint.ask()
    assert (error.value.status_code, error.value.code) == (502, "upstream_error")


def the_wait_that_a_provider_asks_for_is_kept_to(endpoint: Endpoint) -> None:
    """The gateway or the client has to wait the second, and then succeeds."""
    endpoint.control(status=429, retry_after_seconds=1, times=1, delay_chunk_seconds=0.0)
    begun = time.monotonic()
    answer = endpoint.client(max_retries=1).chat.completions.create(**BASE)
    assert answer.choices[0].finish_reason == "stop"
    assert 1 <= time.monotonic() - begun < 10


def an_error_within_a_stream_is_raised_from_it(endpoint: Endpoint) -> None:
    endpoint.control(fail_after_chunks=3, delay_chunk_seconds=0.0)
    with pytest.raises(openai.APIError, match="The stand-in failed"):
        list(endpoint.ask(stream=True))


def the_raw_answer_tells_whom_to_ask_about_it(endpoint: Endpoint) -> None:
    raw = endpoint.client().chat.completions.with_raw_response.create(**BASE)
    assert raw.request_id == raw.parse()._request_id == raw.headers["x-request-id"] != ""
    assert raw.headers["content-type"] == "application/json"
    assert int(raw.headers["x-leanto-cost-micro-usd"]) > 0
    assert raw.headers["x-leanto-attempts"] == "1"


def a_wrong_request_is_a_bad_request_that_names_the_field(endpoint: Endpoint) -> None:
    for param, options in WRONG.items():
        with pytest.raises(openai.BadRequestError) as error:
            endpoint.ask(**options)
        assert (error.value.param, error.value.type) == (param, "invalid_request_error")


def curl_gets_an_answer_a_stream_and_an_error(endpoint: Endpoint) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")

    def curl(document: dict[str, Any]) -> str:
        headers = [f"Authorization: Bearer {endpoint.key}", "Content-Type: application/json"]
        words = [word for header in headers for word in ("-H", header)]
        words += [f"{endpoint.base_url}/chat/completions", "-d", json.dumps(document)]
        found = subprocess.run(["curl", "-sSN", *words], capture_output=True, text=True, timeout=30, check=True)
        return found.stdout

    assert json.loads(curl(BASE))["object"] == "chat.completion"
    *events, done, end = curl(BASE | {"stream": True}).split("\n\n")
    assert (done, end) == ("data: [DONE]", "")
    assert {json.loads(event.removeprefix("data: "))["object"] for event in events} == {"chat.completion.chunk"}
    assert json.loads(curl(BASE | {"model": "absent"}))["error"]["code"] == "model_not_found"
