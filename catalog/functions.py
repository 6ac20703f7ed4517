"""What Lambda functions cost by use: their requests, their time, their logs.

Reserved concurrency caps both requests and time: each environment takes at most ten requests a second (Lambda quotas,
requests per second). So do the throttles of the APIs, where the stack lets nothing else call the function.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType

from catalog.deployed import DeployedResource, amount, block_of, number, text, texts, word
from catalog.pricing import Unbounded
from catalog.traffic import HTTP_API, REST_API, api_requests, logged
from catalog.view import Cap, Charge, View, declared, scaled, smaller, used

FUNCTION, PERMISSION = "aws:lambda/function:Function", "aws:lambda/permission:Permission"
OTHER_CALLERS: Mapping[str, str] = MappingProxyType(
    {
        "aws:cloudwatch/eventTarget:EventTarget": "arn",
        "aws:lambda/eventSourceMapping:EventSourceMapping": "functionName",
        "aws:lambda/functionUrl:FunctionUrl": "functionName",
        "aws:scheduler/schedule:Schedule": "target",
        "aws:sns/topicSubscription:TopicSubscription": "endpoint",
    }
)
"""What calls a function besides an API, each with the property that names the function."""
REQUESTS_PER_SECOND = 10
"""What one environment takes at most."""
FREE_STORAGE_MIB = 512
METRICS = "LEANTO_METRICS"
"""The variable in which a function of ours says how many metrics it writes."""


def function(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A function costs its requests, the GB-seconds of its memory and of extra disk, and its log."""
    usage, name = view.usage, resource.name
    requests = _requests(resource, view)
    yield used(view, "lambda.requests", usage.expected_requests, requests, name)
    busy = _busy_seconds(resource, requests, view)
    expected = usage.expected_requests * min(usage.expected_seconds, amount(resource.properties, "timeout", 3))
    memory = amount(resource.properties, "memorySize", 128) / 1024
    processor = word(
        {"architectures": (texts(resource.properties, "architectures") or ("x86_64",))[0]}, "architectures"
    )
    yield used(view, f"lambda.duration-{processor}", expected * memory, _times(busy, memory, "memorySize"), name)
    disk = amount(block_of(resource.properties, "ephemeralStorage"), "size", FREE_STORAGE_MIB)
    if disk > FREE_STORAGE_MIB:
        extra = (disk - FREE_STORAGE_MIB) / 1024
        yield used(view, "lambda.storage-above-512", expected * extra, _times(busy, extra, "ephemeralStorage"), name)
    yield from logged(view, resource, "loggingConfig", usage.expected_requests, requests)
    yield from _metrics(resource, view)


def _metrics(resource: DeployedResource, view: View) -> Iterator[Charge]:
    """A function that writes metrics of its own into its log says how many; each is paid for once it has samples."""
    environment = resource.properties.get("environment")
    variables = environment.get("variables") if isinstance(environment, Mapping) else None
    count = amount(variables, METRICS) if isinstance(variables, Mapping) else Decimal(0)
    if count:
        knob = f"{resource.name}.environment.variables.{METRICS}"
        cap = Cap(count, knob, f"{count:f} metrics with samples in each hour, as {METRICS} says")
        yield used(view, "cloudwatch.metric", count, cap, resource.name)


def concurrency(resource: DeployedResource) -> Decimal | None:
    """Return how many environments a function may have at a time; None when nothing is reserved for it."""
    reserved = number(resource.properties, "reservedConcurrentExecutions")
    return None if reserved is None or reserved < 0 else reserved


def _requests(resource: DeployedResource, view: View) -> Cap:
    knob = f"{resource.name}.reservedConcurrentExecutions"
    reserved = concurrency(resource)
    if reserved is None:
        own = Cap(Unbounded(f"set {knob}"), knob, "no reserved concurrency")
    else:
        basis = f"{reserved:f} environments of ten requests a second, all month"
        own = Cap(reserved * REQUESTS_PER_SECOND * view.seconds, knob, basis)
    through_apis = _through_apis(resource, view)
    bound = own if through_apis is None else smaller(through_apis, own)
    if view.usage.requests is None or not isinstance(bound.most, Decimal):
        return bound
    return smaller(bound, declared(view.usage.requests, "requests", f"the requests to {resource.name}"))


def _through_apis(resource: DeployedResource, view: View) -> Cap | None:
    """Return what the APIs let through to a function, or None when something else may call it too."""
    if any(view.stack.pointing_at(resource, kind, key) for kind, key in OTHER_CALLERS.items()):
        return None
    permissions = view.stack.pointing_at(resource, PERMISSION, "function")
    callers: dict[int, DeployedResource] = {}
    for permission in permissions:
        apis = view.stack.targets(permission, "sourceArn", REST_API, HTTP_API)
        if text(permission.properties, "principal") != "apigateway.amazonaws.com" or not apis:
            return None
        callers |= {id(api): api for api in apis}
    if not callers:
        return None
    caps = [api_requests(api, view) for api in callers.values()]
    if any(not isinstance(cap.most, Decimal) for cap in caps):
        return next(cap for cap in caps if not isinstance(cap.most, Decimal))
    total = sum((cap.most for cap in caps if isinstance(cap.most, Decimal)), Decimal(0))
    return Cap(total, caps[0].knob, f"{caps[0].basis}, by permission of {len(permissions)} API methods only")


def _busy_seconds(resource: DeployedResource, requests: Cap, view: View) -> Cap:
    """Return for how many seconds in all the function's environments can work."""
    timeout = amount(resource.properties, "timeout", 3)
    by_timeout = Cap(
        scaled(requests.most, timeout), f"{requests.knob}, timeout", f"{requests.basis}, each to its timeout"
    )
    reserved = concurrency(resource)
    if reserved is None:
        return by_timeout
    knob = f"{resource.name}.reservedConcurrentExecutions"
    return smaller(Cap(reserved * view.seconds, knob, f"{reserved:f} environments at work all month"), by_timeout)


def _times(seconds: Cap, gb: Decimal, key: str) -> Cap:
    return Cap(scaled(seconds.most, gb), f"{seconds.knob}, {key}", f"{seconds.basis}; {gb:f} GB")
