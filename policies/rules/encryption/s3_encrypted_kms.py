"""Every bucket encrypts new objects with KMS, except where AWS writes logs that it cannot encrypt so."""

from collections.abc import Iterator

from policies.iam_documents import any_known
from policies.reading import Block, Unread, Value
from policies.rule import PROD, Outcome, Problem, Rule, Severity, each_item
from policies.stack import Item, Settings, Stack

BUCKET = "aws:s3/bucket:Bucket"
CONFIGURATION = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
KMS = ("aws:kms", "aws:kms:dsse")
S3_KEYS = "AES256"


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at each bucket with its encryption, written on it or beside it, and at that of buckets made elsewhere."""
    del settings
    yield from each_item(stack.of(BUCKET), lambda bucket: _bucket(stack, bucket))
    yield from each_item(stack.of(CONFIGURATION), lambda row: _configuration(stack, row))


def _bucket(stack: Stack, bucket: Item) -> Iterator[Outcome]:
    beside = stack.linked(bucket, CONFIGURATION, by="bucket")
    # Where both are given, the one beside is put on the bucket last.
    found = [row.props for row in beside] or [bucket.props.block("serverSideEncryptionConfiguration")]
    if not any_known(found, lambda row: _asks_for(row, KMS)) and not _takes_logs(stack, bucket, found):
        yield Problem("serverSideEncryptionConfiguration", "new objects of the bucket are not encrypted with KMS")


def _configuration(stack: Stack, configuration: Item) -> Iterator[Outcome]:
    if _asks_for(configuration.props, KMS):
        return
    bucket = stack.target(configuration, "bucket", BUCKET)
    if bucket is None or not _takes_logs(stack, bucket, [configuration.props]):
        yield Problem("rules", f"the algorithm is not one of {', '.join(KMS)}")


def _asks_for(configuration: Block, algorithms: tuple[str, ...]) -> bool:
    """Tell whether every rule asks for one of some algorithms; S3 uses AES256 where one does not say."""
    rules = configuration.block_values("rules")
    return bool(rules) and not any_known(rules, lambda row: _algorithm(row) not in algorithms)


def _algorithm(rule: Value) -> str:
    return rule.block().block("applyServerSideEncryptionByDefault").text("sseAlgorithm", S3_KEYS)


def _takes_logs(stack: Stack, bucket: Item, found: list[Block]) -> bool:
    """Tell whether the bucket asks for S3's own keys and takes access logs of an application load balancer.

    Such a balancer writes to buckets with no other encryption (its guide, enable access logs).
    """
    if not any_known(found, lambda row: _asks_for(row, (S3_KEYS,))):
        return False
    return any_known(stack.of(BALANCER), lambda row: _logs_to(stack, row, bucket))


def _logs_to(stack: Stack, balancer: Item, bucket: Item) -> bool:
    if balancer.props.text("loadBalancerType", "application").lower() != "application":
        return False
    logs = balancer.props.block("accessLogs")
    try:
        return bucket in stack.targets(balancer, "accessLogs.bucket", BUCKET)
    except Unread as error:
        raise Unread(logs.at("bucket"), f"it is not known whether {balancer.name} writes its logs here") from error


RULE = Rule(
    id="s3-encrypted-kms",
    area="encryption",
    title="Buckets encrypt with KMS",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=(BUCKET, CONFIGURATION),
    guards=("serverSideEncryptionConfiguration", "rules", "bucket"),
    check_stack=check_stack,
    rationale=(
        "S3 encrypts everything with keys of its own, which protect from nobody who may read the bucket. With KMS,"
        " reading needs the key as well."
    ),
    fix="Give the bucket a BucketServerSideEncryptionConfiguration with `sseAlgorithm: aws:kms` and your key.",
    references={"checkov": ("CKV_AWS_145", "CKV_AWS_19"), "fsbp": ("S3.17",)},
)
