"""Every symmetric KMS key is rotated by AWS."""

from collections.abc import Iterator

from policies.rule import ALWAYS, NotApplicable, Outcome, Problem, Rule, Severity
from policies.stack import Item, Settings

KEY = "aws:kms/key:Key"


def check(item: Item, settings: Settings) -> Iterator[Outcome]:
    """Look at keys that KMS can rotate: symmetric ones with material that KMS made and keeps itself."""
    del settings
    key = item.props
    spec, usage = key.text("customerMasterKeySpec").upper(), key.text("keyUsage").upper()
    if spec != "SYMMETRIC_DEFAULT" or usage != "ENCRYPT_DECRYPT":
        raise NotApplicable("KMS rotates symmetric encryption keys only")
    if key.has("customKeyStoreId") or key.has("xksKeyId"):
        raise NotApplicable("KMS does not rotate keys of custom key stores")
    if not key.flag("enableKeyRotation"):
        yield Problem("enableKeyRotation", "the key's material is never rotated")


RULE = Rule(
    id="kms-rotation",
    area="encryption",
    title="KMS keys are rotated",
    severity=Severity.MEDIUM,
    levels=ALWAYS,
    types=(KEY,),
    guards=("enableKeyRotation",),
    check=check,
    rationale="Rotation bounds how much one generation of key material has encrypted; it costs nothing to callers.",
    fix="Set `enableKeyRotation` to true.",
    references={
        "checkov": ("CKV_AWS_7",),
        "fsbp": ("KMS.4",),
        "cis": ("4.6",),
        "nag": ("KMS5",),
        "trivy": ("AWS-0065",),
    },
)
