"""The small pure parts: subnets, alarms' thresholds, the API's tree and fingerprint."""

from decimal import Decimal
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.tables import catalogue
from infra import api
from infra.alarm_table import alarms, node_minutes_per_day
from infra.api import fingerprint, gateway_responses
from infra.declarations import stack_values
from infra.settings import read_settings
from infra.subnets import SLOTS, subnet_cidrs
from tests.infra.synthesised import PINNED

NETWORKS = st.builds(
    lambda number, prefix: str(IPv4Network((10 << 24 | number << 8, prefix), strict=False)),
    st.integers(0, 2**16 - 1),
    st.integers(16, 24),
)


@given(NETWORKS, st.integers(1, SLOTS))
def test_subnets_lie_apart_within_the_network_and_are_large_enough(cidr: str, count: int) -> None:
    parts = [IPv4Network(part) for part in subnet_cidrs(cidr, count)]
    assert len(parts) == count
    assert all(part.subnet_of(IPv4Network(cidr)) and part.prefixlen <= 28 for part in parts)
    assert not any(one.overlaps(other) for one, other in combinations(parts, 2))


@given(NETWORKS, st.integers(1, SLOTS - 1))
def test_a_zone_more_moves_no_subnet(cidr: str, count: int) -> None:
    assert subnet_cidrs(cidr, count + 1)[:count] == subnet_cidrs(cidr, count)


@pytest.mark.parametrize("count", [0, SLOTS + 1])
def test_other_numbers_of_subnets_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 4"):
        subnet_cidrs("10.64.0.0/20", count)


def minutes(**changes: Any) -> int:
    values = {**stack_values("gpu"), **PINNED, **{f"leanto:{k}": v for k, v in changes.items()}}
    return node_minutes_per_day(read_settings(values), catalogue())


def test_gpu_hours_a_day_are_what_a_tenth_of_the_cap_buys() -> None:
    """By hand: 1,006 USD a month, a tenth of it a day, at 1.006 USD an hour: 100 hours."""
    assert catalogue().instance_prices["g5.xlarge", "us-east-1"].on_demand_usd_per_hour == Decimal("1.006")
    assert minutes(monthlyCapUsd=1006, gpuInstanceTypes=["g5.xlarge", "g4dn.xlarge"]) == 6000


def test_the_dearest_type_counts_whatever_its_place() -> None:
    assert minutes(gpuInstanceTypes=["g4dn.xlarge", "g5.xlarge"]) == minutes(
        gpuInstanceTypes=["g5.xlarge", "g4dn.xlarge"]
    )
    assert minutes(gpuInstanceTypes=["g4dn.xlarge"]) > minutes(gpuInstanceTypes=["g4dn.xlarge", "g5.xlarge"])


def test_a_tiny_cap_leaves_a_threshold_that_can_be_passed() -> None:
    assert minutes(monthlyCapUsd=1, gpuInstanceTypes=["g5.12xlarge"]) >= 1


def test_a_stack_without_a_pool_has_no_alarm_about_it() -> None:
    names = {"gateway": "g", "relay": "r", "stop": "s"}
    assert [one.name for one in alarms(names, "api", "v1", "", 0) if one.stops] == []
    assert [one.name for one in alarms(names, "api", "v1", "group", 5) if one.stops] == ["gpu-hours"]


def test_a_changed_api_has_another_fingerprint_and_the_same_one_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment is a copy: without a new one, a change of the API would never be served."""
    responses = gateway_responses(1000)
    first = fingerprint(responses, ["x"])
    assert first == fingerprint(gateway_responses(1000), ["x"])
    changed = [fingerprint(gateway_responses(1001), ["x"]), fingerprint(responses, ["y"])]
    for name, value in (("HTTP_METHODS", ("POST",)), ("PATH_PART", "{path+}")):
        with monkeypatch.context() as patch:
            patch.setattr(api, name, value)
            changed.append(fingerprint(responses, ["x"]))
    assert first not in changed
    assert len(set(changed)) == len(changed)
