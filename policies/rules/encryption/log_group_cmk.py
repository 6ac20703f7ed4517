"""Every log group is encrypted with a key of the account's own."""

from collections.abc import Iterator

from policies.customer_keys import own_key
from policies.rule import PROD, Outcome, Rule, Severity
from policies.stack import Item, Settings

LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the log group. That the key's policy lets CloudWatch Logs use it, AWS checks when it makes the group."""
    del settings
    yield from own_key(item.props, "kmsKeyId", "the log group")


RULE = Rule(
    id="log-group-cmk",
    area="encryption",
    title="Log groups are encrypted with a key of the account's own",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=(LOG_GROUP,),
    guards=("kmsKeyId",),
    check=check,
    rationale="Logs tell who asked what and when. With a key of one's own, reading them needs a second permission.",
    fix="Set `kmsKeyId`, and let the service `logs.<region>.amazonaws.com` use the key in the key's policy.",
    references={"checkov": ("CKV_AWS_158",), "trivy": ("AWS-0017",)},
)
