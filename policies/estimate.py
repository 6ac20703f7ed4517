"""Hands a stack to the estimate of the catalogue, and tells what comes out so that somebody can act on it."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from catalog.deployed import Deployed, DeployedResource
from catalog.families import canonical_resources
from catalog.month import month
from catalog.pricing import Line, Unknown
from catalog.tables import catalogue
from catalog.usage import Usage
from catalog.view import Case, View
from policies.normalise import UNKNOWN
from policies.reading import Unread
from policies.rule import Parameter
from policies.stack import Item, Settings, Stack

LATER = Unknown("it is not known yet", unread=True)
LARGEST = 5
NAMES = ("id", "arn", "name", "bucket")


def _number(name: str, default: float | None, description: str) -> Parameter:
    return Parameter(name, "number", default, description, minimum=0)


FREE_TYPES = Parameter(
    "freeTypes", "texts", (), "Resource types that cost nothing, though the catalogue does not say so."
)
INSTANCE_TYPES = Parameter(
    "instanceTypes", "texts", (), "Types that an instance may have whose type is not known yet: the dearest counts."
)
LIMITS: tuple[Parameter, ...] = (
    _number("requests", None, "The most requests a month that reach one API; without it the throttles decide."),
    _number("requestBytes", 65536, "Bytes that an answer of an API sends to the internet, on average."),
    _number("logBytes", 2048, "Bytes that one request or invocation writes to one log, on average."),
    _number("logGb", 10, "GB a month that a log takes in which neither a function nor an API of the stack writes."),
    _number("storedGb", 50, "GB in each bucket, table and image repository."),
    _number("storeRequests", 1_000_000, "Requests a month to each bucket, key and secret."),
    _number("messages", 100_000, "Messages a month through each topic and queue."),
    _number("dataGb", None, "GB a month through each NAT gateway, interface endpoint and balancer; none is declared."),
    _number("managedUsd", None, "What managed models may cost a month in a stack without a limit of its own."),
    _number("imageGib", 100, "GiB of the root volume of an instance whose image decides its size."),
    INSTANCE_TYPES,
    FREE_TYPES,
)
"""Declared limits for what no resource of AWS caps. What a resource caps needs none."""
EXPECTATIONS: tuple[Parameter, ...] = (
    _number("expectedRequests", 100_000, "Requests a month to each API, function and table that are expected."),
    _number("expectedSeconds", 5, "Seconds for which a function is expected to work on a request."),
    Parameter(
        "expectedBusyShare",
        "number",
        0.25,
        "The share of the time for which what scales is expected to be at its peak.",
        minimum=0,
        maximum=1,
    ),
)
FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "requests": "requests",
        "requestBytes": "request_bytes",
        "logBytes": "log_bytes",
        "logGb": "log_gb",
        "storedGb": "stored_gb",
        "storeRequests": "store_requests",
        "messages": "messages",
        "dataGb": "data_gb",
        "managedUsd": "managed_usd",
        "imageGib": "image_gib",
        "expectedRequests": "expected_requests",
        "expectedSeconds": "expected_seconds",
        "expectedBusyShare": "expected_busy_share",
    }
)


def usage_of(settings: Settings) -> Usage:
    """Return the declared use that a rule's parameters hold; those that it does not have are the defaults."""
    given = {
        field: None if settings.values[name] is None else Decimal(str(settings.values[name]))
        for name, field in FIELDS.items()
        if name in settings.values
    }
    texts = {
        field: tuple(settings.values.get(name, ()))
        for name, field in (("instanceTypes", "instance_types"), ("freeTypes", "free_types"))
    }
    return Usage(**given, **texts)  # type: ignore[arg-type]


def lines_of(case: Case, stack: Stack, settings: Settings) -> tuple[Line, ...]:
    """Return the lines of a month of a stack. Raises Unread when its region is not known."""
    return month(case, deployed(stack), region_of(stack), usage_of(settings))


def view_of(case: Case, stack: Stack, settings: Settings) -> View:
    """Return the stack as the arithmetic of the catalogue looks at it. Raises Unread when its region is not known."""
    resources = canonical_resources(deployed(stack))
    return View(case, Deployed(resources), region_of(stack), usage_of(settings), catalogue())


def deployed(stack: Stack) -> tuple[DeployedResource, ...]:
    """Return the resources of a stack as the estimate takes them; components and providers create nothing."""
    return tuple(_deployed(item) for item in stack.items if creates(item))


def creates(item: Item) -> bool:
    """Return whether an item is a resource of a cloud."""
    return not item.component and not item.given_type.startswith("pulumi:")


def region_of(stack: Stack) -> str:
    """Return the region of a stack: what it says, else what its resources or their provider say."""
    if stack.region:
        return stack.region
    for item in stack.items:
        for source in (item.provider_inputs, item.inputs, item.outputs):
            found = (source or {}).get("region")
            if isinstance(found, str) and found:
                return found
    raise Unread("region", "the stack does not say in which region it is, which decides the prices")


def _deployed(item: Item) -> DeployedResource:
    """Return one resource: what the program asks for, and the names that AWS gave it.

    Its other outputs say how things are just now, as how many nodes a group has: no estimate of the program's.
    """
    named = {key: item.outputs[key] for key in NAMES if isinstance(item.outputs.get(key), str)}
    properties = {**named, **{key: value for key, value in item.inputs.items() if key not in named}}
    identity = item.outputs.get("id")
    return DeployedResource(
        item.type,
        item.name,
        {key: _plain(value) for key, value in properties.items()},
        item.property_dependencies,
        (item.urn, identity) if isinstance(identity, str) else (item.urn,),
    )


def _plain(value: Any) -> Any:
    if value is UNKNOWN:
        return LATER
    if isinstance(value, Mapping):
        return {key: _plain(row) for key, row in value.items()}
    return [_plain(row) for row in value] if isinstance(value, list) else value


def item_named(stack: Stack, line: Line) -> Item | None:
    """Return the resource that a line is for, where it is for one only."""
    if len(line.resources) != 1:
        return None
    found = [item for item in stack.items if item.name == line.resources[0] and creates(item)]
    return found[0] if len(found) == 1 else next((row for row in found if line.item == row.type), None)


def largest(lines: Sequence[Line]) -> str:
    """Return the five largest items with what lowers each, and of when the oldest of their prices is."""
    top = [line for line in lines if isinstance(line.high, Decimal)][:LARGEST]
    told = "; ".join(_told(line) for line in top)
    return f"largest: {told}. Prices as compared with their sources on {catalogue().prices_checked}"


def _told(line: Line) -> str:
    lower = f", lowered by {line.knob}" if line.knob else ""
    return f"{line.item} of {names_in(line)} {usd(line.high)}{lower}"


def names_in(line: Line) -> str:
    """Return the resources that a line is for, the first two by name."""
    return ", ".join(line.resources[:2]) + (", ..." if len(line.resources) > 2 else "")


def usd(amount: object) -> str:
    """Return an amount in USD to the cent."""
    return f"{amount:.2f} USD" if isinstance(amount, Decimal) else str(amount)


def finite(lines: Sequence[Line]) -> Decimal:
    """Return the sum of the upper bounds that are numbers: what a month comes to without the rest."""
    return sum((line.high for line in lines if isinstance(line.high, Decimal)), Decimal(0))


def unknown(lines: Sequence[Line]) -> Iterator[tuple[Line, Unknown]]:
    """Yield the lines whose upper bound is unknown."""
    for line in lines:
        if isinstance(line.high, Unknown):
            yield line, line.high
