"""Claim: the metrics that a gateway writes are in the price of its stack, and nothing that is asked of it adds one."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.deployed import DeployedResource
from catalog.month import month
from catalog.pricing import Line, Unknown
from catalog.tables import catalogue
from catalog.view import Case
from infra.declarations import stack_values
from infra.document import deployment_document
from infra.metrics import OF_AN_UPSTREAM, OF_REQUESTS, metric_count
from infra.settings import Settings, read_settings
from leanto.check.cost import synthesised as deployed_resources
from runtime.decide.breakers import State
from runtime.gateway.access import Record
from runtime.gateway.audit import audit_line
from runtime.gateway.breaker_lines import breaker_line
from runtime.gateway.deployment import Deployment, ProviderUpstream, read_deployment
from runtime.gateway.metrics import BREAKER_UNITS, UNITS, embedded_metrics, metrics_of_breaker, paid_stack
from tests.infra.synthesised import PINNED, PRESETS, synthesised

FUNCTION = "aws:lambda/function:Function"
LUNA = {"provider": "openai", "providerModel": "gpt-6-luna"}
FLASH = {"provider": "google", "providerModel": "gemini-2.5-flash"}
SEVERAL = [
    {"model": "small", **LUNA, "fallbacks": [FLASH]},
    {"model": "again", **FLASH, "fallbacks": [LUNA]},
    {"model": "other", "provider": "openai", "providerModel": "text-embedding-3-small"},
]
WORDS = st.text(max_size=20)
RECORDS = st.builds(
    Record,
    WORDS,
    **dict.fromkeys(("trace_id", "key_id", "team", "route", "model", "upstream", "error", "overflow"), WORDS),
    **dict.fromkeys(("status", "attempts", "total_ms", "first_byte_ms", "prompt_tokens"), st.integers(0, 1000)),
    **dict.fromkeys(("output_tokens", "cost_micro_usd"), st.integers(0, 10**9)),
)


def settings_of(**changes: Any) -> Settings:
    given = {f"leanto:{key}": value for key, value in changes.items()}
    return read_settings({**stack_values("managed"), **PINNED, **given})


def deployment(of: Settings) -> Deployment:
    return read_deployment(json.loads(deployment_document(of, "team", catalogue())))


def metrics_in(line: dict[str, Any]) -> set[tuple[str, ...]]:
    """Return what CloudWatch charges for a line: each name with the values of its dimensions."""
    return {
        (directive["Namespace"], metric["Name"], *(line[name] for name in dimensions))
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", ())
        for dimensions in directive["Dimensions"]
        for metric in directive["Metrics"]
    }


def priced(case: Case, *resources: DeployedResource) -> list[Line]:
    return [line for line in month(case, resources, "us-east-1") if line.item == "cloudwatch.metric"]


def function(environment: Any) -> DeployedResource:
    return DeployedResource(FUNCTION, "f", {"reservedConcurrentExecutions": 1, "environment": environment})


def test_what_is_counted_is_what_the_gateway_may_write() -> None:
    assert (len(UNITS), len(BREAKER_UNITS)) == (OF_REQUESTS, OF_AN_UPSTREAM)


@settings(max_examples=50, deadline=None)
@given(st.lists(RECORDS, min_size=1, max_size=20))
def test_whatever_is_asked_there_are_no_more_metrics_than_are_counted(records: list[Record]) -> None:
    """Of any keys, teams, models and errors, with the breaker of each upstream in each state."""
    of = settings_of(routes=SEVERAL, providersAllowed=["openai", "google"])
    upstreams = {
        one.name
        for route in deployment(of).routes.values()
        for one in route.upstreams
        if isinstance(one, ProviderUpstream)
    }
    lines = [audit_line(record) for record in records]
    breakers = [breaker_line(name, state, 10) for name in upstreams for state in State]
    written = {found for line in lines for found in metrics_in(line | embedded_metrics(line, "team"))}
    written |= {found for line in breakers for found in metrics_in(line | metrics_of_breaker(line, "team"))}
    assert len(written) <= metric_count(of.routes) == 9
    assert len({found for found in written if "breaker_state" in found}) == len(upstreams) == 3


def test_nothing_is_written_that_the_price_does_not_hold() -> None:
    assert paid_stack({"LEANTO_STACK": "a", "LEANTO_METRICS": "7"}) == "a"
    assert paid_stack({"LEANTO_STACK": "a"}) == ""
    line = breaker_line("openai/gpt-6-luna", State.OPEN, 10)
    assert metrics_of_breaker(line, "") == {}


@pytest.mark.parametrize(("preset", "count"), [("managed", 7), ("gpu", 6), ("hybrid", 7)])
def test_a_presets_metrics_cost_nothing_idle_and_are_in_its_other_months(preset: str, count: int) -> None:
    resources = deployed_resources(synthesised(preset))
    for case, expected in ((Case.IDLE, []), (Case.EXPECTED, [count]), (Case.WORST, [count])):
        lines = [line for line in priced(case, *resources) if line.part.endswith("gateway")]
        assert [line.quantity for line in lines] == expected
        assert [line.high for line in lines] == [Decimal("0.3") * number for number in expected]
    assert set(PRESETS) == {"managed", "gpu", "hybrid"}


def test_ten_metrics_of_an_account_are_free() -> None:
    (line,) = priced(Case.WORST, function({"variables": {"LEANTO_METRICS": "12"}}))
    assert (line.low, line.high, line.source) == (Decimal("0.6"), Decimal("3.6"), "price-list")
    assert line.knob == "f.environment.variables.LEANTO_METRICS"


@pytest.mark.parametrize(
    "environment", [None, {}, {"variables": {"OTHER": "7"}}, {"variables": {"LEANTO_METRICS": "0"}}]
)
def test_a_function_that_says_nothing_of_metrics_has_no_line(environment: Any) -> None:
    assert priced(Case.WORST, function(environment)) == []


@pytest.mark.parametrize("count", [Unknown("later", unread=True), "some"])
def test_a_number_that_cannot_be_read_is_unknown_and_not_zero(count: Any) -> None:
    lines = month(Case.WORST, [function({"variables": {"LEANTO_METRICS": count}})], "us-east-1")
    assert [line.item for line in lines if isinstance(line.high, Unknown)] == [FUNCTION]
