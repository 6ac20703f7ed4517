"""What is spoilt of logs, concurrency, money, alarms, topics and tags."""

import json

import pulumi

from leanto.check.results import Synthesis
from leanto.embedded.plugin.registry import RESOURCES
from tests.embedded.system.claims import operation, tagging
from tests.embedded.system.mutate import GONE, M, Props, aws_id, both, of, put, statement

TEMPLATE, GROUP = ("ec2/launchTemplate", "-pool-node"), ("autoscaling/group", "-pool-group")


def _no_owner(props: Props) -> None:
    def edit(text: str) -> str:
        settings = json.loads(text)
        del settings["tags"]["owner"]
        return json.dumps(settings)

    props["default_tags"] = pulumi.Output.from_input(props["default_tags"]).apply(edit)


def _taggable(synthesis: Synthesis) -> set[str]:
    return {aws_id(row) for row in synthesis.owned() if row.type in RESOURCES and RESOURCES[row.type].taggable}


FIRST = (
    M(operation.logs_are_encrypted, "not", "cloudwatch/logGroup", "-gateway-log", put("kms_key_id", GONE)),
    M(operation.logs_end, "never", "cloudwatch/logGroup", "-authorizer-log", put("retention_in_days", GONE)),
    M(
        operation.functions_log_to_their_own_group,
        "Lambda's",
        "lambda/function",
        "-functions-stop",
        put("logging_config", GONE),
    ),
    M(
        operation.concurrency_is_reserved,
        "any",
        "lambda/function",
        "-gateway",
        put("reserved_concurrent_executions", GONE),
    ),
    M(operation.budget_counts_the_stack, "all costs", "budgets/budget", "-budget", put("cost_filters", GONE)),
    M(operation.budget_tells_and_stops, "no stop", "budgets/budget", "-budget", put("notifications.2", GONE)),
    M(
        operation.stop_topic_calls_the_stop_function,
        "it mails",
        "sns/topicSubscription",
        "-budget-stop",
        both(put("protocol", "email"), put("endpoint", "team@example.com")),
        named=of("topic"),
    ),
    M(operation.alarms_act, "no action", "cloudwatch/metricAlarm", "-api-errors", put("alarm_actions", [])),
    M(operation.topics_are_encrypted, "not", "sns/topic", "-topics-alert", put("kms_master_key_id", GONE)),
    M(
        operation.topics_are_closed,
        "any account's alarms",
        "sns/topicPolicy",
        "-topics-stop-policy",
        statement("Alarms", "Condition", GONE),
    ),
    M(tagging.nodes_are_tagged, "volumes are not", *TEMPLATE, put("tag_specifications.1", GONE)),
)

SECOND = (
    M(operation.logs_end, "after a day", "cloudwatch/logGroup", "-stage-log", put("retention_in_days", 1)),
    M(
        operation.functions_log_to_their_own_group,
        "another's",
        "lambda/function",
        "-functions-stop",
        put("logging_config.log_group", "/aws/lambda/other"),
    ),
    M(operation.budget_counts_the_stack, "a year", "budgets/budget", "-budget", put("time_unit", "ANNUALLY")),
    M(operation.budget_tells_and_stops, "too late", "budgets/budget", "-budget", put("notifications.0.threshold", 99)),
    M(operation.alarms_act, "switched off", "cloudwatch/metricAlarm", "-gpu-hours", put("actions_enabled", False)),
    M(
        operation.topics_are_closed,
        "without TLS",
        "sns/topicPolicy",
        "-topics-alert-policy",
        statement("TlsOnly", "Condition", GONE),
    ),
    M(tagging.everything_is_tagged, "without owner", "pulumi:providers", "aws", _no_owner, spread=_taggable),
    M(tagging.nodes_are_tagged, "not by the group", *GROUP, put("tags.0.propagate_at_launch", False)),
)
