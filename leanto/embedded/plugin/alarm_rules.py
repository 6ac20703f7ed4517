"""What CloudWatch refuses in an alarm and moto accepts; pure.

Figures: API reference of PutMetricAlarm, MetricDataQuery and MetricStat.
"""

import re
from typing import Any

from leanto.embedded.plugin.emulated import Problems, at_most_one, one_of
from leanto.embedded.plugin.resource import Props

DAY_SECONDS = 86400
HOUR_SECONDS = 3600
MAXIMUM_ACTIONS = 5
MAXIMUM_QUERIES = 10
SHORT_PERIODS_SECONDS = (10, 20, 30)
STATISTICS = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
MISSING_DATA = ("breaching", "ignore", "missing", "notBreaching")
OPERATORS = (
    "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "GreaterThanUpperThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "LessThanOrEqualToThreshold",
    "LessThanThreshold",
)  # fmt: skip
ONE_METRIC = ("dimensions", "extendedStatistic", "metricName", "namespace", "period", "statistic", "unit")
"""Inputs of an alarm on one metric, which metric math names inside its queries."""
_PERCENTILE = re.compile(r"(p|tm|wm|tc|ts)(\d{1,2}(\.\d+)?|100)|IQM|(TM|WM|PR|TC|TS)\(.*:.*\)")
_QUERY_ID = re.compile(r"[a-z][a-zA-Z0-9_]{0,254}")


def alarm_problems(inputs: Props) -> Problems:
    """Return (property, reason) for everything that CloudWatch refuses in the known inputs of an alarm."""
    problems = [
        *at_most_one(inputs, ("metricName", "metricQueries")),
        *at_most_one(inputs, ("statistic", "extendedStatistic")),
        *at_most_one(inputs, ("threshold", "thresholdMetricId")),
        *one_of(inputs, "comparisonOperator", OPERATORS),
        *one_of(inputs, "statistic", STATISTICS),
        *one_of(inputs, "treatMissingData", MISSING_DATA),
        *_period_problems("period", inputs.get("period")),
        *_window_problems(inputs),
    ]
    for key in ("alarmActions", "okActions", "insufficientDataActions"):
        actions = inputs.get(key) or []
        if len(actions) > MAXIMUM_ACTIONS:
            problems.append((key, f"are {len(actions)}, CloudWatch takes at most {MAXIMUM_ACTIONS}"))
        problems += [(key, f"holds {action!r}, which is no ARN") for action in actions if not action.startswith("arn:")]
    extended = inputs.get("extendedStatistic")
    if extended is not None and not _PERCENTILE.fullmatch(extended):
        problems.append(("extendedStatistic", f"is {extended!r}, which is no statistic such as p99 or TM(10%:90%)"))
    if "metricQueries" in inputs:
        problems += [(key, "is given together with metricQueries") for key in ONE_METRIC if key in inputs]
        problems += _query_problems(inputs["metricQueries"])
    return problems


def _period_problems(key: str, period: Any) -> Problems:
    if period is None or period in SHORT_PERIODS_SECONDS or (period > 0 and period % 60 == 0):
        return []
    return [(key, f"is {period} seconds, CloudWatch takes 10, 20, 30 or a multiple of 60")]


def _window_problems(inputs: Props) -> Problems:
    """An alarm looks back one day at most, or seven where its period is an hour or longer."""
    periods, points = inputs.get("evaluationPeriods"), inputs.get("datapointsToAlarm")
    problems: Problems = []
    if periods is not None and periods < 1:
        problems.append(("evaluationPeriods", f"is {periods}, CloudWatch takes 1 or more"))
    if points is not None and periods is not None and not 1 <= points <= periods:
        problems.append(("datapointsToAlarm", f"is {points}, CloudWatch takes 1 to evaluationPeriods, {periods}"))
    metrics = [query["metric"] for query in inputs.get("metricQueries") or [] if query.get("metric")]
    longest = max([inputs.get("period") or 0, *(metric.get("period") or 0 for metric in metrics)])
    limit = 7 * DAY_SECONDS if longest >= HOUR_SECONDS else DAY_SECONDS
    if periods is not None and longest * periods > limit:
        reason = f"looks back {longest * periods} seconds with this period, CloudWatch takes at most {limit}"
        problems.append(("evaluationPeriods", reason))
    return problems


def _query_problems(queries: list[Props]) -> Problems:
    found: list[str] = []
    if len(queries) > MAXIMUM_QUERIES:
        found.append(f"are {len(queries)}, CloudWatch takes at most {MAXIMUM_QUERIES}")
    returning = [query.get("id") for query in queries if query.get("returnData")]
    if len(returning) != 1:
        found.append(f"have {len(returning)} with returnData, an alarm watches exactly one")
    ids = [str(query.get("id")) for query in queries]
    found += [
        f"have the id {one!r}, CloudWatch takes a small letter, then letters, digits, _"
        for one in ids
        if not _QUERY_ID.fullmatch(one)
    ]
    if len(set(ids)) != len(ids):
        found.append(f"have ids that repeat: {', '.join(sorted(ids))}")
    for query in queries:
        metric = query.get("metric")
        if bool(metric) == bool(query.get("expression")):
            found.append(f"have {query.get('id')!r} with both or none of metric and expression")
        if metric:
            found += [
                f"have {query.get('id')!r} whose {key} {reason}"
                for key, reason in _period_problems("period", metric.get("period"))
            ]
    return [("metricQueries", reason) for reason in found]
