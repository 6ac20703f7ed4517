"""No resource runs code at deployment, or makes others that no rule sees."""

from collections.abc import Iterator

from policies.rule import ALWAYS, Outcome, Parameter, Problem, Rule, Severity
from policies.stack import Item, Settings

PACKAGES = (
    "command",
    "pulumi-python",
    "pulumi-nodejs",
    "docker",
    "docker-build",
    "null",
    "external",
    "local",
    "terraform",
)
"""Packages whose resources run commands or code of the program itself."""
TYPES = (
    "aws:cloudformation/stack:Stack",
    "aws:cloudformation/stackInstances:StackInstances",
    "aws:cloudformation/stackSet:StackSet",
    "aws:cloudcontrol/resource:Resource",
    "aws:serverlessrepository/cloudFormationStack:CloudFormationStack",
    "aws:ssm/association:Association",
)
"""Types of AWS that make or change what then stands in no program."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the type, as it is written."""
    kind = item.given_type
    package, _, rest = kind.partition(":")
    named = rest.rpartition(":")[2] if package == "pulumi" and rest.startswith("providers:") else package
    if kind in settings["allowed"] or named in settings["allowed"]:
        return
    if named in PACKAGES:
        yield Problem("type", f"{kind} runs commands or code at deployment")
    elif item.type in TYPES:
        yield Problem("type", f"{kind} makes resources that no rule sees")


RULE = Rule(
    id="no-shell-resources",
    area="resilience",
    title="No resource runs code at deployment or hides others",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=("*",),
    check=check,
    rationale="What a command or a nested template changes is seen by none of the other rules: it is the way around all"
    " of them.",
    fix="Declare what it makes as resources; if there is no type for it, list this type or its package in `allowed`.",
    parameters=(Parameter("allowed", "texts", (), "Types or packages that may be used nevertheless."),),
)
