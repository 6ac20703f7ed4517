"""Claim: texts are asked about whole, at a price that bounds the true one, and what is not surely masked is blocked."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.decide.guardrail import (
    BLOCKED,
    CALL_UNITS,
    MASKED,
    PASSED,
    Charge,
    Piece,
    calls_of,
    charge_of,
    finding_of,
    readable,
    units_of,
    worst_price,
)

RATES = {"contentPolicyUnits": 150_000, "topicPolicyUnits": 150_000, "sensitiveInformationPolicyUnits": 100_000}
ALL = tuple(RATES)
TEXTS = st.lists(
    st.text(st.characters(codec="utf-8"), max_size=30).flatmap(
        lambda text: st.sampled_from([1, 40, 3000]).map(lambda times: text * times)
    ),
    max_size=5,
)


@given(TEXTS)
def test_calls_hold_all_texts_in_order_and_no_call_too_much(texts: list[str]) -> None:
    calls = calls_of(texts)
    joined = [""] * len(texts)
    for piece in (piece for call in calls for piece in call):
        joined[piece.index] += piece.text
    assert joined == [text if text and not text.isspace() else "" for text in texts]
    assert all(call for call in calls)
    assert all(len(call) == 1 or sum(units_of(piece.text) for piece in call) <= CALL_UNITS for call in calls)


@given(TEXTS)
def test_the_worst_price_covers_units_counted_over_joined_texts(texts: list[str]) -> None:
    """Whatever a service counts as a character, UTF-16's units or code points, and puts between the texts."""
    worst = worst_price(sum(map(units_of, texts)), RATES, ALL)
    counted = -(-len("\n".join(texts).encode("utf-16-le")) // 2 // 1000)
    told = charge_of({"usage": dict.fromkeys(ALL, counted)}, RATES)
    assert told is not None
    assert told.amount <= worst


@pytest.mark.parametrize(
    ("usage", "charge"),
    [
        ({"contentPolicyUnits": 3, "wordPolicyUnits": 3}, Charge(450, 3, known=True)),
        ({"contentPolicyUnits": 1, "sensitiveInformationPolicyUnits": 2}, Charge(350, 3, known=True)),
        ({"sensitiveInformationPolicyFreeUnits": 9, "automatedReasoningPolicyUnits": 0}, Charge(0, 0, known=True)),
        ({"automatedReasoningPolicyUnits": 1}, None),
        ({"contentPolicyUnits": -1}, None),
        ({"contentPolicyUnits": "1"}, None),
        ({"contentPolicyUnits": True}, None),
        ({}, None),
        (None, None),
    ],
)
def test_usage_is_priced_by_policy_or_not_known(usage: Any, charge: Charge | None) -> None:
    assert charge_of({"usage": usage}, RATES) == charge


PIECES = [Piece(0, "a"), Piece(1, "b")]
MASKS = [{"sensitiveInformationPolicy": {"piiEntities": [{"action": "ANONYMIZED"}]}}]
BLOCKS = [{"topicPolicy": {"topics": [{"action": "BLOCKED"}]}}]
TWO = [{"text": "x"}, {"text": "y"}]


@pytest.mark.parametrize(
    ("answer", "action"),
    [
        ({"action": "NONE", "outputs": []}, PASSED),
        ({"action": "GUARDRAIL_INTERVENED", "outputs": TWO, "assessments": MASKS}, MASKED),
        ({"action": "GUARDRAIL_INTERVENED", "outputs": TWO, "assessments": [*MASKS, *BLOCKS]}, BLOCKED),
        ({"action": "GUARDRAIL_INTERVENED", "outputs": TWO, "assessments": []}, BLOCKED),
        ({"action": "GUARDRAIL_INTERVENED", "outputs": TWO[:1], "assessments": MASKS}, BLOCKED),
        ({"action": "GUARDRAIL_INTERVENED", "outputs": [{}, {}], "assessments": MASKS}, BLOCKED),
        ({"action": "GUARDRAIL_INTERVENED", "outputs": "ab", "assessments": MASKS}, BLOCKED),
        ({"action": "GUARDRAIL_INTERVENED"}, BLOCKED),
        ({"action": "SOMETHING_NEW"}, None),
        ({}, None),
    ],
)
def test_what_is_not_surely_masked_is_blocked(answer: dict[str, Any], action: str | None) -> None:
    found = finding_of(answer, PIECES)
    assert (found.action if found else None) == action
    assert found is None or found.texts == (("x", "y") if action == MASKED else ())


def test_half_a_character_does_not_keep_a_text_from_being_read() -> None:
    assert readable("a\ud800b") == "a\ufffdb"
    assert readable("a😀b") == "a😀b"
