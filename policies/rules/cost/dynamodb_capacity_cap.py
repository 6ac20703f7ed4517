"""What a table can read and write in a second has a cap."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from policies.reading import Block
from policies.rule import ADVISORY, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, each
from policies.stack import Item, Settings

TABLE, TARGET = "aws:dynamodb/table:Table", "aws:appautoscaling/target:Target"
ON_DEMAND: Mapping[str, str] = MappingProxyType(
    {"maxReadRequestUnits": "readUnits", "maxWriteRequestUnits": "writeUnits"}
)
PROVISIONED: Mapping[str, str] = MappingProxyType({"readCapacity": "readUnits", "writeCapacity": "writeUnits"})
"""Properties with the parameter that caps each."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at a table and its indexes, or at what scales a table's capacity."""
    if item.type == TARGET:
        yield from _target(item.props, settings)
        return
    by_use = item.props.text("billingMode", "PROVISIONED") == "PAY_PER_REQUEST"
    check_block = _on_demand if by_use else _provisioned
    yield from check_block(item.props, settings)
    yield from each(
        item.props.block_values("globalSecondaryIndexes"), lambda index: check_block(index.block(), settings)
    )


def _on_demand(block: Block, settings: Settings) -> Iterator[Outcome]:
    limits = block.block("onDemandThroughput")
    yield from each(ON_DEMAND, lambda key: _maximum(limits, key, settings))


def _maximum(limits: Block, key: str, settings: Settings) -> Iterator[Outcome]:
    units, cap = limits.number(key, -1), settings[ON_DEMAND[key]]
    if units is None or units < 0:
        yield Problem(limits.at(key), "it is paid by use without a maximum")
    elif units > cap:
        yield Problem(limits.at(key), f"{units:f} units a second, at most {cap:g} are allowed")


def _provisioned(block: Block, settings: Settings) -> Iterator[Outcome]:
    yield from each(PROVISIONED, lambda key: _capacity(block, key, settings[PROVISIONED[key]]))


def _capacity(block: Block, key: str, cap: float) -> Iterator[Outcome]:
    units = block.number(key)
    if units is not None and units > cap:
        yield Problem(block.at(key), f"{units:f} units, at most {cap:g} are allowed")


def _target(props: Block, settings: Settings) -> Iterator[Outcome]:
    if props.text("serviceNamespace") != "dynamodb":
        raise NotApplicable("it scales no table")
    reads = "Read" in props.text("scalableDimension")
    yield from _capacity(props, "maxCapacity", settings["readUnits" if reads else "writeUnits"])


RULE = Rule(
    id="dynamodb-capacity-cap",
    area="cost",
    title="What a table can read and write in a second has a cap",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=(TABLE, TARGET),
    guards=("billingMode", "onDemandThroughput", "readCapacity", "writeCapacity", "globalSecondaryIndexes"),
    check=check,
    rationale="A table on demand takes 40,000 units a second at once: a month of that is tens of thousands of USD.",
    fix="Set `onDemandThroughput` on the table and on each index, or lower what is provisioned.",
    references={"owasp-llm-2026": ("LLM06",)},
    parameters=(
        Parameter("readUnits", "number", 1000, "The most read units a second of a table or index.", minimum=0),
        Parameter("writeUnits", "number", 500, "The most write units a second of a table or index.", minimum=0),
    ),
)
