"""Which upstream of a route is asked, whether another is asked after it, and when; pure.

A target is passed over for good when it may not or cannot take the request, and for now while its breaker is open. A
request that is likely too long for a target goes to others first: the estimate is not exact, so it never refuses one.

Another attempt is made only when it is certain that nobody bills the one before, and nothing of an answer has reached
the client: the connection was not made, or the upstream answered with 408, 429 or a status of 500 and above.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

TOOLS, VISION = "tools", "vision"
ABILITIES = (TOOLS, VISION)
"""What a route may say that its model lacks."""

IMAGE_PRICES, IMAGE_ADDRESSES = "image prices", "image addresses"
LACKING: Mapping[str, str] = MappingProxyType(
    {
        TOOLS: "its model does not take tools",
        VISION: "its model does not take vision",
        IMAGE_PRICES: "nobody knows here what images cost at its model",
        IMAGE_ADDRESSES: "it is sent images as data: URLs only",
    }
)
"""What else an upstream may lack besides an endpoint, and what that means, in the order in which it is told."""

MAXIMUM_ATTEMPTS = 4
ATTEMPTS_PER_TARGET = 2
MAXIMUM_WAIT_SECONDS = 2.0
"""Longer waits are left to the client: on Lambda waiting is paid for, and takes a place from another request."""

LEAST_LEFT_SECONDS = 1.0
"""With less than this before its deadline, no further attempt is worth its price."""

PAUSE_SECONDS = 0.1
REQUEST_TIMEOUT, TOO_MANY_REQUESTS, SERVER_ERRORS = 408, 429, 500


@dataclass(frozen=True)
class Target:
    """What is known of an upstream before it is asked.

    `place` is where it processes requests ("eu", "us"; empty is not known or anywhere). `context_tokens` and
    `maximum_output_tokens` are None where nobody knows them. `unready` is why a local one cannot be asked now, empty
    when it can; `ready_in_seconds` is when it can be expected to be ready.
    """

    name: str
    is_local: bool = False
    place: str = ""
    lacks: frozenset[str] = frozenset()
    context_tokens: int | None = None
    maximum_output_tokens: int | None = None
    unready: str = ""
    ready_in_seconds: float = 0.0


@dataclass(frozen=True)
class Needs:
    """What a request needs of an upstream; `prompt_tokens` is an estimate, None when there is none.

    `places` are those where it may be processed besides the stack's own nodes; None is everywhere.
    """

    prompt_tokens: int | None = None
    output_tokens: int | None = None
    abilities: frozenset[str] = frozenset()
    places: frozenset[str] | None = None


@dataclass(frozen=True)
class PassedOver:
    """A target that is not asked, and why; `param` is the part of the request that it cannot take, if that is why.

    `seconds` is in how long it may be asked again, 0 when waiting does not help or nobody knows.
    """

    target: int
    reason: str
    param: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Plan:
    """The targets in the order in which they are asked, by their places in the route, and those that are not."""

    order: tuple[int, ...]
    passed_over: tuple[PassedOver, ...]


@dataclass(frozen=True)
class Failure:
    """An attempt that brought no answer: how far it came, as far as is known.

    `sent`: the upstream may have got the request. `status`: that of its answer, 0 without one. `begun`: the client has
    got a part of it. `out_of_time`: the time of the request as a whole was over, which tells nothing of the upstream.
    """

    sent: bool
    status: int = 0
    begun: bool = False
    out_of_time: bool = False


@dataclass(frozen=True)
class Try:
    """An attempt that failed, after which its target may be asked again from `ready_at` on; None is never."""

    target: int
    ready_at: float | None


@dataclass(frozen=True)
class Next:
    """The next attempt: at which target, and after how many seconds."""

    target: int
    wait_seconds: float


def plan(targets: Sequence[Target], needs: Needs, open_seconds: Sequence[float]) -> Plan:
    """Return which targets are asked in which order; `open_seconds` tells for each how long its breaker stays open."""
    passed = [found for index, target in enumerate(targets) if (found := _unfit(index, target, needs))]
    able = [index for index in range(len(targets)) if index not in {found.target for found in passed}]
    fitting = [index for index in able if _likely_fits(targets[index], needs)] or able
    passed += [PassedOver(index, "the request is likely too long for it") for index in able if index not in fitting]
    for index in fitting:
        if open_seconds[index] > 0:
            passed.append(PassedOver(index, "it failed repeatedly and is left alone", seconds=open_seconds[index]))
    order = tuple(index for index in fitting if open_seconds[index] <= 0)
    return Plan(order, tuple(sorted(passed, key=lambda found: found.target)))


def _unfit(index: int, target: Target, needs: Needs) -> PassedOver | None:
    # The stack's own nodes are where the team says that its data may be.
    if needs.places is not None and not target.is_local and target.place not in needs.places:
        return PassedOver(index, "the request's data class does not allow it", "data_class")
    missing = needs.abilities & target.lacks
    if not missing:
        return PassedOver(index, target.unready, seconds=target.ready_in_seconds) if target.unready else None
    first = min(missing - LACKING.keys(), default="") or next(name for name in LACKING if name in missing)
    return PassedOver(index, LACKING.get(first, f"its model does not answer at /{first}"), first)


def _likely_fits(target: Target, needs: Needs) -> bool:
    pairs = ((needs.prompt_tokens, target.context_tokens), (needs.output_tokens, target.maximum_output_tokens))
    return all(needed is None or most is None or needed <= most for needed, most in pairs)


def may_ask_again(failure: Failure) -> bool:
    """Return whether another attempt can be made: it is certain that nobody bills this one, and the client got nothing.

    A connection that broke after the request was sent may have carried a billed one, so it is not repeated.
    """
    if failure.begun:
        return False
    return not failure.sent or _is_passing(failure.status)


def is_unwell(failure: Failure) -> bool:
    """Return whether an attempt tells that its upstream is in trouble, rather than this request or its sender's limits.

    An answer of 429 tells of a limit, one of 4xx of the request or of the stack's key.
    """
    if failure.out_of_time:
        return False
    answered = 300 <= failure.status < SERVER_ERRORS and failure.status != REQUEST_TIMEOUT
    return not failure.sent or not answered


def _is_passing(status: int) -> bool:
    return status in {REQUEST_TIMEOUT, TOO_MANY_REQUESTS} or status >= SERVER_ERRORS


def pause_seconds(earlier_attempts: int, retry_after: float | None, jitter: float) -> float:
    """Return how long a target is left alone after an attempt: as it says, else a random time that doubles.

    `jitter` is from 0 to 1: what clients repeat at the same moment is spread.
    """
    if retry_after is not None:
        return max(0.0, retry_after)
    return PAUSE_SECONDS * 2.0**earlier_attempts * (1 + jitter)


def next_attempt(order: Sequence[int], tries: Sequence[Try], now: float, deadline: float) -> Next | None:
    """Return the next attempt after those that failed, or None when there is none worth making.

    Each target is asked once before any is asked again; then the one that is ready first.
    """
    if len(tries) >= MAXIMUM_ATTEMPTS or now + LEAST_LEFT_SECONDS > deadline:
        return None
    counts = {target: sum(one.target == target for one in tries) for target in order}
    for target in order:
        if counts[target] == 0:
            return Next(target, 0.0)
    last = {one.target: one.ready_at for one in tries}
    ready = [
        (at, place, target)
        for place, target in enumerate(order)
        if counts[target] < ATTEMPTS_PER_TARGET and (at := last[target]) is not None
    ]
    if not ready:
        return None
    at, _, target = min(ready)
    wait = max(0.0, at - now)
    if wait > MAXIMUM_WAIT_SECONDS or now + wait + LEAST_LEFT_SECONDS > deadline:
        return None
    return Next(target, wait)
