"""How the caps on what our own stacks cost are spoilt: by rule, what is done and how."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.policies.spoiling import GONE, Change, after, become, edit, extra, put, without
from tests.policies.spoilt_encryption import FUNCTION, VARIABLES
from tests.policies.spoilt_governance import in_limits

GROUP = "autoscaling/group"
TEMPLATE = "ec2/launchTemplate"
TABLE = "dynamodb/table"
BUDGET = "budgets/budget"
ALARM = "cloudwatch/metricAlarm"
LIMITS = "apigateway/methodSettings"
TYPES = "mixedInstancesPolicy.launchTemplate.overrides.*.instanceType"
BOUGHT = "mixedInstancesPolicy.instancesDistribution"
VOLUME = "blockDeviceMappings.*.ebs"
THROUGHPUT = "onDemandThroughput"
UNITS = ("maxReadRequestUnits", "maxWriteRequestUnits")
CONCURRENCY = "reservedConcurrentExecutions"
HOURS = "-gpu-hours"


def _of_actual_costs(notifications: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the notifications of a budget without each that tells of actual costs, and with each that tells late."""
    for place, one in enumerate(notifications):
        if one["notificationType"] == "ACTUAL":
            before, later = notifications[:place], notifications[place + 1 :]
            yield [*before, *later]
            yield [*before, {**one, "notificationType": "FORECASTED"}, *later]
            yield [*before, {**one, "threshold": 200}, *later]
            yield [*before, {**one, "thresholdType": "ABSOLUTE_VALUE", "threshold": 10**6}, *later]
            yield [*before, {key: row for key, row in one.items() if key != "subscriberSnsTopicArns"}, *later]


