"""What requests cost at the API that lets them in, and in the logs that tell of them.

The throttles of an API cap its requests; they hold for each of its methods, and a REST API takes ANY for one method of
each verb. Requests that a throttle turns away are not billed. AWS aims at a throttle rather than to guarantee it. What
is written to logs has no cap of its own: requests times a declared size.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from catalog.deployed import DeployedResource, amount, block_of, blocks, flag, number, text
from catalog.pricing import Unbounded, Unknown
from catalog.view import Cap, Charge, View, declared, scaled, smaller, used

REST_API, HTTP_API = "aws:apigateway/restApi:RestApi", "aws:apigatewayv2/api:Api"
STAGE, HTTP_STAGE = "aws:apigateway/stage:Stage", "aws:apigatewayv2/stage:Stage"
METHOD, ROUTE = "aws:apigateway/method:Method", "aws:apigatewayv2/route:Route"
METHOD_SETTINGS = "aws:apigateway/methodSettings:MethodSettings"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
METRICS_PER_METHOD = 7
VERBS = 7
"""How many methods ANY is in a REST API: its stage has limits for DELETE, GET, HEAD, OPTIONS, PATCH, POST and PUT."""
GB = Decimal(1_000_000_000)
YEAR_DAYS = Decimal(365)


def api_requests(api: DeployedResource, view: View) -> Cap:
    """Return how many requests an API lets in a month: its throttles on each of its methods, or a declared limit."""
    by_throttle = _http_throttle(api, view) if api.type == HTTP_API else _rest_throttle(api, view)
    if view.usage.requests is None:
        return by_throttle
    return smaller(by_throttle, declared(view.usage.requests, "requests", f"the requests to {api.name}"))


def _rest_throttle(api: DeployedResource, view: View) -> Cap:
    methods = sum(_verbs(row) for row in view.stack.pointing_at(api, METHOD, "restApi"))
    settings = view.stack.pointing_at(api, METHOD_SETTINGS, "restApi")
    if not methods:
        return Cap(Unknown(f"the methods of {api.name} are not in the stack"), f"{api.name}.body", "")
    total = Cap(Decimal(0), f"{api.name}: no stage", "no stage serves it")
    for stage in view.stack.pointing_at(api, STAGE, "restApi"):
        rates = _method_rates([row for row in settings if _same_stage(row, stage)])
        knob = f"{stage.name}: methodSettings.settings.throttlingRateLimit"
        total = _added(total, _rate(rates.pop("*/*", None), rates, methods, knob, view))
    return total


def _verbs(method: DeployedResource) -> int:
    return VERBS if text(method.properties, "httpMethod").upper() == "ANY" else 1


def _same_stage(settings: DeployedResource, stage: DeployedResource) -> bool:
    name = text(settings.properties, "stageName")
    return name == text(stage.properties, "stageName") or name in stage.names


def _method_rates(rows: list[DeployedResource]) -> dict[str, Decimal | None]:
    return {
        text(row.properties, "methodPath"): number(block_of(row.properties, "settings"), "throttlingRateLimit")
        for row in rows
    }


def _http_throttle(api: DeployedResource, view: View) -> Cap:
    routes = len(view.stack.pointing_at(api, ROUTE, "apiId"))
    if not routes:
        return Cap(Unknown(f"the routes of {api.name} are not in the stack"), f"{api.name}.body", "")
    total = Cap(Decimal(0), f"{api.name}: no stage", "no stage serves it")
    for stage in view.stack.pointing_at(api, HTTP_STAGE, "apiId"):
        general = number(block_of(stage.properties, "defaultRouteSettings"), "throttlingRateLimit")
        single = {
            text(row, "routeKey"): number(row, "throttlingRateLimit")
            for row in blocks(stage.properties, "routeSettings")
        }
        knob = f"{stage.name}.defaultRouteSettings.throttlingRateLimit"
        total = _added(total, _rate(general, single, routes, knob, view))
    return total


def _rate(general: Decimal | None, single: Mapping[str, Decimal | None], methods: int, knob: str, view: View) -> Cap:
    """Return what a stage lets through: each method has the general rate, or its own."""
    own = [general if rate is None else rate for rate in list(single.values())[:methods]]
    rates = [*own, *[general] * (methods - len(own))]
    if any(rate is None or rate < 0 for rate in rates):
        return Cap(Unbounded(f"set {knob}"), knob, "a method without a throttle")
    second = sum((rate for rate in rates if rate is not None), Decimal(0))
    return Cap(second * view.seconds, knob, f"{second:f} requests a second over {methods} methods, all month")


def _added(one: Cap, other: Cap) -> Cap:
    if isinstance(one.most, Decimal) and isinstance(other.most, Decimal):
        return Cap(one.most + other.most, other.knob, other.basis)
    return one if isinstance(one.most, Unbounded) or isinstance(other.most, Decimal) else other


def rest_api(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A REST API costs its requests, what it sends to the internet, its access log and its detailed metrics."""
    cap = api_requests(resource, view)
    yield from _api(resource, view, cap, "apigateway.rest-requests")
    methods = view.stack.pointing_at(resource, METHOD, "restApi")
    settings = view.stack.pointing_at(resource, METHOD_SETTINGS, "restApi")
    if any(flag(block_of(row.properties, "settings"), "metricsEnabled") for row in settings):
        least = Decimal(len(methods) * METRICS_PER_METHOD)
        most = Decimal(sum(map(_verbs, methods)) * METRICS_PER_METHOD)
        every = Cap(most, f"{resource.name}: methodSettings.settings.metricsEnabled", "seven metrics a method")
        yield used(view, "cloudwatch.metric", least, every, resource.name)


