"""Claim: attribute values are written and read as AWS's own SDK writes and reads them."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from runtime.state.attributes import from_attribute, from_item, to_attribute, to_item

NUMBERS = st.integers(-(10**37), 10**37) | st.decimals(-1000, 1000, places=3)
VALUES = st.recursive(
    st.none() | st.booleans() | st.text() | NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(VALUES)
def test_values_are_written_as_the_sdk_writes_them(value: Any) -> None:
    assert TypeDeserializer().deserialize(to_attribute(value)) == value


@given(VALUES)
def test_values_are_read_as_the_sdk_wrote_them(value: Any) -> None:
    assert from_attribute(TypeSerializer().serialize(value)) == value


@given(st.dictionaries(st.text(), VALUES))
def test_items_come_back_as_they_were(values: dict[str, Any]) -> None:
    assert from_item(to_item(values)) == values


def test_whole_numbers_are_int_and_others_decimal() -> None:
    assert [type(from_attribute({"N": text})) for text in ("7", "7.0", "1E+2", "7.5")] == [int, int, int, Decimal]


@pytest.mark.parametrize("value", [1.5, b"x", {1}, object()])
def test_what_has_no_exact_form_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        to_attribute(value)


def test_types_that_the_table_does_not_hold_are_refused() -> None:
    with pytest.raises(TypeError, match="SS"):
        from_attribute({"SS": ["a"]})
