"""A role is taken on by named identities only: not by anybody, a whole account, or all users of a web identity."""

import re
from collections.abc import Iterator

from policies.iam_conditions import CALLER_KEYS, Test, restricts_callers, tests
from policies.iam_documents import Statement, any_known, each_statement, stars
from policies.iam_principals import names_account, names_anyone, principals
from policies.reading import Unread
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity, each
from policies.stack import Item, Settings

WITHIN_ACCOUNT = CALLER_KEYS | {"sts:externalid", "aws:username", "sts:rolesessionname", "sts:sourceidentity"}
"""Condition keys that leave fewer callers than a whole account."""

PROVIDER = re.compile(r"arn:[^:]*:iam::[^:]*:oidc-provider/.+", re.IGNORECASE)
CONSUMER_PROVIDERS = frozenset({"accounts.google.com", "www.amazon.com", "graph.facebook.com"})
POOLS = "cognito-identity.amazonaws.com"
USERS = (":sub", ":oaud", ":app_id", ":user_id", ":job_workflow_ref", ":repository_id", ":repository_owner_id")
"""What a web identity's key ends in where it says which user, application, repository or service account it is."""

LABELS = ("repo:", "repository:", "organization:", "project_path:", "org/", "system:serviceaccount:")
ANYBODYS = ("workflow:", "environment:", "ref:", "context:", "head_ref:", "base_ref:")
"""How subjects of GitHub, GitLab, Terraform, CircleCI and Kubernetes begin, and claims that anybody's repository can
make come first."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at each statement of the role's trust policy."""
    del settings
    policy = item.props.get("assumeRolePolicy")
    if policy is None:
        raise Unread("assumeRolePolicy", "the role has no trust policy")
    yield from each_statement(policy, _statement)


def _statement(statement: Statement) -> Iterator[Outcome]:
    if statement.allows:
        yield from each((_anyone, _account, _web_identity), lambda look: look(statement))


def _anyone(statement: Statement) -> Iterator[Outcome]:
    if names_anyone(statement) and not restricts_callers(statement):
        at = statement.at("NotPrincipal" if statement.has("NotPrincipal") else "Principal")
        yield Problem(at, "anybody in any account can take on the role")


def _account(statement: Statement) -> Iterator[Outcome]:
    if not names_account(statement) or restricts_callers(statement, frozenset(WITHIN_ACCOUNT)):
        return
    if not any_known(tests(statement), _asks_for_device):
        yield Problem(statement.at("Principal"), "every identity of an account can take on the role")


def _asks_for_device(test: Test) -> bool:
    """People who take on a role with a second factor are a known way to work."""
    return test.key == "aws:multifactorauthpresent" and test.fixes(lambda text: text.strip().lower() == "true")


def _web_identity(statement: Statement) -> Iterator[Outcome]:
    federated = [row.value for row in principals(statement) if row.kind == "federated"]
    if not any_known(federated, lambda value: _is_provider(value.text().strip().lower())):
        return
    pool = any_known(federated, lambda value: value.text().strip().lower() == POOLS)
    ends = (*USERS, ":aud") if pool else USERS
    if not any_known(tests(statement), lambda test: test.key.endswith(ends) and test.fixes(_fixed)):
        yield Problem(statement.at("Condition"), "every user of the web identity provider can take on the role")


def _is_provider(text: str) -> bool:
    return text == POOLS or text in CONSUMER_PROVIDERS or PROVIDER.fullmatch(text) is not None


def _fixed(text: str) -> bool:
    """Tell whether a subject names at least an organisation, namespace or project, without a wildcard in it."""
    subject = text.strip()
    if not subject or subject.lower().startswith(ANYBODYS):
        return False
    rest = next((subject[len(label) :] for label in LABELS if subject.startswith(label)), subject)
    owner = re.split(r"[/:]", rest, maxsplit=1)[0]
    return bool(owner) and not stars(rest) and "*" not in owner and "?" not in owner


RULE = Rule(
    id="iam-trust-scoped",
    area="identity",
    title="Roles are taken on by named identities only",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=("aws:iam/role:Role",),
    guards=("assumeRolePolicy",),
    check=check,
    rationale="Who may take on a role has its rights: an open trust policy gives them to strangers, or to a service"
    " that strangers can make act in their name.",
    fix="Name the roles or services that take it on; for another account add a condition on sts:ExternalId or"
    " aws:PrincipalArn, for a web identity one on its sub that names the repository or service account.",
    references={
        "checkov": ("CKV_AWS_60", "CKV_AWS_61", "CKV_AWS_393"),
        "prowler": ("iam_role_cross_service_confused_deputy_prevention",),
    },
)
