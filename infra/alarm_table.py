"""Which alarms a stack has: as data, so that each line says what it watches and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal

from catalog.rows import Catalogue
from infra.defaults import GPU_DAY_SHARE_OF_MONTHLY_CAP
from infra.settings import Settings

DAY_SECONDS = 86400
MINUTES_PER_HOUR = 60


@dataclass(frozen=True)
class Alarm:
    """One metric summed over a period, and the sum from which it is wrong. `stops`: the stack stops then."""

    name: str
    description: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    threshold: int
    period_seconds: int
    stops: bool = False


def alarms(
    function_names: Mapping[str, str], api_name: str, stage: str, group: str, node_minutes: int
) -> tuple[Alarm, ...]:
    """Return the alarms of a stack; `group` is empty without a pool, `node_minutes` a day are then of no account."""
    gateway, stop = {"FunctionName": function_names["gateway"]}, {"FunctionName": function_names["stop"]}
    api = {"ApiName": api_name, "Stage": stage}
    found = (
        Alarm("gateway-errors", "The gateway function failed", "AWS/Lambda", "Errors", gateway, 5, 300),
        Alarm("gateway-throttles", "The gateway's concurrency is used up", "AWS/Lambda", "Throttles", gateway, 5, 300),
        Alarm("api-errors", "Clients got answers of 5xx", "AWS/ApiGateway", "5XXError", api, 5, 300),
        Alarm("stop-errors", "The stop function failed: costs go on", "AWS/Lambda", "Errors", stop, 1, 60),
    )
    if not group:
        return found
    relay = {"FunctionName": function_names["relay"]}
    relay_errors = Alarm(
        "relay-errors", "Nodes broke off answers, or the relay to them failed", "AWS/Lambda", "Errors", relay, 5, 300
    )
    what = "GPU nodes ran longer in a day than the monthly cap allows for"
    dimensions = {"AutoScalingGroupName": group}
    metric = "GroupTotalInstances"
    hours = Alarm("gpu-hours", what, "AWS/AutoScaling", metric, dimensions, node_minutes, DAY_SECONDS, True)
    return (*found, relay_errors, hours)


def node_minutes_per_day(settings: Settings, tables: Catalogue) -> int:
    """Return how many minutes of nodes, all added up, one day may have before the stack stops.

    That is what a share of the monthly cap buys of the dearest of the allowed types on demand. AWS counts a group's
    nodes every minute, so that the day's sum of the counts is the number of node minutes.
    """
    prices = [tables.instance_prices[kind, settings.region] for kind in settings.gpu_instance_types]
    dearest = max(price.on_demand_usd_per_hour for price in prices)
    hours = Decimal(settings.monthly_cap_usd) * GPU_DAY_SHARE_OF_MONTHLY_CAP / dearest
    return max(1, int((hours * MINUTES_PER_HOUR).to_integral_value(ROUND_FLOOR)))
