"""No property that a rule looks at is exempt from deployments."""

import re
from collections.abc import Iterator

from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Compare the paths of `ignoreChanges` with the properties that rules guard on the type."""
    guarded = settings.guarded.get(item.type, frozenset()) | settings.guarded.get("*", frozenset())
    for path in item.options.ignore_changes:
        top = _top(path)
        found = sorted(guarded) if top == "*" else [name for name in guarded if name.partition(".")[0] == top]
        if found:
            named = ", ".join(found[:5])
            yield Problem(f"ignoreChanges.{path}", f"changes of {named} are ignored, which rules must see")


def _top(path: str) -> str:
    """Return the property that a path begins with, in the provider's spelling."""
    parts = [part for part in re.split(r"[\[\].\"']+", path.strip()) if part]
    return re.sub(r"_([a-z])", lambda letter: letter[1].upper(), parts[0]) if parts else "*"


RULE = Rule(
    id="no-ignore-changes-on-guarded",
    area="resilience",
    title="No property that a rule looks at is exempt from deployments",
    severity=Severity.HIGH,
    levels=ALWAYS,
    types=("*",),
    check=check,
    rationale="With `ignoreChanges` a program says one thing and AWS keeps another: rules judge what is not there.",
    fix="Take the property out of `ignoreChanges`.",
)
