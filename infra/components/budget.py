"""The monthly budget: people are told early, and at its end the stack stops."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.components.function import Function
from infra.defaults import BUDGET_STOP_PERCENT, BUDGET_WARNING_PERCENT


@dataclass(frozen=True)
class BudgetArgs:
    """Settings of the budget; `stack_tag` is the value of the tag `leanto:stack` by which AWS sums the costs up."""

    stack_tag: str
    monthly_cap_usd: int
    alert_topic_arn: pulumi.Input[str]
    stop_topic_arn: pulumi.Input[str]
    stop: Function


class Budget(pulumi.ComponentResource):
    """A budget over what carries the stack's tag, and the way from the stop topic to the stop function."""

    def __init__(self, name: str, args: BudgetArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Budget", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        aws.budgets.Budget(
            name,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=str(args.monthly_cap_usd),
            limit_unit="USD",
            cost_filters=[
                aws.budgets.BudgetCostFilterArgs(name="TagKeyValue", values=[f"user:leanto:stack${args.stack_tag}"])
            ],
            # A credit does not make use cheaper for long: what counts is what would be paid without it.
            cost_types=aws.budgets.BudgetCostTypesArgs(include_credit=False, include_refund=False),
            notifications=[
                _notification("ACTUAL", BUDGET_WARNING_PERCENT, args.alert_topic_arn),
                _notification("FORECASTED", BUDGET_STOP_PERCENT, args.alert_topic_arn),
                # One topic a notification: AWS refuses a second one. The stop function tells the people.
                _notification("ACTUAL", BUDGET_STOP_PERCENT, args.stop_topic_arn),
            ],
            opts=child,
        )
        permission = aws.lambda_.Permission(
            f"{name}-stop-permission",
            action="lambda:InvokeFunction",
            function=args.stop.name,
            principal="sns.amazonaws.com",
            source_arn=args.stop_topic_arn,
            opts=child,
        )
        aws.sns.TopicSubscription(
            f"{name}-stop",
            topic=args.stop_topic_arn,
            protocol="lambda",
            endpoint=args.stop.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )
        self.register_outputs({})


def _notification(kind: str, percent: int, topic_arn: pulumi.Input[str]) -> aws.budgets.BudgetNotificationArgs:
    return aws.budgets.BudgetNotificationArgs(
        notification_type=kind,
        comparison_operator="GREATER_THAN",
        threshold=percent,
        threshold_type="PERCENTAGE",
        subscriber_sns_topic_arns=[topic_arn],
    )
