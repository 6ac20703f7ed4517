"""The worst month has an end, and it lies below the cap of the team."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from catalog.pricing import Line, Unbounded
from catalog.view import Case
from policies.estimate import LIMITS, finite, item_named, largest, lines_of, names_in, unknown, usd
from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.stack import Settings, Stack


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Add up what every cap of the stack lets through in a month of 744 hours; what has no cap has no end."""
    lines = lines_of(Case.WORST, stack, settings)
    for line in lines:
        if isinstance(line.high, Unbounded):
            told = f"{line.item} of {names_in(line)} has no cap: {line.high.reason}"
            yield Problem(_path(line), told, item_named(stack, line))
    yield from _sum(lines, Decimal(str(settings["maximumUsd"])))
    for line, reason in unknown(lines):
        yield Unevaluated(_path(line), f"{line.item} of {names_in(line)}: {reason.reason}")


def _sum(lines: Sequence[Line], maximum: Decimal) -> Iterator[Problem]:
    least = finite(lines)
    if least > maximum:
        open_ones = " at least" if any(not isinstance(line.high, Decimal) for line in lines) else ""
        yield Problem(
            "", f"the worst month costs{open_ones} {usd(least)}, more than the cap of {usd(maximum)}; {largest(lines)}"
        )


def _path(line: Line) -> str:
    """Return the property of the one resource that lowers a line, or "" where it is not one."""
    first = line.knob.partition(",")[0]
    name, dot, path = first.partition(".")
    return path if dot and name in line.resources else ""


RULE = Rule(
    id="monthly-worst-case",
    area="cost",
    title="The worst month has an end, below the team's cap",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=("*",),
    guards=("maxSize", "reservedConcurrentExecutions", "onDemandThroughput", "settings", "defaultRouteSettings"),
    check_stack=check_stack,
    rationale="A loop, a leaked key or a busy day uses up whatever nothing caps. Alarms and budgets tell of it hours"
    " later; a maximum, a throttle, reserved concurrency and a spending limit hold at once.",
    fix="Set the cap that the message names: a throttle of the API, reserved concurrency of the function, maximum"
    " units of the table, the maximum of the group, the gateway's spending limit. Declare a limit only for what AWS"
    " cannot cap. Lower the largest items, or raise `maximumUsd` knowingly.",
    references={"owasp-llm-2026": ("LLM06",)},
    parameters=(
        Parameter(
            "maximumUsd",
            "number",
            5000,
            "The most that a month may cost in USD with every cap used up.",
            minimum=0,
            defaults={"dev": 4000},
        ),
        *LIMITS,
    ),
)
