"""Claim: what the stand-in calls structured output keeps to the schema that was asked for."""

from typing import Any

import jsonschema
import pytest

from leanto.embedded.provider.completion import complete
from leanto.embedded.provider.samples import sample

PERSON = {
    "$defs": {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}},
    "type": "object",
    "properties": {
        "age": {"type": "integer", "minimum": 18},
        "ratio": {"type": "number", "maximum": 1},
        "born": {"type": "string", "format": "date"},
        "code": {"type": "string", "minLength": 20, "maxLength": 20},
        "colour": {"enum": ["red", "blue"]},
        "kind": {"const": "person"},
        "nick": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        "middle": {"type": ["null", "string"]},
        "pets": {"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/Pet"}},
        "alive": {"type": "boolean"},
    },
    "required": ["age", "ratio", "born", "code", "colour", "kind", "nick", "middle", "pets", "alive"],
    "additionalProperties": False,
}
LIST = {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}}}


@pytest.mark.parametrize("schema", [PERSON, LIST, {}, {"items": {"type": "integer"}}, {"type": "null"}])
def test_a_sample_is_admitted_by_its_schema(schema: dict[str, Any]) -> None:
    jsonschema.validate(sample(schema), schema, format_checker=jsonschema.FormatChecker())


def test_a_person_has_all_its_properties() -> None:
    value = sample(PERSON)
    assert list(value) == PERSON["required"]
    assert value["pets"] == [{"name": "[simulated]"}] * 2
    assert (value["age"], value["ratio"]) == (18, 1)


def functions(*names: str) -> list[dict[str, Any]]:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    return [{"type": "function", "function": {"name": name, "parameters": parameters}} for name in names]


@pytest.mark.parametrize(
    ("prompt", "choice", "called", "finish_reason"),
    [
        ("hello", "auto", "", "stop"),
        ("use second(1)", "auto", "second", "tool_calls"),
        ("use second(1)", "none", "", "stop"),
        ("hello", "required", "first", "tool_calls"),
        ("hello", {"type": "function", "function": {"name": "second"}}, "second", "stop"),
    ],
)
def test_which_tool_is_called_is_foreseeable(prompt: str, choice: Any, called: str, finish_reason: str) -> None:
    messages = [{"role": "user", "content": prompt}]
    request = {"model": "m", "messages": messages, "tools": functions("first", "second"), "tool_choice": choice}
    completion = complete(request, 1)
    message = completion.document()["choices"][0]["message"]
    assert [call["function"]["name"] for call in message.get("tool_calls", ())] == [called] * bool(called)
    assert (completion.finish_reason, message["content"] is None) == (finish_reason, bool(called))


def test_a_tool_is_not_called_again_once_its_result_is_there() -> None:
    messages = [{"role": "user", "content": "use first"}, {"role": "tool", "content": "first says 3"}]
    assert complete({"model": "m", "messages": messages, "tools": functions("first")}, 1).tool == ""


def test_a_bound_cuts_arguments_off_as_it_cuts_text() -> None:
    request = {"model": "m", "messages": [{"role": "user"}], "tools": functions("f"), "tool_choice": "required"}
    completion = complete(request | {"max_tokens": 2}, 1)
    assert (completion.text, completion.finish_reason) == ('{"city":', "length")
