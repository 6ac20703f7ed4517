"""Metrics in Lambda: CloudWatch reads them out of the audit line (embedded metric format), so they cost no call; pure.

The form is described at
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html.
The stack is the only dimension: each further one would make each metric a paid one for each of its values. What a
model or a team used is asked of the lines themselves.
"""

import time
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

NAMESPACE = "leanto"
DIMENSION = "stack"
FAILED = "failed"

UNITS: Mapping[str, str] = MappingProxyType(
    {
        FAILED: "Count",
        "total_ms": "Milliseconds",
        "first_byte_ms": "Milliseconds",
        "prompt_tokens": "Count",
        "output_tokens": "Count",
        "cost_micro_usd": "None",
    }
)
"""Member of the line -> its unit. The number of requests is the number of samples of `total_ms`."""


def embedded_metrics(line: Mapping[str, Any], stack: str) -> dict[str, Any]:
    """Return what makes an audit line one of metrics too; nothing without a stack's name.

    `failed` is 1 for an answer of 500 and above, else 0, so that its mean is the rate. A member that the line lacks is
    no sample: unknown is not zero.
    """
    if not stack:
        return {}
    more: dict[str, Any] = {DIMENSION: stack, FAILED: int(line.get("status", 0) >= 500)}
    known = [{"Name": name, "Unit": unit} for name, unit in UNITS.items() if name in line or name in more]
    directive = {"Namespace": NAMESPACE, "Dimensions": [[DIMENSION]], "Metrics": known}
    return more | {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}}
