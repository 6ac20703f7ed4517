"""Claim: two months are compared line by line, and a month kept as plain data reads back the same."""

import json
from decimal import Decimal

import pytest

from catalog.comparing import Change, compare, from_plain, to_plain
from catalog.deployed import DeployedResource
from catalog.month import estimate
from catalog.pricing import Unbounded

KEY, FUNCTION = "aws:kms/key:Key", "aws:lambda/function:Function"


def worst(*resources: DeployedResource) -> tuple:  # type: ignore[type-arg]
    return estimate(resources, "us-east-1").worst


def key(name: str) -> DeployedResource:
    return DeployedResource(KEY, name, {})


def function(**properties: int) -> DeployedResource:
    return DeployedResource(FUNCTION, "f", properties)


def named(changes: tuple[Change, ...]) -> dict[str, Decimal | None]:
    return {change.item: change.difference for change in changes}


def test_the_same_month_has_no_changes() -> None:
    lines = worst(key("a"), function(reservedConcurrentExecutions=1))
    assert compare(lines, lines) == ()


def test_what_came_and_what_went_is_told_with_its_difference() -> None:
    added = named(compare(worst(key("a")), worst(key("a"), key("b"))))
    assert added == {"kms.key": Decimal(1), "kms.requests": Decimal(3)}
    assert named(compare(worst(key("a")), worst()))["kms.key"] == Decimal(-1)


def test_a_cap_that_went_comes_first_and_has_no_number() -> None:
    changes = compare(worst(function(reservedConcurrentExecutions=1)), worst(key("new"), function()))
    assert changes[0].difference is None
    assert isinstance(changes[0].bounds[1], Unbounded)


def test_lines_survive_being_kept_as_json() -> None:
    lines = worst(key("a"), function(), DeployedResource("aws:x/y:Z", "z", {}), DeployedResource(KEY, "k", {}))
    kept = json.loads(json.dumps([to_plain(line) for line in lines]))
    assert tuple(from_plain(row) for row in kept) == lines


@pytest.mark.parametrize("row", [{}, {"item": "x"}, {**to_plain(worst(key("a"))[0]), "high": "much"}, {"low": []}])
def test_what_is_no_line_is_refused(row: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not a line of an estimate"):
        from_plain(row)
