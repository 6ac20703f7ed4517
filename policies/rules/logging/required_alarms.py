"""Whoever serves models is told of failures, throttling, unhealthy nodes, spending and GPU hours."""

from collections.abc import Iterator
from dataclasses import dataclass

from policies.iam_documents import any_known
from policies.reading import Value
from policies.rule import PROD, NotApplicable, Outcome, Problem, Rule, Severity, each
from policies.stack import Item, Settings, Stack

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
BUDGET = "aws:budgets/budget:Budget"
STAGES = ("aws:apigateway/stage:Stage", "aws:apigatewayv2/stage:Stage")
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
FUNCTION = "aws:lambda/function:Function"
GROUP = "aws:autoscaling/group:Group"


@dataclass(frozen=True)
class Need:
    """An alarm that a stack with all of some types needs: one on any of `metrics`, lower case, of `namespace`."""

    what: str
    types: tuple[tuple[str, ...], ...]
    namespace: str
    metrics: frozenset[str]


FRONT = (*STAGES, LISTENER)
NEEDS = (
    Need("failures of the API (5XXError)", (STAGES,), "aws/apigateway", frozenset({"5xxerror", "5xx"})),
    Need(
        "failures behind the load balancer (HTTPCode_Target_5XX_Count)",
        ((LISTENER,), (BALANCER,)),
        "aws/applicationelb",
        frozenset({"httpcode_target_5xx_count", "httpcode_elb_5xx_count"}),
    ),
    Need("throttled functions (Throttles)", (FRONT, (FUNCTION,)), "aws/lambda", frozenset({"throttles"})),
    Need(
        "unhealthy targets (UnHealthyHostCount)",
        ((LISTENER,), (GROUP,)),
        "aws/applicationelb",
        frozenset({"unhealthyhostcount", "healthyhostcount", "unhealthyroutingrequestcount"}),
    ),
    Need(
        "node hours (GroupTotalInstances, GroupInServiceInstances)",
        (FRONT, (GROUP,)),
        "aws/autoscaling",
        frozenset({"grouptotalinstances", "groupinserviceinstances", "groupdesiredcapacity"}),
    ),
)


def check_stack(stack: Stack, settings: Settings) -> Iterator[Outcome]:
    """Look at which of the needed alarms the stack has. Only a stack that serves somebody needs any."""
    del settings
    if not stack.of(*FRONT):
        raise NotApplicable("the stack serves nobody: it has no stage and no listener")
    yield from each(NEEDS, lambda need: _alarm(stack, need))
    yield from each((stack,), _spending)


def _alarm(stack: Stack, need: Need) -> Iterator[Outcome]:
    if all(stack.of(*kinds) for kinds in need.types) and not any_known(stack.of(ALARM), lambda row: _on(row, need)):
        yield Problem("", f"no alarm tells of {need.what}")


def _on(alarm: Item, need: Need) -> bool:
    if _metric(Value(alarm.inputs, ""), need):
        return True
    return any_known(alarm.props.block_values("metricQueries"), lambda row: _query(row, need))


def _query(query: Value, need: Need) -> bool:
    metric = query.block().get("metric")
    return metric is not None and _metric(metric, need)


def _metric(value: Value, need: Need) -> bool:
    metric = value.block()
    if metric.text("metricName").strip().lower() not in need.metrics:
        return False
    return metric.text("namespace").strip().lower() == need.namespace


def _spending(stack: Stack) -> Iterator[Outcome]:
    billing = Need("", (), "aws/billing", frozenset({"estimatedcharges"}))
    told = any_known(stack.of(BUDGET), _notifies) or any_known(stack.of(ALARM), lambda row: _on(row, billing))
    if not told:
        yield Problem("", "neither a budget with notifications nor an alarm on EstimatedCharges tells of spending")


def _notifies(budget: Item) -> bool:
    return bool(budget.props.block_values("notifications"))


RULE = Rule(
    id="required-alarms",
    area="logging",
    title="Alarms tell of failures, throttling and spending",
    severity=Severity.MEDIUM,
    levels=PROD,
    types=(ALARM,),
    guards=("metricName", "namespace", "metricQueries"),
    check_stack=check_stack,
    rationale="Models fail and cost quietly: without these alarms a bill or a user is the first to tell.",
    fix="Add `aws.cloudwatch.MetricAlarm` on the metric that the message names, with an action.",
    references={"owasp-llm-2026": ("LLM06",)},
)
