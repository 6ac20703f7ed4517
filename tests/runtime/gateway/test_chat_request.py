"""Claim: the gateway reads of a body what any JSON reader reads, and replacing the model changes nothing else."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.gateway.answers import GatewayError
from runtime.gateway.chat_request import read_chat_request, read_members

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=5)
SPACES = st.sampled_from([None, 0, 3])


def reads_as_object(text: str) -> dict[str, Any] | None:
    """What Python's own reader makes of a text: its object, or None where there is none that we may accept."""

    def pairs(items: list[tuple[str, Any]]) -> Any:
        return dict(items) if len(dict(items)) == len(items) else Duplicates(items)

    try:
        value = json.loads(text, parse_constant=lambda _: 1 / 0, object_pairs_hook=pairs)
    except (ValueError, ZeroDivisionError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


class Duplicates:
    def __init__(self, items: list[tuple[str, Any]]):
        self.items = items


@given(OBJECTS, SPACES, st.booleans())
def test_members_are_those_of_the_object_and_spans_are_their_values(
    value: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    text = f" \n{json.dumps(value, indent=indent, ensure_ascii=ascii_only)}\t"
    members = read_members(text)
    assert {name: member.value for name, member in members.items()} == value
    assert {name: json.loads(text[member.start : member.end]) for name, member in members.items()} == value


@given(st.text('{}[]",: \n\\tru1eE.-aN0', max_size=24).map(lambda text: "{" + text))
def test_a_text_is_accepted_exactly_when_pythons_reader_accepts_it(text: str) -> None:
    expected = reads_as_object(text)
    try:
        found = {name: member.value for name, member in read_members(text).items()}
    except ValueError:
        assert expected is None
    else:
        assert found.keys() == json.loads(text).keys()
        assert expected is None or "Duplicates" not in repr(expected)


@given(OBJECTS, st.text(min_size=1), st.text(min_size=1), SPACES, st.randoms())
def test_replacing_the_model_changes_that_value_and_no_other_byte(
    extra: dict[str, Any], model: str, other: str, indent: int | None, random: Any
) -> None:
    items = list((extra | {"model": model, "messages": [{"role": "user"}], "stream": False}).items())
    random.shuffle(items)
    body = json.dumps(dict(items), indent=indent).encode()
    request = read_chat_request(body)
    replaced = request.body_for(other)
    assert (request.model, request.stream) == (model, False)
    assert json.loads(replaced) == dict(items) | {"model": other}
    span = request.members["model"]
    start, end = (len(request.text[:position].encode()) for position in (span.start, span.end))
    assert replaced.startswith(body[:start])
    assert replaced.endswith(body[end:])


@given(
    OBJECTS,
    st.sampled_from([None, {}, {"include_usage": False}, {"include_usage": None, "x": 1}, "absent"]),
    st.randoms(),
)
def test_of_a_stream_the_usage_is_asked_for_and_nothing_else_is_changed(
    extra: dict[str, Any], options: Any, random: Any
) -> None:
    given_options = {} if options == "absent" else {"stream_options": options}
    items = list((extra | {"model": "m", "messages": [{}], "stream": True} | given_options).items())
    random.shuffle(items)
    request = read_chat_request(json.dumps(dict(items), indent=2).encode())
    expected = {} if options == "absent" else options or {}
    assert not request.wants_usage
    assert json.loads(request.body_for("other")) == dict(items) | {
        "model": "other",
        "stream_options": expected | {"include_usage": True},
    }


def test_a_stream_whose_usage_is_asked_for_keeps_all_bytes_but_the_models() -> None:
    body = b'{"stream_options" : { "include_usage":true},"model":"a","messages":[{}], "stream":true}'
    request = read_chat_request(body)
    assert request.wants_usage
    assert request.body_for("b") == body.replace(b'"a"', b'"b"')


@pytest.mark.parametrize(
    "text",
    [
        '{"model": "m", "messages": [{"role": "user", "role": "system"}]}',
        '{"model": "m", "messages": [{"content": [{"type": "text", "type": "image_url"}]}]}',
        '{"model": "m", "messages": [{}], "x": {"a": [{"b": 1, "b": 1}]}}',
    ],
)
def test_a_name_given_twice_is_refused_at_any_depth(text: str) -> None:
    """What is priced here must be what the upstream reads."""
    with pytest.raises(GatewayError) as error:
        read_chat_request(text.encode())
    assert error.value.code == "invalid_json"


@given(st.binary(max_size=60))
def test_no_bytes_at_all_raise_anything_but_a_refusal(body: bytes) -> None:
    with pytest.raises(GatewayError) as error:
        read_chat_request(body)
    assert error.value.status == 400


def test_the_body_shows_in_no_repr() -> None:
    request = read_chat_request(b'{"model": "m", "messages": ["canary"]}')
    assert "canary" not in repr(request)
