"""Claims about running a stack: logs, concurrency, money, alarms, topics."""

from tests.embedded.system.account import Account, Claim, Violations, statements
from tests.infra.claims.stack import actions

LEAST_RETENTION_DAYS = {"dev": 1, "prod": 30}
GREATEST_RETENTION_DAYS = 731
GREATEST_CONCURRENCY = 1000
NOTIFICATIONS = (("ACTUAL", 80, "-alert-"), ("FORECASTED", 100, "-alert-"), ("ACTUAL", 100, "-stop-"))
"""What a budget must tell of: kind, per cent, and a part of the topic's name."""


def logs_are_encrypted(account: Account) -> Violations:
    """Every log group is encrypted with a key of the account's own."""
    for group in account.log_groups():
        if not account.is_own_key(group.get("kmsKeyId")):
            yield f"{group['logGroupName']} is not encrypted with the account's key"


def logs_end(account: Account) -> Violations:
    """Every log group has an end; in prod not before 30 days."""
    for group in account.log_groups():
        days = group.get("retentionInDays", 0)
        if not LEAST_RETENTION_DAYS[account.environment] <= days <= GREATEST_RETENTION_DAYS:
            yield f"{group['logGroupName']} is kept for {days or 'all'} days"


def functions_log_to_their_own_group(account: Account) -> Violations:
    """Every function writes to a group of the stack, which no other function writes to.

    The group is read from the side store: moto drops LoggingConfig.
    """
    groups = [group["logGroupName"] for group in account.log_groups()]
    used = {
        name: account.side.get("aws:lambda/function:Function", name).get("loggingConfig", {}).get("logGroup")
        for name in (function["FunctionName"] for function in account.functions())
    }
    for name, group in used.items():
        if group not in groups or list(used.values()).count(group) != 1:
            yield f"{name} writes to {group or 'a group of its own making'}"


def concurrency_is_reserved(account: Account) -> Violations:
    """Every function has a bound on how many of it run at a time."""
    for function in account.functions():
        name = function["FunctionName"]
        found = account.asked("lambda", "get_function_concurrency", FunctionName=name)
        if not 1 <= found.get("ReservedConcurrentExecutions", 0) <= GREATEST_CONCURRENCY:
            yield f"{name} runs any number of times"


def budget_counts_the_stack(account: Account) -> Violations:
    """There is one budget, by month, in money, over what carries the stack's tag."""
    budgets = account.budgets()
    if len(budgets) != 1:
        yield f"there are {len(budgets)} budgets"
    for budget in budgets:
        name, limit = budget["BudgetName"], budget.get("BudgetLimit", {})
        if (budget["BudgetType"], budget["TimeUnit"], limit.get("Unit")) != ("COST", "MONTHLY", "USD"):
            yield f"{name} is not about a month's costs"
        if float(limit.get("Amount", 0)) <= 0:
            yield f"{name} has no limit"
        if not any("leanto:stack$" in value for value in budget.get("CostFilters", {}).get("TagKeyValue", [])):
            yield f"{name} counts other costs"


def budget_tells_and_stops(account: Account) -> Violations:
    """The budget tells people at 80 % and at a forecast of 100 %, and stops the stack at 100 %.

    The topics are read from the side store: moto does not know DescribeSubscribersForNotification.
    """
    for budget in account.budgets():
        name = budget["BudgetName"]
        told = account.asked(
            "budgets", "describe_notifications_for_budget", AccountId=account.account_id, BudgetName=name
        ).get("Notifications", [])
        kept = account.side.get("aws:budgets/budget:Budget", f"{account.account_id}:{name}").get("notifications", [])
        for kind, percent, topic in NOTIFICATIONS:
            topics = [
                arn
                for one in kept
                if (one["notificationType"], one["threshold"]) == (kind, percent)
                for arn in one.get("subscriberSnsTopicArns", [])
            ]
            real = [arn for arn in topics if arn in [one["TopicArn"] for one in account.topics()]]
            sent = any((one["NotificationType"], one["Threshold"]) == (kind, percent) for one in told)
            if not sent or len(real) != 1 or topic not in real[0]:
                yield f"{name} does not tell of {kind.lower()} {percent} %"


def stop_topic_calls_the_stop_function(account: Account) -> Violations:
    """What is published to the stop topic calls the stop function, and nobody else."""
    stops = [function["FunctionArn"] for function in account.functions() if function["FunctionName"].endswith("-stop")]
    for topic in account.topics():
        arn = topic["TopicArn"]
        subscribed = account.listed("sns", "list_subscriptions_by_topic", "Subscriptions[].Endpoint", TopicArn=arn)
        if "-stop-" in arn and (len(stops) != 1 or subscribed != stops):
            yield f"{arn} does not call the stop function"


def alarms_act(account: Account) -> Violations:
    """Every alarm tells people; the one about GPU hours stops the stack as well, as soon as there is a group."""
    topics = [topic["TopicArn"] for topic in account.topics()]
    for alarm in account.alarms():
        name, wanted = alarm["AlarmName"], ["-alert-", "-stop-"] if "-gpu-hours-" in alarm["AlarmName"] else ["-alert-"]
        expected = {arn for arn in topics for part in wanted if part in arn}
        if not alarm["ActionsEnabled"] or set(alarm["AlarmActions"]) != expected or len(expected) != len(wanted):
            yield f"{name} does not act"
    if account.groups() and not any("-gpu-hours-" in alarm["AlarmName"] for alarm in account.alarms()):
        yield "there is no alarm about GPU hours"


def topics_are_encrypted(account: Account) -> Violations:
    """Every topic is encrypted with a key of the account's own."""
    for topic in account.topics():
        if not account.is_own_key(topic.get("KmsMasterKeyId")):
            yield f"{topic['TopicArn']} is not encrypted with the account's key"


def topics_are_closed(account: Account) -> Violations:
    """Only AWS services publish to a topic, on behalf of this account, and nobody without TLS."""
    for topic in account.topics():
        found = statements(topic["Policy"])
        for statement in found:
            source = statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceAccount")
            if statement["Effect"] == "Allow" and (
                "Service" not in statement["Principal"] or source != account.account_id
            ):
                yield f"{topic['TopicArn']}: {statement.get('Sid')} is for others"
        if not any(
            statement["Effect"] == "Deny"
            and statement["Principal"] == "*"
            and "sns:Publish" in [action.replace("SNS:", "sns:") for action in actions(statement)]
            and statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}}
            for statement in found
        ):
            yield f"{topic['TopicArn']} takes messages without TLS"


CLAIMS: tuple[Claim, ...] = (
    logs_are_encrypted,
    logs_end,
    functions_log_to_their_own_group,
    concurrency_is_reserved,
    budget_counts_the_stack,
    budget_tells_and_stops,
    stop_topic_calls_the_stop_function,
    alarms_act,
    topics_are_encrypted,
    topics_are_closed,
)
