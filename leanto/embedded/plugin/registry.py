"""All resource types and functions that AWS in a box serves, by their Pulumi token."""

from collections.abc import Mapping
from types import MappingProxyType

from leanto.embedded.plugin.errors import UnknownTypeError
from leanto.embedded.plugin.resource import Invoke, Resource
from leanto.embedded.plugin.resources import (
    account,
    apigateway_api,
    apigateway_authorizer,
    apigateway_integration,
    apigateway_method,
    apigateway_response,
    apigateway_settings,
    apigateway_stage,
    autoscaling_group,
    awslambda,
    awslambda_events,
    awslambda_function,
    budgets_budget,
    cloudwatch_alarm,
    cloudwatch_dashboard,
    cloudwatch_log_group,
    dynamodb,
    ec2_flow_log,
    ec2_launch_template,
    ec2_route_table,
    ec2_security_group,
    ec2_security_group_rule,
    ec2_subnet,
    ec2_vpc,
    ec2_vpc_endpoint,
    iam,
    iam_attachments,
    kms,
    s3_bucket,
    s3_lifecycle,
    s3_object,
    s3_policy,
    s3_settings,
    secretsmanager,
    sns_subscription,
    sns_topic,
)

FILES: tuple[tuple[Resource, ...], ...] = (
    apigateway_api.RESOURCES,
    apigateway_authorizer.RESOURCES,
    apigateway_integration.RESOURCES,
    apigateway_method.RESOURCES,
    apigateway_response.RESOURCES,
    apigateway_settings.RESOURCES,
    apigateway_stage.RESOURCES,
    autoscaling_group.RESOURCES,
    awslambda.RESOURCES,
    awslambda_events.RESOURCES,
    awslambda_function.RESOURCES,
    budgets_budget.RESOURCES,
    cloudwatch_alarm.RESOURCES,
    cloudwatch_dashboard.RESOURCES,
    cloudwatch_log_group.RESOURCES,
    dynamodb.RESOURCES,
    ec2_flow_log.RESOURCES,
    ec2_launch_template.RESOURCES,
    ec2_route_table.RESOURCES,
    ec2_security_group.RESOURCES,
    ec2_security_group_rule.RESOURCES,
    ec2_subnet.RESOURCES,
    ec2_vpc.RESOURCES,
    ec2_vpc_endpoint.RESOURCES,
    iam.RESOURCES,
    iam_attachments.RESOURCES,
    kms.RESOURCES,
    s3_bucket.RESOURCES,
    s3_lifecycle.RESOURCES,
    s3_object.RESOURCES,
    s3_policy.RESOURCES,
    s3_settings.RESOURCES,
    secretsmanager.RESOURCES,
    sns_subscription.RESOURCES,
    sns_topic.RESOURCES,
)
"""The tuple of each file under `resources/`."""


def joined(files: tuple[tuple[Resource, ...], ...]) -> Mapping[str, Resource]:
    """Return the resources by token; two of one token are a mistake in this package."""
    found: dict[str, Resource] = {}
    for resource in (resource for file in files for resource in file):
        if resource.token in found:
            raise ValueError(f"{resource.token} is served twice: by {found[resource.token]!r} and by {resource!r}")
        found[resource.token] = resource
    return MappingProxyType(found)


RESOURCES: Mapping[str, Resource] = joined(FILES)
INVOKES: Mapping[str, Invoke] = account.INVOKES


def resource_of(token: str) -> Resource:
    """Return the handler of a resource type; raise `UnknownTypeError` for one that the box does not serve."""
    if token not in RESOURCES:
        raise UnknownTypeError(_not_served("resource type", token, RESOURCES))
    return RESOURCES[token]


def invoke_of(token: str) -> Invoke:
    """Return the handler of a function; raise `UnknownTypeError` for one that the box does not serve."""
    if token not in INVOKES:
        raise UnknownTypeError(_not_served("function", token, INVOKES))
    return INVOKES[token]


def _not_served(kind: str, token: str, served: Mapping[str, object]) -> str:
    return (
        f"AWS in a box does not serve the {kind} {token!r}: it serves only what this program uses, which is "
        f"{', '.join(sorted(served))}. On a real account the official aws plugin serves it. To have it in the box, "
        "add a handler under leanto/embedded/plugin/resources"
    )
