"""Metrics in Lambda: CloudWatch reads them out of log lines (embedded metric format), so they cost no call; pure.

The form is described at
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html.
Each metric is paid for once for each set of values of its dimensions. These are the stack, and for breakers the
upstream, which the deployment document names: nothing that a request says is among them. What a model, a key or a team
used is asked of the lines themselves.
"""

import time
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

NAMESPACE = "leanto"
STACK, UPSTREAM = "stack", "upstream"
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
"""Member of the audit line -> its unit. The number of requests is the number of samples of `total_ms`."""

BREAKER_UNITS: Mapping[str, str] = MappingProxyType({"breaker_state": "None"})
"""Member of the line of a breaker that changed -> its unit."""


def paid_stack(variables: Mapping[str, str]) -> str:
    """Return the name of the stack where LEANTO_METRICS says how many metrics were counted in its price, else ""."""
    return variables.get("LEANTO_STACK", "") if variables.get("LEANTO_METRICS") else ""


def embedded_metrics(line: Mapping[str, Any], stack: str) -> dict[str, Any]:
    """Return what makes an audit line one of metrics too; nothing without a stack's name.

    `failed` is 1 for an answer of 500 and above, else 0, so that its mean is the rate. A member that the line lacks is
    no sample: unknown is not zero.
    """
    if not stack:
        return {}
    more: dict[str, Any] = {STACK: stack, FAILED: int(line.get("status", 0) >= 500)}
    known = {name: unit for name, unit in UNITS.items() if name in line or name in more}
    return more | _directive((STACK,), known)


def metrics_of_breaker(line: Mapping[str, Any], stack: str) -> dict[str, Any]:
    """Return what makes the line of a breaker one of metrics too, by its upstream; nothing without a stack's name."""
    return {STACK: stack} | _directive((STACK, UPSTREAM), BREAKER_UNITS) if stack and line[UPSTREAM] else {}


def _directive(dimensions: Iterable[str], units: Mapping[str, str]) -> dict[str, Any]:
    metrics = [{"Name": name, "Unit": unit} for name, unit in units.items()]
    directive = {"Namespace": NAMESPACE, "Dimensions": [list(dimensions)], "Metrics": metrics}
    return {"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}}
