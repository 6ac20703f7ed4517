"""What the gateway needs of the places that hold its state and its providers' keys; a stack's table is one of them.

Methods raise AwsError where a store does not answer; one in this process always does.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from runtime.decide.breakers import Breaker
from runtime.decide.limits import Counter, RateLimits
from runtime.state.budgets import Reservation
from runtime.state.keys import KeyRecord
from runtime.state.rates import Admitted
from runtime.state.table import StopFlag


class ItemStore(Protocol):
    """What people write: keys, limits and the stop flag."""

    async def key(self, key_id: str) -> KeyRecord | None:
        """Return the key of that id, or None."""

    async def stop_flag(self) -> StopFlag:
        """Return whether the stack is stopped."""

    async def values(self, partition: str, sort: str) -> dict[str, Any]:
        """Return what an item holds; empty when there is none."""


class BudgetStore(Protocol):
    """What is spent and put aside, as `runtime.state.budgets.Budgets` keeps it."""

    async def reserve(self, counters: Sequence[Counter], amount: int, *, now: float, until: float) -> Reservation:
        """Put micro-dollars aside in all counters or none; raises LimitReachedError."""

    async def settle(self, reservation: Reservation, charge: int, *, estimated: bool = False) -> bool:
        """Charge a reservation once; returns False when it is settled already."""


class RateStore(Protocol):
    """How fast each key asks, as `runtime.state.rates.Rates` counts it."""

    async def admit(self, key_id: str, limits: RateLimits, tokens: int, *, now: float, until: float) -> Admitted:
        """Count a request, or raise RateLimitedError and count nothing."""

    async def release(self, admitted: Admitted, used_tokens: int | None, *, now: float) -> None:
        """Give a request's slot back and put its tokens right."""


class BreakerStore(Protocol):
    """Which upstreams are left alone, as `runtime.state.breakers.BreakerItem` keeps it."""

    async def read(self) -> dict[str, Breaker]:
        """Return the breakers that are not closed."""

    async def change(self, upstream: str, before: Breaker, after: Breaker) -> bool:
        """Write a breaker if it still is as it was; returns whether it was."""


class KeyRing(Protocol):
    """The providers' keys."""

    async def get(self, provider: str) -> str:
        """Return a provider's key, empty for one that takes none; raises GatewayError 503 when it cannot be had."""

    def refused(self, provider: str) -> None:
        """Note that the provider refused its key."""
