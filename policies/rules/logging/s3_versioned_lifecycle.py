"""Every bucket keeps old versions, and lets go of them after a time."""

from collections.abc import Iterator

from policies.iam_documents import any_known
from policies.reading import Block, Value
from policies.rule import ADVISORY, NotApplicable, Outcome, Problem, Rule, Severity, each, each_item
from policies.stack import Item, Settings, Stack

BUCKET = "aws:s3/bucket:Bucket"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"

ENDING = ("noncurrentVersionExpiration", "noncurrentVersionTransitions", "expiration", "transitions")
"""What a lifecycle rule may do with objects, in a bucket and beside it; also under their singular names."""


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at buckets, with what is written in them and beside them."""
    del settings
    if not stack.of(BUCKET, VERSIONING):
        raise NotApplicable("the stack has no bucket")
    yield from each_item(stack.of(BUCKET), lambda bucket: _bucket(stack, bucket))
    yield from each_item(stack.of(VERSIONING), _versioning)


def _versioning(versioning: Item) -> Iterator[Outcome]:
    if not _enabled(versioning):
        yield Problem("versioningConfiguration.status", "old versions are not kept: expected Enabled")


def _enabled(versioning: Item) -> bool:
    return versioning.props.block("versioningConfiguration").text("status").strip().lower() == "enabled"


def _bucket(stack: Stack, bucket: Item) -> Iterator[Outcome]:
    beside = stack.linked(bucket, VERSIONING, by="bucket")
    inside = bucket.props.block("versioning").flag("enabled")
    if not inside and not beside:
        yield Problem("", "the bucket keeps no old versions: what is overwritten is lost")
    elif inside or any_known(beside, _enabled):
        # Told where versioning was switched on: that is what makes a bucket grow.
        source = beside[0] if beside else bucket
        yield from each((bucket,), lambda row: _kept(stack, row, source), source)


def _kept(stack: Stack, bucket: Item, source: Item) -> Iterator[Outcome]:
    if not _lets_go(stack, bucket):
        yield Problem("", "old versions are kept for ever: no lifecycle rule lets go of them", source)


def _lets_go(stack: Stack, bucket: Item) -> bool:
    """Tell whether a lifecycle rule is on, in the bucket or beside it. Raises Unread when that is not known."""
    if any_known(bucket.props.block_values("lifecycleRules"), _on_inside):
        return True
    return any_known(
        stack.linked(bucket, LIFECYCLE, by="bucket"), lambda row: any_known(row.props.block_values("rules"), _on)
    )


def _on_inside(rule: Value) -> bool:
    return rule.block().flag("enabled") and _ends(rule.block())


def _on(rule: Value) -> bool:
    return rule.block().text("status").strip().lower() == "enabled" and _ends(rule.block())


def _ends(rule: Block) -> bool:
    """Tell whether a rule ends or moves objects, rather than uploads that were broken off."""
    return any(rule.block_values(name) for name in ENDING)


RULE = Rule(
    id="s3-versioned-lifecycle",
    area="logging",
    title="Buckets keep old versions for a time",
    severity=Severity.MEDIUM,
    levels=ADVISORY,
    types=(BUCKET, VERSIONING),
    guards=("versioning", "versioningConfiguration", "lifecycleRules", "rules"),
    check_stack=check_stack,
    rationale="Versions bring back what was overwritten; models are large, so that versions kept for ever cost most.",
    fix="Switch on versioning, and add a lifecycle rule with an expiration of noncurrent versions.",
    references={
        "checkov": ("CKV_AWS_21", "CKV2_AWS_61"),
        "fsbp": ("S3.13", "S3.14", "S3.10"),
    },
)
