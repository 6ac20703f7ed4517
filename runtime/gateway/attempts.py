"""The attempts that one request makes at its route's upstreams, each with money of its own put aside."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.decide.limits import Allowance
from runtime.decide.retry_after import retry_after_seconds
from runtime.decide.routing import Failure, Needs, Next, Plan, Target, Try, is_unwell, may_ask_again, next_attempt
from runtime.decide.routing import pause_seconds as pause
from runtime.decide.routing import plan as plan_of
from runtime.gateway.access import Record
from runtime.gateway.answers import NO_RETRY, GatewayError
from runtime.gateway.breakers import Pass
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.deployment import LocalUpstream, ProviderUpstream, Route
from runtime.gateway.local.pool import LocalAttempt, NotTakenError
from runtime.gateway.passthrough import Attempt, pass_through
from runtime.gateway.reply import Reply, until_gone
from runtime.gateway.services import Services
from runtime.gateway.spending import Hold
from runtime.gateway.upstreams import local_target, refusal, told
from runtime.lambda_lifespan import Receive

NODE_HEADER = "x-leanto-node"
"""Tells clients that a node of the pool starts, so that the next answers may be the pool's."""

NO_NODE = "no node of the pool serves"
NO_POOL_SECONDS = 60.0
LOCAL_FIRST_BYTE_SECONDS = 15.0
"""A node that has not begun a stream by then is left for the next upstream: its queue is long, or its engine hangs."""


