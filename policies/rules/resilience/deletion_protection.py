"""What cannot be made again is protected from deletion."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from policies.rule import PROD, NotApplicable, Outcome, Parameter, Problem, Rule, Severity
from policies.stack import Item, Settings

PROPERTIES: Mapping[str, str] = MappingProxyType(
    {
        "aws:lb/loadBalancer:LoadBalancer": "enableDeletionProtection",
        "aws:dynamodb/table:Table": "deletionProtectionEnabled",
        "aws:dynamodb/tableReplica:TableReplica": "deletionProtectionEnabled",
        "aws:rds/cluster:Cluster": "deletionProtection",
        "aws:rds/globalCluster:GlobalCluster": "deletionProtection",
        "aws:rds/instance:Instance": "deletionProtection",
        "aws:docdb/cluster:Cluster": "deletionProtection",
        "aws:neptune/cluster:Cluster": "deletionProtection",
        "aws:neptunegraph/graph:Graph": "deletionProtection",
        "aws:dsql/cluster:Cluster": "deletionProtectionEnabled",
        "aws:cognito/userPool:UserPool": "deletionProtection",
    }
)
"""What AWS itself can protect, and how."""

BY_PULUMI = ("aws:kms/key:Key", "aws:s3/bucket:Bucket", "aws:secretsmanager/secret:Secret")
"""What AWS has no such switch for, and which holds what is lost with it."""


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at AWS's protection where there is one, and at Pulumi's for the types that the settings name."""
    name = PROPERTIES.get(item.type)
    by_pulumi = item.type in settings["protectTypes"]
    if name is None and not by_pulumi:
        raise NotApplicable("its type is not among those that must be protected")
    if name is not None and not _is_on(item, name):
        yield Problem(name, "it may be deleted at any time")
    # An option of the resource itself: what a component says is already in what the engine tells of each child.
    if by_pulumi and not item.options.protect:
        yield Problem("protect", "the resource option protect is off, so that a deployment may delete it")


def _is_on(item: Item, name: str) -> bool:
    """Tell whether the switch is on; a user pool calls it ACTIVE."""
    return item.props.text(name).strip().lower() in ("true", "active") if _is_word(item) else item.props.flag(name)


def _is_word(item: Item) -> bool:
    return item.type == "aws:cognito/userPool:UserPool"


RULE = Rule(
    id="deletion-protection",
    area="resilience",
    title="What cannot be made again is protected from deletion",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=("*",),
    guards=("enableDeletionProtection", "deletionProtectionEnabled", "deletionProtection"),
    check=check,
    rationale="A table of keys and budgets, or a key that encrypts them, is gone in a second, and a new deployment"
    " does not bring it back.",
    fix="Switch the deletion protection of the resource on; for types without one set the resource option `protect`.",
    references={"checkov": ("CKV_AWS_150",), "fsbp": ("ELB.6", "DynamoDB.6")},
    parameters=(
        Parameter("protectTypes", "texts", BY_PULUMI, "Types that must have Pulumi's resource option `protect`."),
    ),
)
