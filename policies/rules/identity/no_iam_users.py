"""There are no IAM users, nor the long-lived credentials that come with them."""

from collections.abc import Iterator

from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

SHARED = "aws:iam/policyAttachment:PolicyAttachment"
KINDS = {
    "aws:iam/user:User": "an IAM user is made",
    "aws:iam/accessKey:AccessKey": "an access key that never expires is made",
    "aws:iam/userLoginProfile:UserLoginProfile": "a password for an IAM user is made",
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential": "a long-lived credential for one service is made",
    "aws:iam/userPolicy:UserPolicy": "a policy is given to an IAM user",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "a policy is attached to an IAM user",
}


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Say what kind of user or credential the resource is; an attachment for many may name no users."""
    del settings
    if item.type != SHARED:
        yield Problem("", KINDS[item.type])
    elif item.props.values("users"):
        yield Problem("users", "a policy is attached to IAM users")


RULE = Rule(
    id="no-iam-users",
    area="identity",
    title="No IAM users and no long-lived keys",
    severity=Severity.HIGH,
    levels=ALWAYS,
    floor=True,
    types=(*KINDS, SHARED),
    guards=("users",),
    check=check,
    rationale="Keys that never expire are the ones that leak; roles give credentials that last hours.",
    fix="Use roles: of the function or node for programs, of IAM Identity Center for people, of a web identity for CI.",
    references={
        "checkov": ("CKV_AWS_273",),
        "fsbp": ("IAM.2",),
        "prowler": ("bedrock_api_key_no_long_term_credentials",),
    },
)
