"""Rules of the area identity."""

from policies.rule import Rule
from policies.rules.identity import (
    iam_bedrock_scoped,
    iam_kms_decrypt_scoped,
    iam_no_admin,
    iam_no_privesc,
    iam_no_service_wildcard,
    iam_trust_scoped,
    imdsv2_required,
    launch_template_not_config,
    no_iam_users,
    permissions_boundary,
)

RULES: tuple[Rule, ...] = (
    iam_no_admin.RULE,
    iam_no_privesc.RULE,
    iam_trust_scoped.RULE,
    imdsv2_required.RULE,
    no_iam_users.RULE,
    iam_no_service_wildcard.RULE,
    iam_kms_decrypt_scoped.RULE,
    iam_bedrock_scoped.RULE,
    launch_template_not_config.RULE,
    permissions_boundary.RULE,
)
