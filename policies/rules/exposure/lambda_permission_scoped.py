"""Whoever may invoke a function is named: no permission for anybody, and none for a service on anybody's behalf."""

from collections.abc import Iterator

from policies.iam_documents import Statement, each_statement
from policies.iam_principals import open_to_anyone
from policies.reading import Block
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

PERMISSION = "aws:lambda/permission:Permission"
DOCUMENT = "aws:lambda/resourcePolicy:ResourcePolicy"
SERVICE_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the principal, and at what narrows it."""
    del settings
    if item.type == DOCUMENT:
        yield from each_statement(item.props.get("policy"), _statement)
    else:
        yield from _permission(item.props)


def _statement(statement: Statement) -> Iterator[Outcome]:
    if open_to_anyone(statement):
        yield Problem(statement.at("Principal"), "anybody may invoke the function")


def _permission(permission: Block) -> Iterator[Outcome]:
    principal = permission.text("principal").strip()
    if not principal or "*" in principal:
        if not permission.has("principalOrgId"):
            yield Problem("principal", "anybody may invoke the function: name an account, or an organization as well")
    elif principal.endswith(SERVICE_SUFFIXES) and not _narrowed(permission):
        yield Problem("sourceArn", "the service may invoke the function on behalf of anybody's resources")


def _narrowed(permission: Block) -> bool:
    """Tell whether source ARN, account, organization or token leave only resources of somebody in particular."""
    if any(permission.has(key) for key in ("principalOrgId", "eventSourceToken")):
        return True
    if permission.has("sourceAccount") and "*" not in permission.text("sourceAccount"):
        return True
    return permission.has("sourceArn") and _fixed(permission.text("sourceArn"))


def _fixed(arn: str) -> bool:
    """An ARN is fixed by its account, or by its name where it has none, as that of a bucket."""
    parts = arn.strip().split(":", 5)
    if len(parts) < 6:
        return "*" not in arn
    return not parts[5].startswith("*") if not parts[4] else "*" not in parts[4]


RULE = Rule(
    id="lambda-permission-scoped",
    area="exposure",
    title="Functions name who may invoke them",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(PERMISSION, DOCUMENT),
    guards=("principal", "sourceArn", "sourceAccount", "principalOrgId", "policy"),
    check=check,
    rationale=(
        "A service acts for all of its customers: without the source, a topic or an API of a stranger may invoke the "
        "function as well as yours."
    ),
    fix="Set `principal` to an account, a role or a service, and with a service `sourceArn` or `sourceAccount`.",
    references={
        "checkov": ("CKV_AWS_301", "CKV_AWS_364"),
        "fsbp": ("Lambda.1",),
        "trivy": ("AWS-0067",),
    },
)
