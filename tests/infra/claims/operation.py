"""Claims about running a stack: logs, tags, money, alarms."""

import json

from tests.infra.claims.stack import Claim, Stack, Violations, actions, all_statements, is_true

REQUIRED_TAGS = frozenset({"owner", "cost-centre", "data-class", "app", "environment", "leanto:stack"})
UNTAGGED = frozenset(
    {
        "apigateway/account",
        "apigateway/authorizer",
        "apigateway/deployment",
        "apigateway/integration",
        "apigateway/method",
        "apigateway/methodSettings",
        "apigateway/resource",
        "apigateway/response",
        "autoscaling/group",  # has its tags in its own way, see below
        "cloudwatch/dashboard",
        "ec2/routeTableAssociation",
        "iam/rolePolicy",
        "kms/alias",
        "lambda/functionEventInvokeConfig",
        "lambda/layerVersion",
        "lambda/permission",
        "s3/bucketLifecycleConfiguration",
        "s3/bucketOwnershipControls",
        "s3/bucketPolicy",
        "s3/bucketPublicAccessBlock",
        "s3/bucketServerSideEncryptionConfiguration",
        "s3/bucketVersioning",
        "sns/topicPolicy",
        "sns/topicSubscription",
    }
)
"""Types that AWS takes no tags for."""


def everything_is_tagged(stack: Stack) -> Violations:
    """Whatever can have tags has the required ones: resources, the group, its instances and their volumes."""
    for item in stack.items:
        kind = item.type.removeprefix("aws:").rpartition(":")[0]
        if kind not in UNTAGGED and not (item.get("tagsAll") or {}).keys() >= REQUIRED_TAGS:
            yield item.name
    for group in stack.of("autoscaling/group"):
        if not {tag["key"] for tag in group.get("tags") or [] if tag["propagateAtLaunch"]} >= REQUIRED_TAGS:
            yield group.name
    for template in stack.of("ec2/launchTemplate"):
        tagged = {
            one["resourceType"]
            for one in template.get("tagSpecifications") or []
            if one["tags"].keys() >= REQUIRED_TAGS
        }
        if not tagged >= {"instance", "volume"}:
            yield template.name


def everything_is_in_one_region(stack: Stack) -> Violations:
    """Nothing is created in another region than the one of the settings."""
    yield from (item.name for item in stack.items if item.get("region", stack.region) != stack.region)


def logs_are_encrypted_and_end(stack: Stack) -> Violations:
    """Every log group is encrypted with the stack's key and has an end; in prod not before 30 days."""
    least = 30 if stack.environment == "prod" else 1
    for group in stack.of("cloudwatch/logGroup"):
        if ":key/" not in group.get("kmsKeyId", "") or not least <= group.get("retentionInDays", 0) <= 731:
            yield group.name


def functions_log_to_their_own_group(stack: Stack) -> Violations:
    """Every function writes to a group of the stack's, which nobody else writes to."""
    groups = [group.get("name") for group in stack.of("cloudwatch/logGroup")]
    used = [function.get("loggingConfig.logGroup") for function in stack.of("lambda/function")]
    for function in stack.of("lambda/function"):
        own = function.get("loggingConfig.logGroup")
        if own not in groups or used.count(own) != 1:
            yield function.name


def concurrency_is_reserved(stack: Stack) -> Violations:
    """Every function has a bound on how many of it run at a time."""
    for function in stack.of("lambda/function"):
        if not 1 <= (function.get("reservedConcurrentExecutions") or 0) <= 1000:
            yield function.name


def budget_tells_and_stops(stack: Stack) -> Violations:
    """A monthly budget over the stack's tag tells people at 80 % and a forecast of 100 %, and stops at 100 %."""
    alert, stop = (stack.one("sns/topic", end).get("arn") for end in ("-alert", "-stop"))
    wanted = {("ACTUAL", 80): [alert], ("FORECASTED", 100): [alert], ("ACTUAL", 100): [stop]}
    for budget in stack.of("budgets/budget"):
        found = {
            (one["notificationType"], one["threshold"]): one.get("subscriberSnsTopicArns")
            for one in budget.get("notifications") or []
        }
        filters = {one["name"]: one["values"] for one in budget.get("costFilters") or []}
        if found != wanted:
            yield f"{budget.name} tells or stops otherwise"
        if not any("leanto:stack$" in value for value in filters.get("TagKeyValue", [])):
            yield f"{budget.name} counts other stacks' costs"
        if is_true(budget.get("costTypes.includeCredit", True)):
            yield f"{budget.name} counts nothing while there are credits"
        if (budget.get("budgetType"), budget.get("timeUnit")) != ("COST", "MONTHLY") or float(
            budget.get("limitAmount")
        ) <= 0:
            yield f"{budget.name} has no monthly limit"
    if not stack.of("budgets/budget"):
        yield "there is no budget"


