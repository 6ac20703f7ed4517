"""Rules of the area logging: what is recorded, for how long, and who is told."""

from policies.rule import Rule
from policies.rules.logging import (
    alarms_actionable,
    api_access_log,
    api_no_data_trace,
    lambda_tracing,
    lb_access_log,
    log_retention_set,
    required_alarms,
    s3_versioned_lifecycle,
    vpc_flow_log,
    waf_logging,
)

RULES: tuple[Rule, ...] = (
    api_no_data_trace.RULE,
    api_access_log.RULE,
    log_retention_set.RULE,
    alarms_actionable.RULE,
    required_alarms.RULE,
    vpc_flow_log.RULE,
    lb_access_log.RULE,
    waf_logging.RULE,
    s3_versioned_lifecycle.RULE,
    lambda_tracing.RULE,
)
