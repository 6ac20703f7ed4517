"""Claim: a check tells what a stack's months cost, and what a change does to each."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.view import Case
from leanto.check import money
from leanto.check.money import BaseError, Month, months_of, read_base
from leanto.check.reports import document, markdown
from policies.normalise import UNKNOWN
from policies.runner import Run
from policies.stack import Item, Stack, item
from tests.check.test_reports import report

KEY = "aws:kms/key:Key"
GROUP = "aws:autoscaling/group:Group"
RUN = Run("prod", dt.date(2026, 11, 25))


def stack(*items: Item, region: str = "us-east-1") -> Stack:
    return Stack("demo", items, region=region)


def key(name: str) -> Item:
    return item(f"urn:{name}", KEY, name, {"enableKeyRotation": False})


def months(*items: Item, base: tuple[Item, ...] | None = None) -> dict[Case, Month]:
    before = None if base is None else {row.case.value: row.lines for row in months_of(stack(*base), RUN)}
    return {row.case: row for row in months_of(stack(*items), RUN, before)}


def test_a_key_costs_a_dollar_in_each_month() -> None:
    found = months(key("one"), key("two"))
    assert [found[case].low for case in (Case.IDLE,)] == [Decimal(2)]
    assert found[Case.IDLE].high == Decimal(2)
    assert isinstance(found[Case.WORST].high, Decimal)
    assert found[Case.WORST].high >= Decimal(2)


def test_a_change_is_told_by_item_with_both_sides() -> None:
    found = months(key("one"), key("two"), base=(key("one"),))[Case.IDLE]
    assert [(row.item, row.difference) for row in found.changes] == [("kms.key", Decimal(1))]
    assert "1.00 -> 2.00 USD (+1.00)" in money.change_text(found.changes[0])
    assert months(key("one"), base=(key("one"),))[Case.IDLE].changes == ()


def test_what_has_no_end_and_what_is_not_known_are_never_numbers() -> None:
    unlisted = item("urn:x", "aws:nowhere/thing:Thing", "thing", {})
    found = months(unlisted)[Case.IDLE]
    assert money.usd_text(found.high) == "unknown"
    queue = item("urn:q", "aws:lambda/function:Function", "open", {"memorySize": 512, "timeout": 60})
    assert money.usd_text(months(queue)[Case.WORST].high) == "unbounded"


def test_without_a_region_there_are_no_prices() -> None:
    assert months_of(Stack("demo", (item("urn:k", KEY, "k", {"region": UNKNOWN}),)), RUN) == ()


def test_a_report_can_be_the_base_of_the_next(tmp_path: Path) -> None:
    found = months_of(stack(key("one")), RUN)
    path = tmp_path / "base.json"
    path.write_text(document.text(_with(found)), encoding="utf-8")
    again = {row.case: row for row in months_of(stack(key("one")), RUN, read_base(path))}
    assert all(row.changes == () for row in again.values())
    grown = {row.case: row for row in months_of(stack(key("one"), key("two")), RUN, read_base(path))}
    assert grown[Case.IDLE].changes[0].difference == Decimal(1)
    plain = json.loads(document.text(_with(tuple(grown.values()))))["months"]["idle"]
    assert (plain["high_usd"], plain["changes"][0]["difference_usd"]) == ("2.00", "1.00")
    assert "1.00 -> 2.00 USD" in markdown.text(_with(tuple(grown.values()))).replace("&gt;", ">")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"months": {"idle": {"lines": [{}]}}}', '{"months": 5}'])
def test_a_base_that_is_no_report_is_refused_by_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "base.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BaseError, match=r"base\.json is no report"):
        read_base(path)


def _with(found: tuple[Month, ...]) -> document.Report:
    return document.Report(**{**vars(report()), "months": found})
