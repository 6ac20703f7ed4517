"""The dashboard: what the alarms watch, and what the gateway measures, over time."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.defaults import STAGE
from infra.naming import Names
from infra.rendering import compact, render_json


@dataclass(frozen=True)
class DashboardArgs:
    """What is shown; `group` is empty for a stack without a pool."""

    names: Names
    group: str


class Dashboard(pulumi.ComponentResource):
    """One CloudWatch dashboard, rendered from its template. The account's first three are free."""

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("leanto:infra:Dashboard", name, None, opts)
        names = args.names
        body = render_json(
            "dashboard/dashboard.json.j2",
            region=names.place.region,
            api_name=names.prefix,
            stage=STAGE,
            stack=names.stack,
            breakers=_breakers(names.stack),
            gateway=names.function("gateway"),
            authorizer=names.function("authorizer"),
            stop=names.function("stop"),
            table=names.table,
            group=args.group,
        )
        aws.cloudwatch.Dashboard(
            name,
            dashboard_name=names.prefix,
            dashboard_body=compact(body),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({})


def _breakers(stack: str) -> str:
    """Return the search that finds the metric of each upstream whose breaker changed lately, however many they are."""
    return f"""SEARCH('{{leanto,stack,upstream}} MetricName="breaker_state" stack="{stack}"', 'Maximum', 60)"""