@dataclass
class Attempts:
    """One request on its way: what is asked of which route, until when (event loop's times), and what failed so far.

    `error` is what the client is told if no further attempt succeeds.
    """

    services: Services
    allowance: Allowance
    route: Route
    request: ChatRequest
    needs: Needs
    first_byte_by: float
    all_by: float
    receive: Receive
    reply: Reply
    record: Record
    tries: list[Try] = field(default_factory=list)
    error: GatewayError | None = None

    async def run(self) -> None:
        """Ask upstreams until one answers; raises GatewayError when none does."""
        plan = await self._plan()
        self._note(*told(self.route, plan.passed_over))
        if not plan.order:
            raise refusal(self.route, plan, self.request.endpoint)
        step: Next | None = Next(plan.order[0], 0.0)
        while step is not None:
            if step.wait_seconds:
                await until_gone(self.receive, self.reply, asyncio.sleep(step.wait_seconds))
            failed = await self._attempt(step.target)
            if failed is None:
                return
            self.tries.append(failed)
            step = next_attempt(plan.order, self.tries, _now(), self.first_byte_by)
        raise self.error or refusal(self.route, plan, self.request.endpoint)

    async def _plan(self) -> Plan:
        upstreams = self.route.upstreams
        open_seconds = await self.services.breakers.open_seconds(tuple(upstream.name for upstream in upstreams))
        targets = [
            one.target if isinstance(one, ProviderUpstream) else await self._local_target(one) for one in upstreams
        ]
        return plan_of(targets, self.needs, open_seconds)

    async def _local_target(self, upstream: LocalUpstream) -> Target:
        """Return the pool as a target; a node that starts is told to the client, whoever answers."""
        pool, model = self.services.pool, upstream.model
        if pool is None:
            return local_target(upstream, NO_NODE, NO_POOL_SECONDS)
        await pool.book.look()
        is_starting = pool.book.is_starting(model)
        if is_starting:
            self.record.headers = {**self.record.headers, NODE_HEADER: "starting"}
        if pool.book.serves(model):
            return local_target(upstream, "", 0.0)
        reason = "a node of the pool is starting" if is_starting else NO_NODE
        return local_target(upstream, reason, pool.book.wait_seconds(model))

    async def _attempt(self, target: int) -> Try | None:
        """Ask one upstream; returns None when it has answered, and raises what no further attempt can mend."""
        upstream = self.route.upstreams[target]
        if isinstance(upstream, LocalUpstream):
            return await self._ask_pool(target, upstream)
        leave = await self.services.breakers.enter(upstream.name)
        if leave is None:
            return self._passed_over(target, upstream.name, _left_alone(self.route))
        try:
            key = await self.services.provider_keys.get(upstream.provider.name)
        except GatewayError as error:
            return self._passed_over(target, upstream.name, error)
        try:
            hold = await self.services.spending.reserve(self.allowance, upstream.price, self.request, self.all_by)
        except GatewayError as error:
            raise self.error or error from None
        attempt = Attempt(upstream, key, self.request, hold, self.first_byte_by, self.all_by, self.services.aws)
        return await self._judge(target, leave, hold, await self._ask(attempt))

    async def _ask_pool(self, target: int, upstream: LocalUpstream) -> Try | None:
        """Ask the pool; returns None when it has answered. What it does not take is nobody's fault and free."""
        pool, record = self.services.pool, self.record
        if pool is None:
            raise TypeError("routing passes over a pool that there is not")
        is_last = target == len(self.route.upstreams) - 1
        attempt = LocalAttempt.of(upstream, self.request, self._local_first_byte_by(is_last=is_last), self.all_by)
        record.upstream, record.upstream_status = upstream.name, 0
        record.attempts += 1
        try:
            await until_gone(self.receive, self.reply, pool.ask(attempt, self.reply, record))
        except NotTakenError as error:
            message = f"The stack's own GPU pool did not take the request: {error.reason}."
            wait = {**NO_RETRY, "retry-after": str(pool.book.wait_seconds(upstream.model))}
            answer = error.answer or GatewayError(503, "local_unavailable", message, headers=wait)
            return self._passed_over(target, upstream.name, answer, error.reason)
        finally:
            await attempt.hold.settle(record)
        return None

    def _local_first_byte_by(self, *, is_last: bool) -> float:
        """Return until when a node must begin: where others can answer, not all of the time is spent on waiting."""
        if is_last or not self.request.stream:
            return self.first_byte_by
        return min(self.first_byte_by, _now() + LOCAL_FIRST_BYTE_SECONDS)

    def _passed_over(self, target: int, upstream: str, error: GatewayError, reason: str = "") -> Try:
        """Go on without an upstream that was not asked: it cannot be, or the request cannot be put to it."""
        self._note(f"{upstream}: {reason or error.code}")
        self.error = self.error or error
        return Try(target, None)

    async def _ask(self, attempt: Attempt) -> GatewayError | None:
        """Make one attempt and settle what it cost; returns the error that it ended with."""
        record, name = self.record, attempt.upstream.provider.name
        record.upstream, record.upstream_status, record.upstream_request_id = attempt.upstream.name, 0, ""
        record.attempts += 1
        record.cost_is_open = True
        try:
            work = pass_through(self.services.session, attempt, self.reply, record)
            await until_gone(self.receive, self.reply, work)
        except GatewayError as error:
            return error
        finally:
            await attempt.hold.settle(record)
            if self.reply.key_refused:
                self.services.provider_keys.refused(name)
        return None

    async def _judge(self, target: int, leave: Pass, hold: Hold, error: GatewayError | None) -> Try | None:
        """Tell the breaker how an attempt ended; returns when its target may be asked again if another may follow."""
        breakers = self.services.breakers
        if error is None:
            await breakers.succeeded(leave)
            return None
        if not hold.meter.sent and error.status < 500:
            return self._passed_over(target, leave.upstream, error)
        failure = _failure(hold, error, self)
        if is_unwell(failure):
            await breakers.failed(leave)
        elif not failure.out_of_time:
            await breakers.succeeded(leave)
        if not may_ask_again(failure):
            raise error
        self.error = error
        self._note(f"{leave.upstream}: " + (f"status {failure.status}" if failure.status else "could not be reached"))
        return Try(target, self._ready_at(target, error.headers))

    def _ready_at(self, target: int, headers: Mapping[str, str]) -> float | None:
        if headers.get("x-should-retry") == "false":
            return None
        earlier = sum(one.target == target for one in self.tries)
        asked = retry_after_seconds(headers, now=0.0)
        return _now() + pause(earlier, asked, random.random())  # noqa: S311 - jitter, no secret

    def _note(self, *reasons: str) -> None:
        """Write down why an upstream did not answer."""
        self.record.overflow = "; ".join([*filter(None, [self.record.overflow]), *reasons])


def _failure(hold: Hold, error: GatewayError, attempts: Attempts) -> Failure:
    meter, begun = hold.meter, attempts.reply.started
    timed_out = error.code == "upstream_timeout" and not meter.refused
    return Failure(
        sent=meter.sent,
        status=attempts.record.upstream_status if meter.refused else 0,
        begun=begun,
        out_of_time=timed_out and (begun or not attempts.request.stream),
    )


def _left_alone(route: Route) -> GatewayError:
    message = f"The upstreams of the model '{route.model}' fail at present."
    return GatewayError(503, "upstream_unavailable", message, headers={"retry-after": "10"})


def _now() -> float:
    return asyncio.get_running_loop().time()
