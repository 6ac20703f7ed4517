"""`aws:cloudwatch/dashboard:Dashboard`."""

import json
import re

from leanto.embedded.plugin.emulated import EmulatedResource, Problems
from leanto.embedded.plugin.errors import absent
from leanto.embedded.plugin.resource import Context, Props, Resource

MISSING = ("ResourceNotFound", "DashboardNotFoundError")
NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


class Dashboard(EmulatedResource):
    """A dashboard; its body is JSON and is compared by meaning."""

    token = "aws:cloudwatch/dashboard:Dashboard"
    replace_on = frozenset({"dashboardName"})
    computed = frozenset({"dashboardArn"})
    required = frozenset({"dashboardBody", "dashboardName"})
    accepts = frozenset({"dashboardBody", "dashboardName"})
    json_documents = frozenset({"dashboardBody"})

    def validate(self, inputs: Props) -> Problems:
        """Return what CloudWatch refuses: a name with other characters, or a body without a list of widgets."""
        problems = super().validate(inputs)
        name, body = inputs.get("dashboardName"), inputs.get("dashboardBody")
        if name is not None and not NAME.fullmatch(name):
            problems.append(("dashboardName", f"is {name!r}, CloudWatch takes 1 to 255 letters, digits, - and _"))
        if body is not None and not _has_widgets(body):
            problems.append(("dashboardBody", "must be a JSON object with a list under 'widgets'"))
        return problems

    def create(self, ctx: Context, inputs: Props) -> str:
        """Put the dashboard."""
        self.update(ctx, inputs["dashboardName"], {}, inputs)
        return str(inputs["dashboardName"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the dashboard."""
        del inputs
        with absent(*MISSING):
            found = ctx.client("cloudwatch").get_dashboard(DashboardName=resource_id)
            return {
                "dashboardArn": found["DashboardArn"],
                "dashboardBody": found["DashboardBody"],
                "dashboardName": found["DashboardName"],
            }
        return None

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Put the dashboard anew."""
        del olds
        ctx.client("cloudwatch").put_dashboard(DashboardName=resource_id, DashboardBody=news["dashboardBody"])

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the dashboard."""
        del outputs
        with absent(*MISSING):
            ctx.client("cloudwatch").delete_dashboards(DashboardNames=[resource_id])


def _has_widgets(body: str) -> bool:
    try:
        document = json.loads(body)
    except ValueError:
        return False
    return isinstance(document, dict) and isinstance(document.get("widgets"), list)


RESOURCES: tuple[Resource, ...] = (Dashboard(),)
