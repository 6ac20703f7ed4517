"""The price of everything in the stack is known, and not out of date."""

from collections.abc import Iterator

from catalog.tables import catalogue
from catalog.view import Case
from policies.estimate import FREE_TYPES, INSTANCE_TYPES, creates, item_named, lines_of, unknown
from policies.rule import PROD, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.stack import Settings, Stack


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at each line of the worst month whose price is unknown: silence about it would read as nothing to pay."""
    if not any(creates(item) for item in stack.items):
        raise NotApplicable("the stack has no resources")
    checked = catalogue().prices_checked
    age = (settings.today - checked).days
    if age > settings["maximumAgeDays"]:
        yield Problem(
            "", f"the prices were compared with their sources on {checked}, {age} days ago: take a newer leanto"
        )
    for line, reason in unknown(lines_of(Case.WORST, stack, settings)):
        item = item_named(stack, line)
        if reason.unread:
            yield Unevaluated("", f"{line.item}: {reason.reason}", item)
            continue
        named = [row for row in stack.items if row.name in line.resources and row.type == line.item]
        if not named:
            yield Problem("", f"{line.item}: {reason.reason}", item)
        for row in named:
            yield Problem("type", reason.reason, row)


RULE = Rule(
    id="no-unpriced-resource",
    area="cost",
    title="The price of everything in the stack is known",
    severity=Severity.HIGH,
    levels=PROD,
    floor=True,
    types=("*",),
    check_stack=check_stack,
    rationale="An estimate that leaves out what it cannot price shows less than will be paid, and a missing price"
    " shows as a saving.",
    fix="Use a type, an instance type or a region that the catalogue prices, add the price with its source to"
    " catalog/data, or declare the type in `freeTypes` once somebody has looked it up.",
    parameters=(
        Parameter("maximumAgeDays", "integer", 90, "After how many days prices count as out of date.", minimum=1),
        INSTANCE_TYPES,
        FREE_TYPES,
    ),
)
