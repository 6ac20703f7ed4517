"""No policy allows all of a service, nor an action on every resource that could be given for named ones."""

from collections.abc import Iterator

from policies.iam_conditions import narrows_resources
from policies.iam_documents import Statement, any_resource, every_service, whole_service
from policies.identity_policies import ALL_INPUTS, ALL_TYPES, each_grant, each_managed
from policies.reading import Value
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity, Unevaluated, each
from policies.service_authorization import restrictable
from policies.stack import Item, Settings

ALL_OF_S3 = frozenset({"", ":", "*", "/", "*/*"})


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each policy that the resource holds, and each one of AWS's that it attaches."""
    del settings
    yield from each_grant(item, _statement)
    yield from each_managed(item, _managed)


def _managed(name: str, path: str) -> Iterator[Outcome]:
    if name.lower().endswith("fullaccess"):
        yield Problem(path, f"AWS's policy {name} allows a whole service on every resource")


def _statement(statement: Statement) -> Iterator[Outcome]:
    if not statement.allows:
        return
    if statement.has("NotAction"):
        if statement.on_everything() and not narrows_resources(statement):
            yield Problem(statement.at("NotAction"), "the statement allows every action but some on every resource")
        return
    yield from each(statement.values("Action"), _whole)
    # One question for all actions: an unknown resource leaves all of them open.
    if _on_everything(statement) and not narrows_resources(statement):
        yield from each(statement.values("Action"), _named)


def _whole(action: Value) -> Iterator[Outcome]:
    pattern = action.text().strip()
    if every_service(pattern):
        yield Problem(action.path, f'the action "{pattern}" stands for every action of every service')
    elif whole_service(pattern, pattern.partition(":")[0]):
        yield Problem(action.path, f'the action "{pattern}" stands for a whole service')


def _named(action: Value) -> Iterator[Outcome]:
    pattern = action.text().strip()
    if every_service(pattern) or whole_service(pattern, pattern.partition(":")[0]):
        return
    known = restrictable(pattern)
    if known is None:
        yield Unevaluated(action.path, "it is not known whether the action takes named resources")
    elif known:
        yield Problem(action.path, f'"{pattern}" is allowed on every resource, but takes named ones')


def _on_everything(statement: Statement) -> bool:
    return statement.has("NotResource") or statement.any_of("Resource", _everything)


def _everything(resource: str) -> bool:
    """S3 names neither account nor region, so that one ARN of a star stands for every bucket."""
    parts = resource.strip().split(":", 5)
    buckets = len(parts) == 6 and parts[2].lower() == "s3" and parts[5] in ALL_OF_S3
    return buckets or any_resource(resource)


RULE = Rule(
    id="iam-no-service-wildcard",
    area="identity",
    title="Policies name actions, and resources where AWS takes them",
    severity=Severity.HIGH,
    levels=ALWAYS,
    types=ALL_TYPES,
    guards=ALL_INPUTS,
    check=check,
    rationale="A wildcard grows with every action that AWS adds and every resource that others make in the account.",
    fix='List the actions that are needed, and the ARNs they are needed on; keep "*" for actions that accept nothing'
    " else, such as ecr:GetAuthorizationToken, in a statement of their own.",
    references={
        "checkov": ("CKV_AWS_63", "CKV_AWS_288", "CKV_AWS_289", "CKV_AWS_290", "CKV_AWS_355"),
        "fsbp": ("IAM.21",),
        "nag": ("IAM5",),
        "trivy": ("AWS-0057",),
    },
)
