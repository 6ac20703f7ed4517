"""What Auto Scaling refuses in a group and moto accepts; pure.

Figures: API reference of Auto Scaling: CreateAutoScalingGroup, EnableMetricsCollection, InstancesDistribution,
LaunchTemplateOverrides.
"""

import re
from collections.abc import Mapping
from typing import Any

from leanto.embedded.plugin.emulated import Problems, at_most_one, one_of
from leanto.embedded.plugin.kept import outside
from leanto.embedded.plugin.resource import Props

METRICS = frozenset(
    {
        "GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances",
        "GroupStandbyInstances", "GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity",
        "GroupPendingCapacity", "GroupStandbyCapacity", "GroupTerminatingCapacity", "GroupTotalCapacity",
        "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity", "WarmPoolDesiredCapacity",
        "WarmPoolMinSize", "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity",
        "WarmPoolWarmedCapacity",
    }
)  # fmt: skip
PROCESSES = frozenset(
    {
        "Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck",
        "InstanceRefresh", "ReplaceUnhealthy", "ScheduledActions",
    }
)  # fmt: skip
SPOT_STRATEGIES = ("capacity-optimized", "capacity-optimized-prioritized", "lowest-price", "price-capacity-optimized")
ON_DEMAND_STRATEGIES = ("lowest-price", "prioritized")
MAXIMUM_OVERRIDES = 40
MINIMUM_LIFETIME_SECONDS = 86400
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNIT_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def duration_seconds(text: str) -> float | None:
    """Return the seconds in a duration such as `10m` or `1h30m` or `0`; None when it is none."""
    if text == "0":
        return 0.0
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)


def group_problems(inputs: Props) -> Problems:
    """Return (property, reason) for everything that Auto Scaling refuses in the known inputs of a group."""
    return [
        *_size_problems(inputs),
        *_choice_problems(inputs),
        *_policy_problems(inputs.get("mixedInstancesPolicy") or {}),
        *_tag_problems(inputs.get("tags") or []),
    ]


def _size_problems(inputs: Props) -> Problems:
    minimum, maximum, desired = (inputs.get(key) for key in ("minSize", "maxSize", "desiredCapacity"))
    problems = [
        (key, f"is {inputs[key]}, it must not be below 0")
        for key in ("minSize", "maxSize", "desiredCapacity")
        if inputs.get(key, 0) < 0
    ]
    if minimum is not None and maximum is not None and minimum > maximum:
        problems.append(("minSize", f"is {minimum}, which is above maxSize {maximum}"))
    if desired is not None and maximum is not None and desired > maximum:
        problems.append(("desiredCapacity", f"is {desired}, which is above maxSize {maximum}"))
    if desired is not None and minimum is not None and desired < minimum:
        problems.append(("desiredCapacity", f"is {desired}, which is below minSize {minimum}"))
    lifetime = inputs.get("maxInstanceLifetime", 0)
    if lifetime and lifetime < MINIMUM_LIFETIME_SECONDS:
        reason = f"is {lifetime} seconds, Auto Scaling takes 0 or at least {MINIMUM_LIFETIME_SECONDS}"
        problems.append(("maxInstanceLifetime", reason))
    return problems


def _choice_problems(inputs: Props) -> Problems:
    problems = at_most_one(inputs, ("launchTemplate", "mixedInstancesPolicy"))
    problems += one_of(inputs, "healthCheckType", ("EC2", "ELB", "EBS", "VPC_LATTICE"))
    problems += one_of(inputs, "metricsGranularity", ("1Minute",))
    for key, known in (("enabledMetrics", METRICS), ("suspendedProcesses", PROCESSES)):
        wrong = sorted(set(inputs.get(key) or ()) - known)
        if wrong:
            problems.append((key, f"holds {', '.join(wrong)}; Auto Scaling knows {', '.join(sorted(known))}"))
    timeout = inputs.get("waitForCapacityTimeout", "0")
    if duration_seconds(str(timeout)) is None:
        problems.append(("waitForCapacityTimeout", f"is {timeout!r}, which is no duration such as 10m, 1h30m or 0"))
    return problems


def _policy_problems(policy: Mapping[str, Any]) -> Problems:
    distribution = policy.get("instancesDistribution") or {}
    found = one_of(distribution, "spotAllocationStrategy", SPOT_STRATEGIES)
    found += one_of(distribution, "onDemandAllocationStrategy", ON_DEMAND_STRATEGIES)
    percentage = distribution.get("onDemandPercentageAboveBaseCapacity")
    if outside(percentage, 0, 100):
        found.append(("onDemandPercentageAboveBaseCapacity", f"is {percentage}, Auto Scaling takes 0 to 100"))
    overrides = (policy.get("launchTemplate") or {}).get("overrides") or []
    if len(overrides) > MAXIMUM_OVERRIDES:
        found.append(("overrides", f"are {len(overrides)}, Auto Scaling takes at most {MAXIMUM_OVERRIDES}"))
    for override in overrides:
        weight = override.get("weightedCapacity")
        if weight is not None and not re.fullmatch(r"[1-9]\d{0,2}", str(weight)):
            found.append(("weightedCapacity", f"is {weight!r}, Auto Scaling takes 1 to 999"))
        if "instanceRequirements" in override:
            found.append(("instanceRequirements", "are given; AWS in a box launches by instanceType only"))
    weighted = [override for override in overrides if override.get("weightedCapacity") is not None]
    if weighted and len(weighted) != len(overrides):
        found.append(("weightedCapacity", "is given for some instance types only; give it for all or for none"))
    return [("mixedInstancesPolicy", f"has {key} that {reason}") for key, reason in found]


def _tag_problems(tags: list[Props]) -> Problems:
    keys = [str(tag.get("key")) for tag in tags]
    problems = [("tags", f"give the key {key!r} more than once") for key in sorted(set(keys)) if keys.count(key) > 1]
    return problems + [
        ("tags", f"have the key {tag.get('key')!r} without {field}; each tag needs it")
        for tag in tags
        for field in ("key", "value", "propagateAtLaunch")
        if field not in tag
    ]
