"""Every bucket refuses requests without TLS."""

from collections.abc import Iterator

from policies.iam_documents import any_known
from policies.reading import Value
from policies.rule import ALWAYS, Outcome, Problem, Rule, Severity, each_item
from policies.stack import Item, Settings, Stack
from policies.tls_statements import bucket_and_objects, refuses_plain

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ACTIONS = ("s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket")
"""What a denial must take in at least; one of s3:* does."""


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at each bucket with its policy, written on it or beside it, and at policies of buckets made elsewhere."""
    del settings
    yield from each_item(stack.of(BUCKET), lambda bucket: _bucket(stack, bucket))
    yield from each_item(stack.of(POLICY), _policy)


def _bucket(stack: Stack, bucket: Item) -> Iterator[Outcome]:
    if bucket.props.has("policy") and _refuses(bucket.props.get("policy")):
        return
    policies = stack.linked(bucket, POLICY, by="bucket")
    if not any_known(policies, lambda row: _refuses(row.props.get("policy"))):
        yield Problem("policy", "no policy of the bucket denies all requests without TLS")


def _policy(policy: Item) -> Iterator[Outcome]:
    if not _refuses(policy.props.get("policy")):
        yield Problem("policy", "the policy does not deny all requests without TLS, to the bucket and to its objects")


def _refuses(policy: Value | None) -> bool:
    return refuses_plain(policy, ACTIONS, bucket_and_objects)


RULE = Rule(
    id="s3-deny-insecure-transport",
    area="encryption",
    title="Buckets refuse requests without TLS",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=(BUCKET, POLICY),
    guards=("policy", "bucket"),
    check_stack=check_stack,
    rationale="S3 answers plain HTTP as well: signed links and model files would cross the network readable.",
    fix=(
        "Add a statement to the bucket's policy: Deny, Principal `*`, Action `s3:*`, the bucket's ARN and the same"
        " with `/*` as resources, and the one condition Bool aws:SecureTransport false."
    ),
    references={"fsbp": ("S3.5",), "cis": ("3.1.1",), "nag": ("S10",)},
)
