"""The hours of GPU instances have a cap, and something that stops them when it is reached."""

from collections.abc import Iterator
from decimal import Decimal

from catalog.deployed import DeployedResource, Undetermined
from catalog.fleet import GROUP, sizes
from catalog.stops import hours_cap
from catalog.view import Case, View
from policies.estimate import INSTANCE_TYPES, view_of
from policies.gpu_groups import gpu_groups
from policies.reading import Unread
from policies.rule import PROD, NotApplicable, Outcome, Parameter, Problem, Rule, Severity, Unevaluated
from policies.stack import Item, Settings, Stack


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at each group with GPUs: is there an alarm on its hours that calls a function, and what does it let pass?"""
    view = view_of(Case.WORST, stack, settings)
    found = tuple(gpu_groups(stack, view))
    if not found:
        raise NotApplicable("the stack has no group of GPU instances")
    for item, group in found:
        try:
            yield from _group(item, group, view, Decimal(str(settings["maximumHours"])))
        except (Unread, Undetermined) as error:
            path = error.path if isinstance(error, Unread) else ""
            yield Unevaluated(path, str(error), item)


def _group(item: Item, group: DeployedResource, view: View, maximum: Decimal) -> Iterator[Problem]:
    peak = sizes(group, view).peak
    if not peak:
        return
    cap = hours_cap(group, peak, view)
    if cap is None or not isinstance(cap.most, Decimal):
        yield Problem("maxSize", "no alarm sums up its instances and calls a function that stops them", item)
        return
    hours = min(cap.most, peak * view.hours)
    if hours > maximum:
        yield Problem("maxSize", f"{hours:.0f} instance hours a month are possible, {maximum:f} are allowed", item)


RULE = Rule(
    id="gpu-hours-cap",
    area="cost",
    title="The hours of GPU instances have a cap that stops them",
    severity=Severity.HIGH,
    levels=PROD,
    types=(GROUP,),
    guards=("maxSize", "enabledMetrics"),
    check_stack=check_stack,
    rationale="AWS tells costs half a day late; the number of instances is known every minute. A stop after so many"
    " hours costs less than the first bill that shows a fault.",
    fix="Let the group report GroupTotalInstances in `enabledMetrics`, set an alarm on its sum over a day, and let its"
    " topic call a function that sets the group to zero. Lower the threshold or the maximum.",
    references={"owasp-llm-2026": ("LLM06",)},
    parameters=(
        Parameter(
            "maximumHours",
            "number",
            3000,
            "The most instance hours of a group in a month.",
            minimum=0,
            defaults={"dev": 800},
        ),
        INSTANCE_TYPES,
    ),
)
