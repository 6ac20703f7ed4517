"""What people declare of a stack's use: how much they expect, and limits for what no resource of AWS can cap."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Usage:
    """Declared use in a month. None declares nothing: the item is then unbounded unless a resource caps it.

    What a resource caps never needs a declaration, and where both exist the smaller one counts.
    """

    expected_requests: Decimal = Decimal(100_000)
    """Requests to each API, function, table that are expected."""
    expected_seconds: Decimal = Decimal(5)
    """How long a function is expected to work on one of them."""
    expected_busy_share: Decimal = Decimal("0.25")
    """The share of the time for which what can scale or be spent is expected to be used up."""

    requests: Decimal | None = None
    """The most requests that reach one API; None leaves it to the throttles."""
    request_bytes: Decimal | None = Decimal(65536)
    """Bytes that an answer sends to the internet, on average over the requests."""
    log_bytes: Decimal | None = Decimal(2048)
    """Bytes that one request or invocation writes to one log, on average."""
    log_gb: Decimal | None = Decimal(10)
    """GB that a log takes in which neither a function nor an API of the stack writes."""
    stored_gb: Decimal | None = Decimal(50)
    """GB in each bucket, table and image repository. AWS has no limit on any of them."""
    store_requests: Decimal | None = Decimal(1_000_000)
    """Requests to each bucket, key and secret."""
    messages: Decimal | None = Decimal(100_000)
    """Messages through each topic and queue."""
    data_gb: Decimal | None = None
    """GB through each NAT gateway, interface endpoint and load balancer."""
    managed_usd: Decimal | None = None
    """What managed models may cost, if the stack has no spending limit of its own."""
    image_gib: Decimal = Decimal(100)
    """The root volume of an instance whose image decides its size."""
    instance_types: tuple[str, ...] = ()
    """The types that an instance may have whose type is not known: the dearest of them is taken."""
    free_types: tuple[str, ...] = ()
    """Resource types that cost nothing, though no table of ours says so."""
