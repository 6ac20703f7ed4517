"""A key's limits of speed as requests meet them: requests and tokens a minute, and how many run at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from runtime.aws import AwsError
from runtime.decide.limits import CONCURRENCY, REQUESTS, TOKENS, Allowance, RateLimits
from runtime.decide.rates import Refusal, rate_headers
from runtime.gateway.access import Record
from runtime.gateway.answers import NO_RETRY, GatewayError
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.spending import LATE_SECONDS, bounded
from runtime.gateway.stores import RateStore
from runtime.log import write_error
from runtime.state.rates import Admitted, RateLimitedError

IMAGE_TOKENS = 1_500
"""About what a photograph costs; what it did cost is counted once the usage tells."""

WORDS = {REQUESTS: "requests a minute", TOKENS: "tokens a minute", CONCURRENCY: "requests at once"}


class RateLimiter:
    """Admits requests as fast as their keys may ask."""

    def __init__(self, rates: RateStore, clock: Callable[[], float] = time.time):
        self._rates = rates
        self._clock = clock

    @asynccontextmanager
    async def admitted(
        self, allowance: Allowance, request: ChatRequest, all_by: float, record: Record
    ) -> AsyncIterator[Callable[[], Awaitable[None]] | None]:
        """Count a request of a key while it runs; `all_by` is when it is over at the latest, by the loop's clock.

        Gives what ends it, to be called before its answer does; leaving ends it too, if that is still to be done.
        Raises GatewayError: 429 with `retry-after` when it comes too soon, 503 when the table does not answer. The
        response's headers tell what is left of the minute.
        """
        limits = allowance.book.rates(allowance.key_id)
        if limits.are_none:
            yield None
            return
        admitted = await self._admit(allowance.key_id, limits, request, all_by)
        record.headers = rate_headers(limits, admitted.window, self._clock())
        is_open = True

        async def release() -> None:
            nonlocal is_open
            if is_open:
                await self._release(admitted, record)
                is_open = False

        try:
            yield release
        finally:
            await release()

    async def _admit(self, key_id: str, limits: RateLimits, request: ChatRequest, all_by: float) -> Admitted:
        tokens = _tokens(request) if limits.tokens is not None else 0
        now = self._clock()
        until = now + max(0.0, all_by - asyncio.get_running_loop().time()) + LATE_SECONDS
        try:
            return await self._rates.admit(key_id, limits, tokens, now=now, until=until)
        except RateLimitedError as error:
            headers = rate_headers(limits, error.window, now) if error.window else {}
            raise _refused(error.refusal, limits, headers) from None
        except AwsError as error:
            message = f"The stack's table did not answer ({error.code}); no request passes without it."
            raise GatewayError(503, "state_unavailable", message) from None

    async def _release(self, admitted: Admitted, record: Record) -> None:
        used = record.prompt_tokens + record.output_tokens if record.prompt_tokens else None
        try:
            await self._rates.release(admitted, used, now=self._clock())
        except AwsError as error:
            write_error("release_failed", error, request_id=record.request_id)


def _tokens(request: ChatRequest) -> int:
    """Return the most tokens that a request says it uses.

    Without a maximum, its answer is counted when it is there; an image counts the same at first, whatever its model.
    """
    demand = bounded(request)
    images = IMAGE_TOKENS * demand.images.count
    return demand.prompt_tokens + images + (demand.output_tokens or 0) * demand.choices


def _refused(refusal: Refusal, limits: RateLimits, headers: dict[str, str]) -> GatewayError:
    limit = {REQUESTS: limits.requests, TOKENS: limits.tokens, CONCURRENCY: limits.concurrency}[refusal.limit]
    message = f"This key is for {limit} {WORDS[refusal.limit]}."
    if refusal.retry_after_seconds is None:
        message += " This request alone is more."
        headers = {**headers, **NO_RETRY}
    else:
        message += f" Ask again in {refusal.retry_after_seconds} s."
        headers = {**headers, "retry-after": str(refusal.retry_after_seconds)}
    return GatewayError(429, "rate_limit_exceeded", message, headers=headers)
