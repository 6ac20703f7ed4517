"""Claim: a price is what the table says, exactly, or Unknown with the reason; it is never zero for want of a figure."""

import datetime as dt
from decimal import Decimal

import pytest

from catalog.pricing import Line, Quote, Total, Unknown, free_quota, instance_price, total, unit_price


def line(low: Decimal | Unknown, high: Decimal | Unknown, item: str = "x") -> Line:
    return Line(item, ("r",), Decimal(1), "month", low, high)


def test_a_unit_price_comes_with_unit_mark_source_and_date() -> None:
    quote = unit_price("dynamodb.write-units", "eu-central-1")
    assert quote == Quote(Decimal("0.7625"), "million", "verified", "infracost, price-list", dt.date(2026, 8, 15))


def test_a_weak_figure_is_marked_so() -> None:
    assert isinstance(quote := unit_price("kms.key", "eu-west-1"), Quote)
    assert quote.mark == "unverified"


@pytest.mark.parametrize(
    ("item", "region", "reason"),
    [
        ("kms.keys", "us-east-1", "no price of kms.keys is listed"),
        ("kms.key", "ap-south-1", "no price of kms.key in ap-south-1 is listed"),
    ],
)
def test_an_unlisted_unit_price_is_unknown_with_its_reason(item: str, region: str, reason: str) -> None:
    assert unit_price(item, region) == Unknown(reason)


def test_an_instance_costs_what_its_region_and_way_of_buying_say() -> None:
    prices = {
        (region, spot): instance_price("g6.xlarge", region, spot=spot)
        for region in ("us-east-1", "us-west-2", "eu-west-1")
        for spot in (False, True)
    }
    assert {key: quote.usd for key, quote in prices.items() if isinstance(quote, Quote)} == {
        ("us-east-1", False): Decimal("0.8048"),
        ("us-east-1", True): Decimal("0.3816"),
        ("us-west-2", False): Decimal("0.8048"),
    }
    assert prices["us-west-2", True] == Unknown("no spot price of g6.xlarge in us-west-2 is listed")
    assert prices["eu-west-1", False] == Unknown("no price of g6.xlarge in eu-west-1 is listed")


def test_a_derived_price_is_marked_so() -> None:
    assert isinstance(quote := instance_price("g5.xlarge", "eu-central-1", spot=False), Quote)
    assert quote.mark == "derived"


def test_only_items_with_a_free_quota_have_one() -> None:
    assert (quota := free_quota("cloudwatch.alarm")) is not None
    assert (quota.quantity, quota.unit) == (10, "alarm-month")
    assert free_quota("kms.key") is None


def test_a_total_adds_both_bounds() -> None:
    assert total([line(Decimal("0.1"), Decimal("0.2")), line(Decimal(1), Decimal(2))]) == Total(
        Decimal("1.1"), Decimal("2.2")
    )


def test_an_unknown_line_leaves_the_lower_bound_and_takes_the_upper_one() -> None:
    summed = total([line(Decimal(1), Decimal(2)), line(Unknown("?"), Unknown("?"), "elb.gateway")])
    assert summed.low == Decimal(1)
    assert summed.high == Unknown("no upper bound without the price of elb.gateway")
