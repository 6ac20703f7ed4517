"""Every exemption says what it lets pass, why, who answers for it, who approved it, and when it ends."""

from collections.abc import Iterator

from policies.rule import ALWAYS, NotApplicable, Outcome, Problem, Rule, Severity
from policies.stack import Settings, Stack


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Tell what is wrong with the files of exemptions; the reader of the files has found it."""
    del stack
    if settings.exemption_problems is None:
        raise NotApplicable("the project has no file of exemptions")
    for place, message in settings.exemption_problems:
        yield Problem(place, message)


RULE = Rule(
    id="exemption-hygiene",
    area="governance",
    title="Exemptions are complete, in force, and end",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(),
    check_stack=check_stack,
    rationale="An exemption without an owner, a reason or an end stays when what it was for is long forgotten.",
    fix=(
        "Give each entry of `exemptions.yaml` a rule, an exact resource or finding, a reason, owner, ticket, approver "
        "and an end within 90 days; exempt from floors in `exemptions-floor.yaml`; take out what has expired."
    ),
)
