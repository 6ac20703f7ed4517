"""The account's setting that lets API Gateway write access logs: one for a whole account and region."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Names
from infra.permissions import allow, document, trust

LOG_ACTIONS = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:PutLogEvents",
)


@dataclass(frozen=True)
class ApiLoggingArgs:
    """Settings of the role."""

    names: Names


class ApiLogging(pulumi.ComponentResource):
    """The role with which API Gateway writes logs, set for the account."""

    account: aws.apigateway.Account

    def __init__(self, name: str, args: ApiLoggingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:ApiLogging", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            f"{name}-role",
            assume_role_policy=pulumi.Output.json_dumps(trust("apigateway.amazonaws.com")),
            description=f"{args.names.prefix}: lets API Gateway write logs in this account and region",
            opts=child,
        )
        # Every API of the account and region logs with this role, so it is not bound to this stack's log group.
        groups = args.names.arn("logs", "log-group:*")
        policy = aws.iam.RolePolicy(
            f"{name}-policy",
            role=role.name,
            policy=pulumi.Output.json_dumps(
                document(
                    allow("WriteLogs", LOG_ACTIONS, (groups,)),
                    # AWS knows no narrower resource for this action.
                    allow("FindLogGroups", ("logs:DescribeLogGroups",), ("*",)),
                )
            ),
            opts=child,
        )
        self.account = aws.apigateway.Account(
            name, cloudwatch_role_arn=role.arn, opts=pulumi.ResourceOptions(parent=self, depends_on=[policy])
        )
        self.register_outputs({})
