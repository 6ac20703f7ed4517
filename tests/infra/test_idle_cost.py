"""What each preset costs while nobody uses it, from its own resources and the catalogue's prices."""

from decimal import Decimal

import pytest

from catalog.idle import idle_month
from catalog.pricing import Line, Unknown
from leanto.check.cost import synthesised as deployed_resources
from tests.infra.synthesised import PRESETS, synthesised

AIM_USD = {"managed": Decimal(2), "gpu": Decimal(4), "hybrid": Decimal(5)}
REGIONS = ("us-east-1", "eu-central-1")


def lines(preset: str, region: str, **settings: str) -> tuple[Line, ...]:
    return idle_month(deployed_resources(synthesised(preset, region=region, **settings)), region)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("preset", PRESETS)
def test_an_idle_month_costs_no_more_than_aimed_at(preset: str, region: str) -> None:
    """In an account with free alarms and dashboards left, before a key's first rotation."""
    costs = [line.low for line in lines(preset, region)]
    assert not [cost for cost in costs if isinstance(cost, Unknown)]
    assert sum(cost for cost in costs if isinstance(cost, Decimal)) <= AIM_USD[preset]


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("preset", PRESETS)
def test_without_a_dashboard_it_holds_in_an_account_that_has_used_up_what_is_free(preset: str, region: str) -> None:
    costs = [line.high for line in lines(preset, region, dashboard="false") if line.item != "kms.key-rotation"]
    assert not [cost for cost in costs if isinstance(cost, Unknown)]
    assert sum(cost for cost in costs if isinstance(cost, Decimal)) <= AIM_USD[preset]


@pytest.mark.parametrize("preset", PRESETS)
def test_each_resource_is_known_to_be_priced_by_use_or_free(preset: str) -> None:
    unknown = [line.item for line in lines(preset, "us-east-1") if isinstance(line.high, Unknown)]
    assert unknown == []


def test_nothing_is_made_that_costs_by_the_hour() -> None:
    """Keys, secrets, alarms and a dashboard are all that an idle stack pays for."""
    items = {line.item for line in lines("hybrid", "us-east-1") if line.high}
    assert items <= {"kms.key", "kms.key-rotation", "secretsmanager.secret", "cloudwatch.alarm", "cloudwatch.dashboard"}