def http_api(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """An HTTP API costs its requests, what it sends to the internet and its access log."""
    if text(resource.properties, "protocolType", "HTTP") != "HTTP":
        yield Charge("apigateway.websocket-messages", Decimal(1), Decimal(1), f"{resource.name}.protocolType")
        return
    yield from _api(resource, view, api_requests(resource, view), "apigateway.http-requests")


def _api(resource: DeployedResource, view: View, cap: Cap, item: str) -> Iterator[Charge]:
    expected, name = view.usage.expected_requests, resource.name
    yield used(view, item, expected, cap, name)
    size = declared(view.usage.request_bytes, "requestBytes", f"the answers of {name}")
    yield used(view, "transfer.internet", *_sized(expected, cap, size), name)
    kind, key = (HTTP_STAGE, "apiId") if resource.type == HTTP_API else (STAGE, "restApi")
    for stage in view.stack.pointing_at(resource, kind, key):
        if blocks(stage.properties, "accessLogSettings"):
            yield from logged(view, stage, "accessLogSettings", expected, cap)


def _sized(expected: Decimal, count: Cap, size: Cap) -> tuple[Decimal, Cap]:
    """Return how many GB events of a size are: those expected, and the most."""
    if not isinstance(size.most, Decimal):
        return Decimal(0), size
    gb = size.most / GB
    basis = f"{count.basis}, {size.most:f} bytes each, {size.basis}"
    return expected * gb, Cap(scaled(count.most, gb), f"{count.knob}, {size.knob}", basis)


def logged(view: View, writer: DeployedResource, key: str, expected: Decimal, count: Cap) -> Iterator[Charge]:
    """Yield what log lines cost: taking them in, and keeping a retention's worth of them."""
    size = declared(view.usage.log_bytes, "logBytes", f"the log of {writer.name}")
    likely, cap = _sized(expected, count, size)
    yield used(view, "cloudwatch.logs-ingest", likely, cap, writer.name)
    groups = view.stack.targets(writer, key, LOG_GROUP) or _own_log_group(view, writer)
    days = max((amount(group.properties, "retentionInDays") for group in groups), default=Decimal(0)) or YEAR_DAYS
    months = max(Decimal(1), days / 31)
    kept = Cap(scaled(cap.most, months), f"{cap.knob}, retentionInDays", f"{cap.basis}; kept {days:f} days")
    yield used(view, "cloudwatch.logs-storage", likely * months, kept, writer.name)


def _own_log_group(view: View, writer: DeployedResource) -> tuple[DeployedResource, ...]:
    """Return the log group in which a function writes that names none."""
    name = writer.properties.get("name")
    return tuple(row for row in view.stack.of(LOG_GROUP) if row.properties.get("name") == f"/aws/lambda/{name}")


def log_group(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A log group in which neither a function nor an API of the stack writes has a declared limit."""
    writers = (
        *view.stack.pointing_at(resource, "aws:lambda/function:Function", "loggingConfig"),
        *view.stack.pointing_at(resource, STAGE, "accessLogSettings"),
        *view.stack.pointing_at(resource, HTTP_STAGE, "accessLogSettings"),
    )
    of_function = text(resource.properties, "name").startswith("/aws/lambda/")
    if not writers and not of_function:
        cap = declared(view.usage.log_gb, "logGb", f"what is logged to {resource.name}")
        yield used(view, "cloudwatch.logs-ingest", Decimal(1), cap, resource.name)
        days = amount(resource.properties, "retentionInDays") or YEAR_DAYS
        months = max(Decimal(1), days / 31)
        kept = Cap(scaled(cap.most, months), f"{cap.knob}, retentionInDays", f"{cap.basis}; kept {days:f} days")
        yield used(view, "cloudwatch.logs-storage", months, kept, resource.name)
