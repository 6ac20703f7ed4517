"""Claim: over random stacks, idle <= expected <= worst, a cap never makes a month dearer, and more never cheaper."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.charges import PRICED
from catalog.containers import SERVICE
from catalog.deployed import DeployedResource
from catalog.month import Estimate, estimate
from catalog.nodes import POOL
from catalog.pricing import Amount, Unbounded, Unknown, total
from catalog.use import USAGE

GROUP, FUNCTION, TABLE = (
    "aws:autoscaling/group:Group",
    "aws:lambda/function:Function",
    "aws:dynamodb/table:Table",
)
REGION = "us-east-1"
TYPES = ("g4dn.xlarge", "g5.xlarge", "g6.xlarge", "g6e.xlarge")
QUICK = settings(max_examples=60, deadline=None)
counts = st.integers(0, 40)


def rank(amount: Amount) -> tuple[int, Decimal]:
    """Return an amount's place: numbers, then what is unknown, then what has no end."""
    if isinstance(amount, Decimal):
        return 0, amount
    return (2 if isinstance(amount, Unbounded) else 1), Decimal(0)


def worst(*resources: DeployedResource) -> tuple[int, Decimal]:
    return rank(total(estimate(resources, REGION).worst).high)


@st.composite
def groups(draw: st.DrawFn) -> DeployedResource:
    low, more = draw(counts), draw(counts)
    types = draw(st.lists(st.sampled_from(TYPES), min_size=1, unique=True))
    distribution = {"onDemandPercentageAboveBaseCapacity": draw(st.sampled_from([0, 50, 100]))}
    overrides = [{"instanceType": kind} for kind in types]
    properties = {
        "minSize": low,
        "maxSize": low + more,
        "mixedInstancesPolicy": {"launchTemplate": {"overrides": overrides}, "instancesDistribution": distribution},
        "warmPool": draw(st.none() | st.fixed_dictionaries({"maxGroupPreparedCapacity": counts, "minSize": counts})),
    }
    return DeployedResource(GROUP, "pool", properties)


@st.composite
def functions(draw: st.DrawFn) -> DeployedResource:
    properties = {
        "reservedConcurrentExecutions": draw(st.none() | counts),
        "memorySize": draw(st.sampled_from([128, 512, 10240])),
        "timeout": draw(st.integers(1, 900)),
        "ephemeralStorage": draw(st.none() | st.just({"size": 2048})),
    }
    return DeployedResource(FUNCTION, f"f{draw(counts)}", properties)


@st.composite
def tables(draw: st.DrawFn) -> DeployedResource:
    limits = {"maxReadRequestUnits": draw(counts), "maxWriteRequestUnits": draw(counts)}
    properties = {"billingMode": "PAY_PER_REQUEST", "onDemandThroughput": draw(st.sampled_from([limits, None]))}
    return DeployedResource(TABLE, "t", properties)


others = st.sampled_from(sorted({*PRICED, *USAGE} - {FUNCTION, TABLE})).map(
    lambda kind: DeployedResource(kind, kind, {})
)
stacks = st.lists(groups() | functions() | tables() | others, max_size=6)


def in_order(found: Estimate) -> bool:
    months = [total(lines) for lines in (found.idle, found.expected, found.worst)]
    lows, highs = [month.low for month in months], [rank(month.high) for month in months]
    return lows == sorted(lows) and highs == sorted(highs)


@QUICK
@given(stacks)
def test_idle_is_at_most_expected_and_that_at_most_worst(stack: Sequence[DeployedResource]) -> None:
    assert in_order(estimate(stack, REGION))


@QUICK
@given(stacks)
def test_no_line_has_a_lower_bound_above_its_upper_one(stack: Sequence[DeployedResource]) -> None:
    found = estimate(stack, REGION)
    wrong = [
        line
        for line in (*found.idle, *found.expected, *found.worst)
        if isinstance(line.low, Decimal) and isinstance(line.high, Decimal) and not 0 <= line.low <= line.high
    ]
    assert wrong == []


@QUICK
@given(stacks, groups() | functions() | tables() | others)
def test_one_more_resource_is_never_cheaper(stack: Sequence[DeployedResource], more: DeployedResource) -> None:
    assert worst(*stack, more) >= worst(*stack)


def changed(resource: DeployedResource, **properties: Any) -> DeployedResource:
    return DeployedResource(resource.type, resource.name, {**resource.properties, **properties})


@QUICK
@given(groups(), st.integers(1, 20))
def test_a_larger_maximum_is_never_cheaper(group: DeployedResource, more: int) -> None:
    assert worst(changed(group, maxSize=group.properties["maxSize"] + more)) >= worst(group)


@QUICK
@given(functions(), counts)
def test_reserved_concurrency_never_raises_the_worst_month(function: DeployedResource, reserved: int) -> None:
    before = function.properties["reservedConcurrentExecutions"]
    cap = reserved if before is None else min(before, reserved)
    assert worst(changed(function, reservedConcurrentExecutions=cap)) <= worst(function)


@QUICK
@given(tables(), counts, counts)
def test_a_maximum_throughput_never_raises_the_worst_month(table: DeployedResource, read: int, write: int) -> None:
    before = table.properties["onDemandThroughput"] or {"maxReadRequestUnits": read, "maxWriteRequestUnits": write}
    limits = {
        "maxReadRequestUnits": min(read, before["maxReadRequestUnits"]),
        "maxWriteRequestUnits": min(write, before["maxWriteRequestUnits"]),
    }
    assert worst(changed(table, onDemandThroughput=limits)) <= worst(table)


KEYS = (
    "maxSize", "minSize", "mixedInstancesPolicy", "launchTemplate", "overrides", "instanceType", "warmPool", "size",
    "reservedConcurrentExecutions", "memorySize", "ephemeralStorage", "billingMode", "onDemandThroughput", "settings",
    "maxReadRequestUnits", "loggingConfig", "metricQueries", "period", "subnetIds", "vpcEndpointType", "rules", "code",
    "launchType", "taskDefinition", "retentionInDays", "globalSecondaryIndexes", "blockDeviceMappings", "policy",
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=5) | st.just(Unknown("?")),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted({*PRICED, *USAGE, *POOL, SERVICE})), st.dictionaries(st.sampled_from(KEYS), values))
def test_whatever_properties_hold_an_estimate_comes_out(kind: str, properties: dict[str, Any]) -> None:
    estimate([DeployedResource(kind, "r", properties)], REGION)
