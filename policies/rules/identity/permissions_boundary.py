"""Every role has the permissions boundary that the organisation sets, where it sets one."""

from collections.abc import Iterator

from policies.iam_documents import matches
from policies.rule import ADVISORY, NotApplicable, Outcome, Parameter, Problem, Rule, Severity
from policies.stack import Item, Settings


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Compare the boundary of the role or user with the organisation's."""
    wanted = str(settings["boundary"])
    if not wanted:
        raise NotApplicable("no permissions boundary is set for the organisation")
    given = item.props.text("permissionsBoundary")
    if not given:
        yield Problem("permissionsBoundary", f"there is no permissions boundary; wanted is {wanted}")
    elif not matches(wanted, given):
        yield Problem("permissionsBoundary", f"the permissions boundary is another one; wanted is {wanted}")


RULE = Rule(
    id="permissions-boundary",
    area="identity",
    title="Roles have the organisation's permissions boundary",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=("aws:iam/role:Role", "aws:iam/user:User"),
    guards=("permissionsBoundary",),
    check=check,
    rationale="A boundary bounds what a role can do whatever policies it gets, so that others may make roles.",
    fix="Set permissionsBoundary to the ARN that the parameter names.",
    parameters=(
        Parameter(
            "boundary",
            "text",
            "",
            "ARN of the policy that bounds every role, with * and ? as wildcards; empty for none.",
        ),
    ),
)
