"""How records, alarms and what keeps our own stacks running are spoilt: by rule, what is done and how."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.policies.spoiling import (
    GONE,
    Change,
    after,
    each_guarded_ignored,
    edit,
    extra,
    listed,
    option,
    present,
    put,
    without,
)
from tests.policies.spoilt_encryption import FUNCTION

GROUP = "autoscaling/group"
STAGE = "apigateway/stage"
LOG = "cloudwatch/logGroup"
ALARM = "cloudwatch/metricAlarm"
BUDGET = "budgets/budget"
VERSIONS = "s3/bucketVersioning"
LIFECYCLE = "s3/bucketLifecycleConfiguration"
TABLE = "dynamodb/table"
WATCHED = ("gateway-throttles", "api-errors", "gpu-hours")
"""Alarms of which each is the only one of its kind."""
BALANCED = {"targetGroupArns": ["arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/t"], "healthCheckType": "ELB"}
Tag = Mapping[str, Any]
TAGS = ("owner", "cost-centre", "environment", "app", "data-class")


def _telling(field: str) -> str:
    return f'{{"line":"{field}"}}'


def _fewer(tags: list[Tag]) -> Iterator[list[Tag]]:
    """Yield the tags of a group without each of those that must be there."""
    yield from ([other for other in tags if other is not tag] for tag in tags if tag["key"] in TAGS)


def _useless(tag: Tag) -> Iterator[Tag]:
    """Yield a tag as one that nodes do not get, that has no value, or another name."""
    if tag["key"] in TAGS:
        yield {**tag, "propagateAtLaunch": False}
        yield {**tag, "value": ""}
        yield {**tag, "key": f"{tag['key']}-of-old"}


LOGGING: Mapping[str, Mapping[str, Change]] = {
    "api-no-data-trace": {"traced": put("apigateway/methodSettings", "settings.dataTraceEnabled", True, "true")},
    "api-access-log": {
        "none": put(STAGE, "accessLogSettings", GONE, {}),
        "to nowhere": put(STAGE, "accessLogSettings.destinationArn", GONE),
        "keys in it": put(
            STAGE,
            "accessLogSettings.format",
            _telling("$context.requestHeader.Authorization"),
            _telling("$input.body"),
        ),
    },
    "log-retention-set": {
        "for ever": put(LOG, "retentionInDays", 0, GONE, "0"),
        "too short or too long": put(LOG, "retentionInDays", 1, 3653),
        "Lambda's own group": put(FUNCTION, "loggingConfig", GONE, {}),
        "Lambda's own group by name": put(FUNCTION, "loggingConfig.logGroup", GONE, "/aws/lambda/one"),
    },
    "alarms-actionable": {
        "nobody": put(ALARM, "alarmActions", [], GONE),
        "off": put(ALARM, "actionsEnabled", False, "false"),
    },
    "required-alarms": {
        **{f"none on {name}": without(ALARM, f"-{name}") for name in WATCHED},
        **{f"another metric than {name}": put(ALARM, "metricName", "Latency", name_end=f"-{name}") for name in WATCHED},
        **{f"another service than {name}": put(ALARM, "namespace", "AWS/SQS", name_end=f"-{name}") for name in WATCHED},
        "no budget": without(BUDGET),
        "a budget that tells nobody": put(BUDGET, "notifications", [], GONE),
    },
    "vpc-flow-log": {
        "none": without("ec2/flowLog"),
        "of another network": put("ec2/flowLog", "vpcId", "vpc-1"),
        "of what is let through": put("ec2/flowLog", "trafficType", "ACCEPT"),
    },
    "s3-versioned-lifecycle": {
        "off": put(VERSIONS, "versioningConfiguration.status", "Suspended", "Disabled", GONE),
        "nothing said": put(VERSIONS, "versioningConfiguration", GONE, {}),
        "of another bucket": put(VERSIONS, "bucket", "another-bucket"),
        "none": without(VERSIONS),
        "for ever": without(LIFECYCLE),
        "for ever: rules off": put(LIFECYCLE, "rules.*.status", "Disabled"),
        "for ever: no rule": put(LIFECYCLE, "rules", [], GONE),
        "for ever: only uploads end": put(LIFECYCLE, "rules.*.noncurrentVersionExpiration", GONE),
        "for ever: another bucket": put(LIFECYCLE, "bucket", "another-bucket"),
    },
    "lb-access-log": {"none": extra("lb/loadBalancer", {"internal": True})},
    "waf-logging": {"none": extra("wafv2/webAcl", {"defaultAction": {"allow": {}}})},
}

RESILIENCE: Mapping[str, Mapping[str, Change]] = {
    "no-shell-resources": {
        "a command": extra("command:local:Command", {"create": "true"}, provider_inputs=None),
        "a dynamic resource": extra("pulumi-python:dynamic:Resource", {}, provider_inputs=None),
    },
    "provider-allowed": {"another provider": extra("gcp:storage/bucket:Bucket", {}, provider_inputs=None)},
    "policy-coverage": {"an unknown type": extra("quantum/entangler", {})},
    "no-ignore-changes-on-guarded": {
        "each guarded input": each_guarded_ignored(),
        "every input": option("*", ignore_changes=("*",)),
    },
    "required-tags": {
        **{f"without {tag}": edit("*", f"tagsAll.{tag}", lambda old: (GONE,)) for tag in TAGS},
        "without any": present("*", "tagsAll", {}),
        "a tag of the group": edit(GROUP, "tags", _fewer),
        "a tag of the group that says nothing": edit(GROUP, "tags.*", _useless),
        "an empty value": present("*", "tagsAll.owner", ""),
    },
    "multi-az-prod": {
        "one subnet": listed(GROUP, "vpcZoneIdentifiers"),
        "none": put(GROUP, "vpcZoneIdentifiers", GONE, []),
        "one zone": put("ec2/subnet", "availabilityZone", "us-east-1a", "us-east-1b"),
        "a function in one subnet": put(FUNCTION, "vpcConfig", {"subnetIds": ["subnet-1"], "securityGroupIds": []}),
    },
    "asg-elb-health": {
        "behind a balancer": put(GROUP, "targetGroupArns", BALANCED["targetGroupArns"]),
        "no longer asking the balancer": after(GROUP, BALANCED, put(GROUP, "healthCheckType", "EC2", GONE)),
    },
    "deletion-protection": {
        "by AWS": put(TABLE, "deletionProtectionEnabled", False, "false", GONE),
        "by Pulumi: keys": option("kms/key", protect=False),
        "by Pulumi: buckets": option("s3/bucket", protect=False),
        "by Pulumi: secrets": option("secretsmanager/secret", protect=False),
    },
    "pitr": {
        "off": put(TABLE, "pointInTimeRecovery.enabled", False, "false", GONE),
        "nothing said": put(TABLE, "pointInTimeRecovery", GONE, {}),
    },
    "lambda-runtime-supported": {"an old one": put(FUNCTION, "runtime", "python3.8", "nodejs16.x")},
}
