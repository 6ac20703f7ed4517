"""Every resource of the stack is of a type that the rules or the catalogue know."""

from collections.abc import Iterator

from policies.rule import PROD, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.stack import Item, Settings, Stack


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at the type of each resource; providers and components make nothing themselves."""
    if not settings.known_types:
        yield Unevaluated("", "the run does not say which types are known")
        return
    for item in stack.items:
        if not _is_known(item, settings):
            yield Problem("type", f"no rule and no row of the catalogue knows {item.given_type}", item)


def _is_known(item: Item, settings: Settings) -> bool:
    if item.component or item.given_type.startswith("pulumi:"):
        return True
    return item.type in settings.known_types or item.given_type in settings["known"]


RULE = Rule(
    id="policy-coverage",
    area="resilience",
    title="Every resource is of a type that the rules know",
    severity=Severity.HIGH,
    levels=PROD,
    floor=True,
    types=("*",),
    check_stack=check_stack,
    rationale="A type that nothing knows is neither priced nor checked: silence about it is no approval.",
    fix="Use a type that is known, or have the type looked at and list it in `known`.",
    parameters=(Parameter("known", "texts", (), "Types that somebody looked at, which need no rule."),),
)
