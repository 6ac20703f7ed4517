"""`aws:cloudwatch/metricAlarm:MetricAlarm`, on one metric or on metric math."""

from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.alarm_rules import alarm_problems
from leanto.embedded.plugin.emulated import EmulatedResource, Problems, chosen
from leanto.embedded.plugin.resource import AutoName, Context, Props, Resource

FIELDS = MappingProxyType(
    {
        "actionsEnabled": "ActionsEnabled",
        "alarmActions": "AlarmActions",
        "alarmDescription": "AlarmDescription",
        "comparisonOperator": "ComparisonOperator",
        "datapointsToAlarm": "DatapointsToAlarm",
        "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
        "evaluationPeriods": "EvaluationPeriods",
        "extendedStatistic": "ExtendedStatistic",
        "insufficientDataActions": "InsufficientDataActions",
        "metricName": "MetricName",
        "namespace": "Namespace",
        "okActions": "OKActions",
        "period": "Period",
        "statistic": "Statistic",
        "threshold": "Threshold",
        "thresholdMetricId": "ThresholdMetricId",
        "treatMissingData": "TreatMissingData",
        "unit": "Unit",
    }
)
QUERY_FIELDS = MappingProxyType(
    {
        "accountId": "AccountId",
        "expression": "Expression",
        "id": "Id",
        "label": "Label",
        "period": "Period",
        "returnData": "ReturnData",
    }
)
ACTIONS = frozenset({"alarmActions", "insufficientDataActions", "okActions"})


class MetricAlarm(EmulatedResource):
    """An alarm; each change puts it as a whole."""

    token = "aws:cloudwatch/metricAlarm:MetricAlarm"
    replace_on = frozenset({"name"})
    computed = frozenset({"arn"})
    auto_name = AutoName()
    taggable = True
    required = frozenset({"comparisonOperator", "evaluationPeriods"})
    defaults = MappingProxyType({"actionsEnabled": True, "treatMissingData": "missing"})
    accepts = frozenset({"dimensions", "metricQueries", "name", "tags", *FIELDS})
    unordered = ACTIONS | {"metricQueries"}
    computed_fields = frozenset({"metricQueries.returnData"})

    def validate(self, inputs: Props) -> Problems:
        """Return what CloudWatch or the box refuses."""
        return [*super().validate(inputs), *alarm_problems(inputs)]

    def create(self, ctx: Context, inputs: Props) -> str:
        """Put the alarm with its tags."""
        chosen(inputs, ("metricName", "metricQueries"))
        pairs = tags.as_list(inputs.get("tagsAll") or {})
        _put(ctx, inputs, {"Tags": pairs} if pairs else {})
        return str(inputs["name"])

    def read(self, ctx: Context, resource_id: str, inputs: Props) -> Props | None:
        """Return the alarm; empty lists and maps are shown where the program gives them."""
        found = ctx.client("cloudwatch").describe_alarms(AlarmNames=[resource_id], AlarmTypes=["MetricAlarm"])
        if not found["MetricAlarms"]:
            return None
        alarm = found["MetricAlarms"][0]
        shown = {key: alarm.get(api) for key, api in FIELDS.items()}
        shown["dimensions"] = _dimensions_map(alarm)
        shown["metricQueries"] = [_query_shown(query) for query in alarm.get("Metrics", ())]
        shown["treatMissingData"] = alarm.get("TreatMissingData", "missing")
        listed = ctx.client("cloudwatch").list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        return {key: value for key, value in shown.items() if value not in ([], {}) or key in inputs} | {
            "arn": alarm["AlarmArn"],
            "name": alarm["AlarmName"],
            "tagsAll": tags.as_map(listed),
        }

    def update(self, ctx: Context, resource_id: str, olds: Props, news: Props) -> None:
        """Put the alarm anew, which leaves its tags alone, then change the tags."""
        del resource_id
        chosen(news, ("metricName", "metricQueries"))
        _put(ctx, news, {})
        client = ctx.client("cloudwatch")
        arn = f"arn:{ctx.partition}:cloudwatch:{ctx.region}:{ctx.account_id}:alarm:{news['name']}"
        removed, added = tags.changes(olds, news)
        if removed:
            client.untag_resource(ResourceARN=arn, TagKeys=removed)
        if added:
            client.tag_resource(ResourceARN=arn, Tags=tags.as_list(added))

    def delete(self, ctx: Context, resource_id: str, outputs: Props) -> None:
        """Delete the alarm; CloudWatch says nothing about one that is gone."""
        del outputs
        ctx.client("cloudwatch").delete_alarms(AlarmNames=[resource_id])


def _put(ctx: Context, inputs: Props, more: Props) -> None:
    settings: dict[str, Any] = {api: inputs[key] for key, api in FIELDS.items() if inputs.get(key) is not None}
    if inputs.get("dimensions"):
        settings["Dimensions"] = _dimensions(inputs["dimensions"])
    if inputs.get("metricQueries"):
        settings["Metrics"] = [_query(query) for query in inputs["metricQueries"]]
    ctx.client("cloudwatch").put_metric_alarm(AlarmName=inputs["name"], **settings, **more)


def _dimensions(given: Props) -> list[dict[str, str]]:
    return tags.as_list(given, key="Name")


def _dimensions_map(metric: Props) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in metric.get("Dimensions", ())}


def _query(query: Props) -> Props:
    api = {name: query[key] for key, name in QUERY_FIELDS.items() if query.get(key) not in (None, "")}
    api.setdefault("ReturnData", False)
    metric = query.get("metric")
    if metric:
        named = {"MetricName": metric["metricName"], "Dimensions": _dimensions(metric.get("dimensions") or {})}
        if metric.get("namespace"):
            named["Namespace"] = metric["namespace"]
        api["MetricStat"] = {"Metric": named, "Period": metric["period"], "Stat": metric["stat"]}
        if metric.get("unit"):
            api["MetricStat"]["Unit"] = metric["unit"]
    return api


def _query_shown(query: Props) -> Props:
    shown = {key: query[name] for key, name in QUERY_FIELDS.items() if name in query}
    if "MetricStat" in query:
        stat, metric = query["MetricStat"], query["MetricStat"]["Metric"]
        fields = {
            "metricName": metric["MetricName"],
            "namespace": metric.get("Namespace"),
            "period": stat["Period"],
            "stat": stat["Stat"],
            "unit": stat.get("Unit"),
            "dimensions": _dimensions_map(metric),
        }
        shown["metric"] = {key: value for key, value in fields.items() if value not in (None, {})}
    return shown


RESOURCES: tuple[Resource, ...] = (MetricAlarm(),)
