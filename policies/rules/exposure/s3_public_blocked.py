"""No bucket can be made public: all four blocks are on, and neither list nor policy lets anybody in."""

from collections.abc import Iterator

from policies.iam_documents import Statement, any_known, each_statement
from policies.iam_principals import open_to_anyone
from policies.reading import Block, Value
from policies.rule import ALWAYS, NotApplicable, Outcome, Problem, Rule, Severity, each, each_item
from policies.stack import Item, Settings, Stack

BUCKET = "aws:s3/bucket:Bucket"
BLOCK = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ACCOUNT_BLOCK = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ACL = "aws:s3/bucketAcl:BucketAcl"

FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
PUBLIC_ACLS = frozenset({"public-read", "public-read-write", "authenticated-read", "website"})
"""Canned lists that name everybody, or everybody with some AWS account (Amazon S3, access control list overview)."""
PUBLIC_GROUPS = ("/global/allusers", "/global/authenticatedusers")


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at buckets, their blocks, lists and policies, wherever these are written."""
    del settings
    if not stack.of(BUCKET, BLOCK, ACCOUNT_BLOCK, POLICY, ACL):
        raise NotApplicable("the stack has no bucket")
    yield from each_item(stack.of(BLOCK, ACCOUNT_BLOCK), _all_on)
    yield from each_item(stack.of(ACL), lambda acl: _listed(acl.props))
    yield from each_item(stack.of(POLICY), _policy)
    yield from each_item(stack.of(BUCKET), lambda bucket: _bucket(stack, bucket))


def _all_on(block: Item) -> Iterator[Outcome]:
    yield from each(FLAGS, lambda key: _on(block.props, key))


def _on(block: Block, key: str) -> Iterator[Outcome]:
    if not block.flag(key):
        yield Problem(key, "the block is off")


def _bucket(stack: Stack, bucket: Item) -> Iterator[Outcome]:
    yield from each((bucket,), lambda row: _listed(row.props))
    yield from each((bucket,), _policy)
    yield from each((bucket,), lambda row: _blocked(stack, row))


def _blocked(stack: Stack, bucket: Item) -> Iterator[Outcome]:
    if stack.linked(bucket, BLOCK, by="bucket"):
        return
    if not any_known(stack.of(ACCOUNT_BLOCK), lambda row: all(row.props.flag(key) for key in FLAGS)):
        yield Problem("", "nothing blocks public access to the bucket")


def _listed(block: Block) -> Iterator[Outcome]:
    yield from each((block,), _canned)
    yield from each(block.block_values("grants"), _grant)
    yield from each((block,), lambda row: each(row.block("accessControlPolicy").block_values("grants"), _grant))


def _canned(block: Block) -> Iterator[Outcome]:
    if block.text("acl").strip().lower() in PUBLIC_ACLS:
        yield Problem(block.at("acl"), "the list lets anybody in: expected private")


def _grant(value: Value) -> Iterator[Outcome]:
    """A grant names its group itself, in a bucket, or in its grantee, in a list of its own."""
    grant = value.block()
    uris = (grant.text("uri"), grant.block("grantee").text("uri"))
    if any(uri.strip().lower().endswith(PUBLIC_GROUPS) for uri in uris):
        yield Problem(grant.path, "the grant lets anybody in")


def _policy(item: Item) -> Iterator[Outcome]:
    yield from each_statement(item.props.get("policy"), _statement)


def _statement(statement: Statement) -> Iterator[Outcome]:
    if open_to_anyone(statement):
        yield Problem(statement.at("Principal"), "the policy lets anybody in")


RULE = Rule(
    id="s3-public-blocked",
    area="exposure",
    title="Buckets cannot be made public",
    severity=Severity.CRITICAL,
    levels=ALWAYS,
    floor=True,
    types=(BUCKET, BLOCK, ACCOUNT_BLOCK, POLICY, ACL),
    guards=(*FLAGS, "acl", "grants", "accessControlPolicy", "policy"),
    check_stack=check_stack,
    rationale="Models, boot logs and functions' code lie in buckets; one public list or policy is enough to leak them.",
    fix="Add `aws.s3.BucketPublicAccessBlock` with all four flags true, and name principals in policies.",
    references={
        "checkov": ("CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56", "CKV_AWS_70", "CKV2_AWS_6"),
        "fsbp": ("S3.1", "S3.2", "S3.3", "S3.8"),
        "nag": ("S2", "S5"),
        "trivy": ("AWS-0086",),
        "cis": ("3.1.4",),
    },
)
