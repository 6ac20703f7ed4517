"""Rules of the area resilience."""

from policies.rule import Rule
from policies.rules.resilience import (
    asg_elb_health,
    deletion_protection,
    lambda_runtime_supported,
    multi_az_prod,
    no_ignore_changes_on_guarded,
    no_shell_resources,
    pitr,
    policy_coverage,
    provider_allowed,
    required_tags,
)

RULES: tuple[Rule, ...] = (
    no_shell_resources.RULE,
    provider_allowed.RULE,
    policy_coverage.RULE,
    no_ignore_changes_on_guarded.RULE,
    required_tags.RULE,
    multi_az_prod.RULE,
    asg_elb_health.RULE,
    deletion_protection.RULE,
    pitr.RULE,
    lambda_runtime_supported.RULE,
)
