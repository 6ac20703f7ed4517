"""Every secret of Secrets Manager is encrypted with a key of the account's own, its replicas too."""

from collections.abc import Iterator

from policies.customer_keys import own_key
from policies.rule import PROD, Outcome, Rule, Severity, each
from policies.stack import Item, Settings

SECRET = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at the secret, and at each replica in another region."""
    del settings
    yield from each((item.props,), lambda secret: own_key(secret, "kmsKeyId", "the secret"))
    replicas = item.props.block_values("replicas")
    yield from each(replicas, lambda value: own_key(value.block(), "kmsKeyId", "the replica"))


RULE = Rule(
    id="secret-cmk",
    area="encryption",
    title="Secrets are encrypted with a key of the account's own",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=(SECRET,),
    guards=("kmsKeyId", "replicas"),
    check=check,
    rationale=(
        "The key of a model provider is money. With a KMS key of one's own, reading a secret needs a second permission"
        " that the key's policy gives."
    ),
    fix="Set `kmsKeyId` on the secret, and on each replica a key of its region.",
    references={"checkov": ("CKV_AWS_149",), "trivy": ("AWS-0098",)},
)
