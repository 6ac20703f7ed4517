"""What the stock client must find at the endpoints besides chat, and the checks of all of them as one list."""

import json
from collections.abc import Callable
from typing import Any

import openai
import pytest

from tests.runtime.gateway import client_suite as chat
from tests.runtime.gateway.client_suite import EMBEDDER, PARAMETERS, PLAIN, SIMULATED, Endpoint

FUNCTION: dict[str, Any] = {"type": "function", "name": "temperature", "parameters": PARAMETERS, "strict": True}


def embeddings_come_back_as_the_client_asks_for_them(endpoint: Endpoint) -> None:
    embeddings = endpoint.client().embeddings
    numbers = embeddings.create(model=EMBEDDER, input=["a", "b"], encoding_format="float")
    assert [(one.index, len(one.embedding)) for one in numbers.data] == [(0, 8), (1, 8)]
    assert numbers.usage.total_tokens > 0
    assert len(embeddings.create(model=EMBEDDER, input="a").data[0].embedding) == 8, "the client asks for base64"


def plain_completions_come_back_whole_and_streamed(endpoint: Endpoint) -> None:
    completions = endpoint.client().completions
    whole = completions.create(model=PLAIN, prompt="What is a lean-to?", max_tokens=20)
    assert whole.choices[0].text.startswith(SIMULATED)
    stream = completions.create(model=PLAIN, prompt="What is a lean-to?", max_tokens=20, stream=True)
    assert "".join(chunk.choices[0].text for chunk in stream if chunk.choices) == whole.choices[0].text


def models_are_listed_and_each_is_found_by_its_name(endpoint: Endpoint) -> None:
    client = endpoint.client()
    listed = client.models.list().data
    assert tuple(model.id for model in listed) == endpoint.models
    assert [client.models.retrieve(model.id) for model in listed] == listed
    # The client writes the slash as %2F; others leave it as it is.
    assert client.get(f"/models/{PLAIN}", cast_to=openai.types.Model).id == PLAIN
    with pytest.raises(openai.NotFoundError) as missing:
        client.models.retrieve("nobody/knows this ü")
    assert (missing.value.code, missing.value.param) == ("model_not_found", "model")
    assert "nobody/knows this ü" in missing.value.message


def responses_come_back_whole_and_event_by_event(endpoint: Endpoint) -> None:
    responses = endpoint.client().responses
    answer = responses.create(model=endpoint.talker, input="What is a lean-to?", max_output_tokens=100)
    assert answer.output_text.startswith(SIMULATED)
    assert answer.status == "completed"
    events: list[Any] = list(responses.create(model=endpoint.talker, input="What is a lean-to?", stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    text = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert (events[-1].type, events[-1].response.output_text) == ("response.completed", text)
    called = responses.create(model=endpoint.talker, input="a", tools=[FUNCTION], tool_choice="required")  # type: ignore[list-item]
    (call,) = called.output
    assert json.loads(call.arguments) == {"city": SIMULATED, "days": 3}  # type: ignore[union-attr]


def a_model_is_asked_only_where_it_answers(endpoint: Endpoint) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        endpoint.client().chat.completions.create(model=EMBEDDER, messages=[{"role": "user", "content": "a"}])
    assert (refused.value.code, refused.value.param) == ("unsupported_parameter", "model")


def what_is_not_there_is_told_in_openais_shape(endpoint: Endpoint) -> None:
    client = endpoint.client()
    for call in (
        lambda: client.images.generate(prompt="a"),
        client.files.list,
        lambda: client.get("/", cast_to=object),
    ):
        with pytest.raises(openai.NotFoundError) as missing:
            call()
        assert (missing.value.code, missing.value.type) == ("unknown_url", "invalid_request_error")
        assert missing.value.request_id
    with pytest.raises(openai.APIStatusError) as refused:
        client.models.delete("small")
    assert refused.value.status_code in {404, 405}
    assert refused.value.code in {"unknown_url", "method_not_supported"}


CHECKS: tuple[Callable[[Endpoint], None], ...] = (
    chat.an_answer_comes_with_its_usage,
    chat.a_stream_comes_piece_by_piece_with_usage_only_if_asked_for,
    chat.a_tool_is_called_and_its_result_taken,
    chat.a_streamed_tool_call_is_put_together_by_the_client,
    chat.structured_output_is_parsed_whole_and_streamed,
    chat.json_mode_gives_json,
    chat.logprobs_and_several_choices_come_through,
    chat.the_async_client_gets_answers_streams_and_errors,
    chat.what_a_provider_refuses_is_raised_as_from_the_provider,
    chat.a_provider_that_fails_is_an_internal_server_error,
    chat.the_wait_that_a_provider_asks_for_is_kept_to,
    chat.an_error_within_a_stream_is_raised_from_it,
    chat.the_raw_answer_tells_whom_to_ask_about_it,
    chat.a_wrong_request_is_a_bad_request_that_names_the_field,
    chat.curl_gets_an_answer_a_stream_and_an_error,
    embeddings_come_back_as_the_client_asks_for_them,
    plain_completions_come_back_whole_and_streamed,
    models_are_listed_and_each_is_found_by_its_name,
    responses_come_back_whole_and_event_by_event,
    a_model_is_asked_only_where_it_answers,
    what_is_not_there_is_told_in_openais_shape,
)
"""All that an endpoint must do for its clients."""
