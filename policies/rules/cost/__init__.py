"""Rules of the area cost."""

from policies.rule import Rule
from policies.rules.cost import (
    asg_max_size,
    budget_present,
    budget_stops_spend,
    dynamodb_capacity_cap,
    ebs_sane,
    gpu_hours_cap,
    idle_cost,
    instance_type_allowed,
    lambda_concurrency_cap,
    log_volume_bounded,
    monthly_expected,
    monthly_worst_case,
    nat_gateway_limit,
    no_committed_spend,
    no_unpriced_resource,
    scale_to_zero_dev,
    spot_ratio,
    token_quota_set,
)

RULES: tuple[Rule, ...] = (
    monthly_worst_case.RULE,
    no_unpriced_resource.RULE,
    no_committed_spend.RULE,
    instance_type_allowed.RULE,
    asg_max_size.RULE,
    budget_present.RULE,
    token_quota_set.RULE,
    monthly_expected.RULE,
    idle_cost.RULE,
    gpu_hours_cap.RULE,
    budget_stops_spend.RULE,
    scale_to_zero_dev.RULE,
    spot_ratio.RULE,
    lambda_concurrency_cap.RULE,
    dynamodb_capacity_cap.RULE,
    nat_gateway_limit.RULE,
    ebs_sane.RULE,
    log_volume_bounded.RULE,
)