def _without_a_stop(notifications: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Yield the notifications with nobody, or only people, told when the budget is used up."""
    told = next(one["subscriberSnsTopicArns"] for one in notifications if one["threshold"] != 100)
    full = [one for one in notifications if one["notificationType"] == "ACTUAL" and one["threshold"] == 100]
    for one in full:
        others = [row for row in notifications if row is not one]
        yield others
        yield [*others, {**one, "subscriberSnsTopicArns": told}]
        yield [*others, {**one, "notificationType": "FORECASTED"}]
        yield [*others, {**one, "threshold": 200}]


COST: Mapping[str, Mapping[str, Change]] = {
    "monthly-worst-case": {
        "a function without a cap": put(FUNCTION, CONCURRENCY, GONE, -1),
        **{f"a table without a cap: {key}": put(TABLE, f"{THROUGHPUT}.{key}", GONE, -1) for key in UNITS},
        "a table without caps": put(TABLE, THROUGHPUT, GONE, {}),
        "no limit of money": in_limits({"monthly_spend_micro_usd": GONE}),
        "a limit of no use": in_limits({"monthly_spend_micro_usd": 10**13}),
        "more nodes": put(GROUP, "maxSize", 1000),
        "a NAT gateway": extra("ec2/natGateway", {"subnetId": "subnet-1"}),
        "an API without a cap": put(LIMITS, "settings.throttlingRateLimit", GONE),
        "a dear volume": put(TEMPLATE, f"{VOLUME}.volumeSize", 64_000),
    },
    "no-unpriced-resource": {"an unknown type": extra("quantum/entangler", {})},
    "no-committed-spend": {
        "a plan": extra("savingsplans/savingsPlan", {"commitment": "1.0"}),
        "hardware of its own": put("ec2/vpc", "instanceTenancy", "dedicated"),
        "hardware of its own, by template": put(TEMPLATE, "placement", {"tenancy": "dedicated"}),
    },
    "instance-type-allowed": {
        "another type": put(GROUP, TYPES, "p5.48xlarge"),
        "any type": put(
            GROUP, TYPES.removesuffix(".instanceType"), {"instanceRequirements": {"vcpuCount": {"min": 1}}}
        ),
        "another type, by template": put(TEMPLATE, "instanceType", "p5.48xlarge"),
    },
    "asg-max-size": {
        "more nodes": put(GROUP, "maxSize", 1000),
        "more nodes at once": put(GROUP, "desiredCapacity", 1000),
        "more nodes always": put(GROUP, "minSize", 1000),
        "a warm pool": put(GROUP, "warmPool", {"minSize": 1000}),
    },
    "budget-present": {
        "none": without(BUDGET),
        "of usage": put(BUDGET, "budgetType", "USAGE"),
        "of a year": put(BUDGET, "timeUnit", "ANNUALLY"),
        "without a limit": put(BUDGET, "limitAmount", GONE, "0"),
        "of no use": put(BUDGET, "limitAmount", "1000000"),
        "of all costs": put(BUDGET, "costFilters", GONE, []),
        "of all costs, by another filter": put(BUDGET, "costFilters.*.name", "Service"),
        "of no tag": put(BUDGET, "costFilters.*.values", [], GONE),
        "nobody told": put(BUDGET, "notifications", GONE, []),
        "people told late or not at all": edit(BUDGET, "notifications", _of_actual_costs),
    },
    "token-quota-set": {
        "no limit of money": in_limits({"monthly_spend_micro_usd": GONE}, {"monthly_spend_micro_usd": 0}),
        "a limit of no use": in_limits({"monthly_spend_micro_usd": 10**13}),
    },
    "gpu-hours-cap": {
        "no alarm": without(ALARM, HOURS),
        "an alarm that is off": put(ALARM, "actionsEnabled", False, name_end=HOURS),
        "an alarm that does nothing": put(ALARM, "alarmActions", GONE, [], name_end=HOURS),
        "an alarm that tells people": edit(ALARM, "alarmActions", lambda old: ([old[0] + "-other"],), HOURS),
        "an alarm on something else": put(ALARM, "metricName", "GroupMinSize", name_end=HOURS),
        "an alarm of another group": edit(ALARM, "dimensions", lambda old: ({"AutoScalingGroupName": "x"},), HOURS),
        "metrics that are not kept": put(GROUP, "enabledMetrics", GONE, []),
        "an alarm after too many hours": after(GROUP, {"maxSize": 50}, put(ALARM, "threshold", 10**6, name_end=HOURS)),
        "more nodes than an alarm is quick enough for": put(GROUP, "maxSize", 5000),
    },
    "budget-stops-spend": {
        "nothing stops": edit(BUDGET, "notifications", _without_a_stop),
        "no budget": without(BUDGET),
        "nothing is called": without("sns/topicSubscription", "-budget-stop"),
        "another topic is heard": put("sns/topicSubscription", "topic", "another", name_end="-budget-stop"),
        "people are told": put("sns/topicSubscription", "protocol", "email", name_end="-budget-stop"),
    },
    "lambda-concurrency-cap": {
        "none": put(FUNCTION, CONCURRENCY, GONE, -1),
        "of no use": put(FUNCTION, CONCURRENCY, 1_000_000),
        "more memory and time": put(FUNCTION, "memorySize", 10_000_000),
        "more time": put(FUNCTION, "timeout", 10_000_000),
    },
    "dynamodb-capacity-cap": {
        **{key: put(TABLE, f"{THROUGHPUT}.{key}", GONE, -1, 1_000_000) for key in UNITS},
        "nothing said": put(TABLE, THROUGHPUT, GONE, {}),
        "an index": put(TABLE, "globalSecondaryIndexes", [{"name": "by-team", "hashKey": "pk"}]),
        "provisioned": become(TABLE, billingMode="PROVISIONED", readCapacity=1_000_000, writeCapacity=1),
    },
    "nat-gateway-limit": {
        "more of them": extra("ec2/natGateway", {"subnetId": "subnet-1"}, count=4),
        "more addresses": extra("ec2/eip", {"domain": "vpc"}, count=7),
    },
    "ebs-sane": {
        "a dear type": put(TEMPLATE, f"{VOLUME}.volumeType", "io2", "gp2", GONE),
        "a large one": put(TEMPLATE, f"{VOLUME}.volumeSize", 64_000),
        "more of it": put(TEMPLATE, f"{VOLUME}.iops", 256_000),
        "left behind": put(TEMPLATE, f"{VOLUME}.deleteOnTermination", False, "false"),
    },
    "spot-ratio": {
        "nothing to fall back to": put(GROUP, f"{BOUGHT}.onDemandPercentageAboveBaseCapacity", 0),
    },
    "log-volume-bounded": {
        "by a variable": put(FUNCTION, f"{VARIABLES}.LOG_LEVEL", "DEBUG"),
        "by the function": put(FUNCTION, "loggingConfig.applicationLogLevel", "TRACE"),
        "by the API": put(LIMITS, "settings.loggingLevel", "INFO"),
        "whole requests": put(LIMITS, "settings.dataTraceEnabled", True),
    },
    "idle-cost": {"nodes that always run": put(GROUP, "minSize", 20)},
    "monthly-expected": {"nodes that run": after(GROUP, {"maxSize": 50}, put(GROUP, "minSize", 50))},
}

IN_DEVELOPMENT: Mapping[str, Mapping[str, Change]] = {
    "scale-to-zero-dev": {"one node": put(GROUP, "minSize", 1), "one node for now": put(GROUP, "desiredCapacity", 1)},
}
"""What breaks rules under the profile dev, in stacks that are held to it."""