def stop_topic_reaches_the_stop_function(stack: Stack) -> Violations:
    """What is published to the stop topic calls the stop function, which may be called by that topic."""
    topic, function = stack.one("sns/topic", "-stop").get("arn"), stack.one("lambda/function", "-stop")
    subscribed = [one.get("endpoint") for one in stack.of("sns/topicSubscription") if one.get("topic") == topic]
    permitted = [one.get("function") for one in stack.of("lambda/permission") if one.get("sourceArn") == topic]
    if subscribed != [function.get("arn")] or permitted != [function.get("name")]:
        yield topic


def stop_function_can_stop(stack: Stack) -> Violations:
    """The stop function may set the stop flag and a pool's group to zero, and is called again if it fails."""
    function = stack.one("lambda/function", "-stop")
    allowed = {
        action
        for item, statement in all_statements(stack, "iam/rolePolicy")
        if item.name == f"{function.name}-policy"
        for action in actions(statement)
    }
    needed = {"dynamodb:UpdateItem", "sns:Publish"}
    needed |= {"autoscaling:UpdateAutoScalingGroup"} if stack.has_pool else set()
    yield from sorted(needed - allowed)
    group = stack.one("autoscaling/group").get("name") if stack.has_pool else ""
    if function.get("environment.variables.LEANTO_GROUP") != group:
        yield f"{function.name} stops another group"
    retries = stack.one("lambda/functionEventInvokeConfig")
    if retries.get("maximumRetryAttempts") != 2 or not retries.get("destinationConfig.onFailure.destination"):
        yield f"{retries.name} gives up in silence"


def alarms_act(stack: Stack) -> Violations:
    """Every alarm tells people; the one about GPU hours stops the stack as well; none is missing."""
    alert, stop = (stack.one("sns/topic", end).get("arn") for end in ("-alert", "-stop"))
    wanted = {"gateway-errors", "gateway-throttles", "api-errors", "stop-errors"}
    wanted |= {"gpu-hours", "relay-errors"} if stack.has_pool else set()
    found = set()
    for alarm in stack.of("cloudwatch/metricAlarm"):
        kind = alarm.name.partition("-alarm-")[2]
        found.add(kind)
        expected = {alert, stop} if kind == "gpu-hours" else {alert}
        if not alarm.get("actionsEnabled", True) or set(alarm.get("alarmActions") or []) != expected:
            yield alarm.name
    yield from sorted(wanted - found)


def topics_are_encrypted_and_closed(stack: Stack) -> Violations:
    """Topics are encrypted with the stack's key; only this account's alarms and budgets publish, and only over TLS."""
    yield from (topic.name for topic in stack.of("sns/topic") if ":key/" not in topic.get("kmsMasterKeyId", ""))
    for policy, statement in all_statements(stack, "sns/topicPolicy"):
        condition = json.dumps(statement.get("Condition", {}))
        if statement["Effect"] == "Allow" and not (
            "aws:SourceAccount" in condition and "Service" in statement["Principal"]
        ):
            yield f"{policy.name}: {statement.get('Sid')}"
    for policy in stack.of("sns/topicPolicy"):
        if '"aws:SecureTransport": "false"' not in policy.get("policy").replace('":"', '": "'):
            yield f"{policy.name} takes messages without TLS"
    if len(stack.of("sns/topicPolicy")) != len(stack.of("sns/topic")):
        yield "a topic has no policy"


CLAIMS: tuple[Claim, ...] = (
    everything_is_tagged,
    everything_is_in_one_region,
    logs_are_encrypted_and_end,
    functions_log_to_their_own_group,
    concurrency_is_reserved,
    budget_tells_and_stops,
    stop_topic_reaches_the_stop_function,
    stop_function_can_stop,
    alarms_act,
    topics_are_encrypted_and_closed,
)
