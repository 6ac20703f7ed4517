"""LlamaIndex's OpenAILike against the gateway that LEANTO_URL names, over the second major version of openai's client.

Runs in the environment of `make clients`, not in the project's.
"""

import asyncio
import os

import pytest

pytest.importorskip("llama_index", reason="run by make clients, in another environment")

import openai
import pydantic
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.llms.openai_like import OpenAILike


class Weather(pydantic.BaseModel):
    """How the weather is."""

    city: str
    degrees: int


def model(name: str = "small") -> OpenAILike:
    return OpenAILike(
        model=name,
        api_base=os.environ["LEANTO_URL"] + "/v1",
        api_key="sk-lt-checked-by-the-authorizer",
        is_chat_model=True,
        is_function_calling_model=True,
        should_use_structured_outputs=True,
        max_retries=0,
        context_window=16_000,
    )


def test_the_client_is_of_the_major_version_before() -> None:
    assert openai.__version__.startswith("2.")


def test_chat_complete_and_their_streams_give_the_same_text() -> None:
    messages = [ChatMessage(role="user", content="hello")]
    text = model().chat(messages).message.content
    assert text.startswith("[simulated]")
    assert model().complete("hello").text == text
    assert "".join(chunk.delta for chunk in model().stream_chat(messages)) == text
    assert "".join(chunk.delta for chunk in model().stream_complete("hello")) == text


def test_the_async_calls_work_too() -> None:
    async def run() -> str:
        stream = await model().astream_chat([ChatMessage(role="user", content="hello")])
        return "".join([chunk.delta async for chunk in stream])

    assert asyncio.run(run()).startswith("[simulated]")


def test_a_tool_is_predicted_and_called() -> None:
    def temperature(city: str) -> str:
        """Tell how warm it is in a city."""
        return f"21 in {city}"

    answer = model().predict_and_call([FunctionTool.from_defaults(temperature)], user_msg="ask temperature")
    assert answer.response == "21 in [simulated]"


def test_structured_output_comes_back_as_an_object() -> None:
    found = model().as_structured_llm(Weather).complete("how warm?").raw
    assert found == Weather(city="[simulated]", degrees=3)


def test_errors_are_those_of_the_openai_client() -> None:
    with pytest.raises(openai.NotFoundError):
        model("absent").complete("hello")
