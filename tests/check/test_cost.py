"""Claim: the estimate counts the cloud resources of a stack, synthesised or deployed, and prints every bound."""

import io
from decimal import Decimal

import pytest
from rich.console import Console

from catalog.deployed import DeployedResource
from catalog.idle import idle_month
from catalog.pricing import Line, Unknown
from leanto.check.cost import exported, idle_table, synthesised
from leanto.check.synthesis import synthesise
from tests.check.conftest import CONFIGURATION, TYPES, Box, Part

KEY, SECRET, TABLE = "aws:kms/key:Key", "aws:secretsmanager/secret:Secret", "aws:dynamodb/table:Table"


def printed(lines: list[Line]) -> str:
    console = Console(file=io.StringIO(), width=160)
    console.print(idle_table(lines))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_synthesised_stack_is_estimated_by_its_own_resources() -> None:
    synthesis = synthesise(
        lambda: Box("box") and Part("p") and None, project="d", stack="s", configuration=CONFIGURATION, types=TYPES
    )
    assert {(row.type, row.name) for row in synthesised(synthesis)} == {
        ("aws:toy/thing:Thing", "box-thing"),
        ("aws:toy/part:Part", "p"),
    }


def test_a_preview_is_not_estimated() -> None:
    synthesis = synthesise(
        lambda: Part("p") and None, project="d", stack="s", configuration=CONFIGURATION, types=TYPES, preview=True
    )
    with pytest.raises(ValueError, match="preview=False"):
        synthesised(synthesis)


def test_an_exported_state_is_estimated_by_what_exists() -> None:
    urn = "urn:pulumi:s::p::{}::{}"
    rows = [
        {"urn": urn.format("pulumi:pulumi:Stack", "p-s"), "type": "pulumi:pulumi:Stack", "custom": False},
        {"urn": urn.format("pulumi:providers:aws", "d"), "type": "pulumi:providers:aws", "custom": True, "outputs": {}},
        {"urn": urn.format(f"a:b:C${KEY}", "key"), "type": KEY, "custom": True, "outputs": {"enableKeyRotation": True}},
        {"urn": urn.format(KEY, "theirs"), "type": KEY, "custom": True, "external": True, "outputs": {}},
    ]
    assert exported({"version": 3, "deployment": {"resources": rows}}) == (
        DeployedResource(KEY, "key", {"enableKeyRotation": True}, known_as=(rows[2]["urn"],)),
    )
    assert exported({"version": 3, "deployment": {}}) == ()


def test_the_table_shows_each_line_its_bounds_and_the_sum() -> None:
    resources = [DeployedResource(KEY, "k", {"enableKeyRotation": True}), DeployedResource(SECRET, "s", {})]
    text = printed([*idle_month([*resources, DeployedResource(TABLE, "t", {})], "us-east-1")])
    rows = {
        line.split("│")[1].strip(): [cell.strip() for cell in line.split("│")[2:5]]
        for line in text.splitlines()
        if "│" in line
    }
    assert rows["kms.key"] == ["1 key-month", "1.00", "1.00"]
    assert rows["kms.key-rotation"] == ["2 rotation-month", "0.00", "2.00"]
    assert rows["secretsmanager.secret"] == ["1 secret-month", "0.40", "0.40"]
    assert rows["sum"] == ["", "1.40", "3.40"]
    assert "paid for what is used: dynamodb" in text


def test_the_table_says_what_is_unknown() -> None:
    unknown = Unknown("no price is listed")
    text = printed([Line("x", ("r",), Decimal(1), "", unknown, unknown)])
    assert "unknown: no price is listed" in text
    assert "unknown: no upper bound without the price of x" in text
