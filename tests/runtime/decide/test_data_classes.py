"""Claim: of several data classes all hold, and what nobody knows allows nothing."""

import pytest

from runtime.decide.data_classes import places_of


@pytest.mark.parametrize(
    ("data_classes", "places"),
    [
        ((), None),
        (("any",), None),
        (("eu",), {"eu"}),
        (("any", "eu"), {"eu"}),
        (("eu", "eu"), {"eu"}),
        (("eu", "us"), set()),
        (("eu", "local-only"), set()),
        (("local-only",), set()),
        (("EU",), set()),
        (("any", "secret"), set()),
    ],
    ids=str,
)
def test_where_a_request_may_be_processed(data_classes: tuple[str, ...], places: set[str] | None) -> None:
    assert places_of(data_classes) == places
