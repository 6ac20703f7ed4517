"""Claim: what the engine sends arrives as plain values, and what handlers answer arrives as the engine reads it."""

import pytest
from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from leanto.embedded.plugin.marshal import ARCHIVE, ASSET, OUTPUT, SECRET, SIGNATURE, UNKNOWN_MARKS, decode, encode
from leanto.embedded.plugin.values import UNKNOWN, has_unknown, known_only, same, same_document, same_members

ENGINE_UNKNOWNS = {
    "bool": "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "number": "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "string": "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
    "list": "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "asset": "030794c1-ac77-496b-92df-f27374a8bd58",
    "archive": "e48ece36-62e2-4504-bad9-02848725956a",
    "object": "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
}

scalars = st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8) | st.just(UNKNOWN)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


def struct(fields: dict[str, object]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(fields)
    return made


@given(st.dictionaries(st.text(min_size=1, max_size=5), values, max_size=4))
def test_whatever_a_handler_answers_comes_back_the_same(props: dict[str, object]) -> None:
    assert decode(encode(props)) == props


@pytest.mark.parametrize("kind", ENGINE_UNKNOWNS)
def test_each_of_the_seven_unknowns_is_unknown_at_any_depth(kind: str) -> None:
    sent = {"flat": ENGINE_UNKNOWNS[kind], "deep": {"list": [1, {"leaf": ENGINE_UNKNOWNS[kind]}]}}
    assert decode(struct(sent)) == {"flat": UNKNOWN, "deep": {"list": [1, {"leaf": UNKNOWN}]}}


def test_no_other_unknown_is_known() -> None:
    assert set(ENGINE_UNKNOWNS.values()) == UNKNOWN_MARKS


def test_secrets_arrive_bare_and_outputs_as_their_value_or_unknown() -> None:
    sent = {
        "secret": {SIGNATURE: SECRET, "value": {"inner": {SIGNATURE: SECRET, "value": "canary"}}},
        "known": {SIGNATURE: OUTPUT, "value": 1, "secret": True},
        "unknown": {SIGNATURE: OUTPUT},
    }
    assert decode(struct(sent)) == {"secret": {"inner": "canary"}, "known": 1, "unknown": UNKNOWN}


@pytest.mark.parametrize("mark", [ASSET, ARCHIVE])
def test_assets_and_archives_keep_their_mark(mark: str) -> None:
    sent = {"source": {SIGNATURE: mark, "path": "a.zip", "hash": "h"}}
    assert decode(struct(sent)) == sent


def test_whole_numbers_are_ints_and_others_floats() -> None:
    arrived = decode(struct({"whole": 200.0, "part": 0.5, "truth": True, "nothing": None}))
    assert arrived == {"whole": 200, "part": 0.5, "truth": True}
    assert (type(arrived["whole"]), type(arrived["part"]), type(arrived["truth"])) == (int, float, bool)


def test_one_equals_one_point_zero_but_not_true() -> None:
    assert same({"a": [1]}, {"a": [1.0]})
    assert not same(1, True)
    assert not same({"a": False}, {"a": 0})


def test_an_unknown_equals_nothing_not_even_itself() -> None:
    assert not same(UNKNOWN, UNKNOWN)
    assert not same({"a": [UNKNOWN]}, {"a": [UNKNOWN]})
    assert not same_members([UNKNOWN], [UNKNOWN])


def test_documents_are_compared_by_meaning_and_sets_without_order() -> None:
    assert same_document('{"a": 1, "b": [2]}', '{"b":[2],"a":1}')
    assert not same_document('{"a": [1, 2]}', '{"a": [2, 1]}')
    assert not same_document("no json", '"no json"')
    assert same_members([{"a": 1}, {"b": 2}], [{"b": 2}, {"a": 1}])
    assert not same_members([1, 1, 2], [1, 2, 2])


def test_a_property_with_an_unknown_inside_counts_as_unknown() -> None:
    assert has_unknown({"a": [{"b": UNKNOWN}]})
    assert known_only({"a": [UNKNOWN], "b": {"c": 1}}) == {"b": {"c": 1}}
