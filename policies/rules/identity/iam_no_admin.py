"""No identity may do everything: not by its policies, nor by AWS's policies for administrators."""

from collections.abc import Iterator

from policies.iam_documents import Statement, every_service, whole_service
from policies.identity_policies import ALL_INPUTS, ALL_TYPES, each_grant, each_managed
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

ADMINISTRATORS = frozenset({"administratoraccess", "iamfullaccess", "poweruseraccess"})
"""AWS managed policies that allow everything, or everything in IAM, or everything but IAM. Lower case."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each policy that the resource holds, and each one of AWS's that it attaches."""
    del settings
    yield from each_grant(item, _statement)
    yield from each_managed(item, _managed)


def _managed(name: str, path: str) -> Iterator[Outcome]:
    if name.lower() in ADMINISTRATORS:
        yield Problem(path, f"AWS's policy {name} makes the identity an administrator")


def _statement(statement: Statement) -> Iterator[Outcome]:
    if not statement.allows:
        return
    if statement.has("NotAction"):
        if statement.on_everything():
            yield Problem(statement.at("NotAction"), "the statement allows every action but some on every resource")
    elif statement.any_of("Action", every_service):
        if statement.on_everything():
            yield Problem(statement.at("Action"), "the statement allows every action on every resource")
    elif statement.any_of("Action", lambda pattern: whole_service(pattern, "iam")) and statement.on_everything():
        yield Problem(statement.at("Action"), "the statement allows every action of IAM on every resource")


RULE = Rule(
    id="iam-no-admin",
    area="identity",
    title="No identity is an administrator",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=ALL_TYPES,
    guards=ALL_INPUTS,
    check=check,
    rationale="Whoever gets hold of a function or node with such rights owns the account, and every bill it can make.",
    fix="Name the actions that are needed and the resources they are needed on, in a policy of your own.",
    references={
        "checkov": ("CKV_AWS_62", "CKV_AWS_274", "CKV_AWS_275", "CKV2_AWS_40", "CKV2_AWS_56"),
        "fsbp": ("IAM.1",),
        "nag": ("IAM4",),
        "cis": ("2.14",),
    },
)
