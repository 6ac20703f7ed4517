"""The budgets of key, team and stack as requests meet them: none goes to a provider without its worst price put aside.

What is put aside is settled when the request ends, however it ends. Where that fails, or the function is killed, it
stays put aside and is charged in full later: the limit may be reached early, never passed.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from runtime.aws import AwsError
from runtime.decide.demand import UnpricedError, demand_of, demand_of_prompts
from runtime.decide.endpoints import CHAT, INPUTS, RESPONSES
from runtime.decide.limits import STACK, Allowance, Counter
from runtime.decide.months import day_after
from runtime.decide.prices import Demand, Price, UnboundedError, UnpricedImagesError, worst_price
from runtime.decide.responses import MAXIMUM, demand_of_response
from runtime.gateway.access import Record
from runtime.gateway.answers import NO_RETRY, GatewayError
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.meter import Charge, Meter
from runtime.gateway.stores import BudgetStore
from runtime.log import write_error, write_line
from runtime.state.budgets import LimitReachedError, Reservation

LIMIT_SETTING = "leanto:monthlySpendUsd"
MONTH_LENGTH = len("2026-11")
LATE_SECONDS = 120.0
"""How long after the end of its request a reservation is left to be settled: clocks differ, the table may be slow."""


@dataclass
class Hold:
    """Money put aside for one request, and the meter by which it is settled; `renew` puts as much aside once more."""

    budgets: BudgetStore
    reservation: Reservation
    price: Price
    meter: Meter
    renew: Callable[[], Awaitable[Reservation]]
    settled: bool = False

    async def again(self, record: Record) -> None:
        """Put the money aside once more, to send the request again; the first may be billed too: it is charged in full.

        Raises GatewayError, and then nothing has changed, when it cannot be put aside.
        """
        first, self.reservation = self.reservation, await self.renew()
        record.cost_micro_usd += first.amount
        record.cost_estimated = True
        await _settle(self.budgets, first, Charge(first.amount, estimated=True), record)

    async def settle(self, record: Record) -> None:
        """Charge what the request cost and give the rest back; does nothing the second time."""
        if self.settled:
            return
        charge = self.meter.charge(self.price, self.reservation.amount)
        record.cost_micro_usd += charge.amount
        record.cost_estimated, record.cost_is_open = record.cost_estimated or charge.estimated, False
        if self.meter.usage is not None:
            usage = self.meter.usage
            record.prompt_tokens, record.output_tokens = usage.prompt_tokens, usage.output_tokens
            record.cached_tokens = usage.cached_tokens
        await _settle(self.budgets, self.reservation, charge, record)
        self.settled = True


class Spending:
    """Admits requests to providers as long as all budgets that they count for cover their worst price.

    `limit` is the deployed one of the stack, in micro-dollars a month.
    """

    def __init__(self, budgets: BudgetStore, limit: int, clock: Callable[[], float] = time.time):
        self._budgets = budgets
        self._limit = limit
        self._clock = clock

    async def reserve(self, allowance: Allowance, price: Price, request: ChatRequest, all_by: float) -> Hold:
        """Put the worst price of a request aside; `all_by` is when it is over at the latest, by the event loop's clock.

        Raises GatewayError: 400 for what has no known or no bounded price, 429 when a budget does not cover it, 503
        when the table does not answer.
        """
        renew = partial(self.put_aside, allowance, _worst_price(price, request), all_by)
        return Hold(self._budgets, await renew(), price, Meter(request.wants_usage), renew)

    async def put_aside(self, allowance: Allowance, amount: int, all_by: float) -> Reservation:
        """Put micro-dollars aside for a request that is over by `all_by`; raises GatewayError 429 and 503."""
        now = self._clock()
        until = now + max(0.0, all_by - asyncio.get_running_loop().time()) + LATE_SECONDS
        try:
            counters = allowance.counters(self._limit, now)
            return await self._budgets.reserve(counters, amount, now=now, until=until)
        except LimitReachedError as error:
            raise _exceeded(error.counter, amount) from None
        except AwsError as error:
            message = f"The stack's table did not answer ({error.code}); no money is spent without it."
            raise GatewayError(503, "state_unavailable", message) from None

    async def close(self, reservation: Reservation, charge: Charge, record: Record) -> None:
        """Charge what was put aside, and give the rest back."""
        await _settle(self._budgets, reservation, charge, record)


async def _settle(budgets: BudgetStore, reservation: Reservation, charge: Charge, record: Record) -> None:
    """Settle a reservation; where that fails, it is charged in full later."""
    if charge.amount > reservation.amount:
        fields = {"cost_micro_usd": charge.amount, "reserved_micro_usd": reservation.amount}
        write_line({"level": "error", "event": "reservation_exceeded", "request_id": record.request_id, **fields})
    try:
        await budgets.settle(reservation, charge.amount, estimated=charge.estimated)
    except AwsError as error:
        write_error("settlement_failed", error, request_id=record.request_id)


def bounded(request: ChatRequest) -> Demand:
    """Return the most that a request can use; raises GatewayError 400 for what has no bound or no known price."""
    try:
        if request.endpoint == RESPONSES:
            return demand_of_response(request.fields, request.text)
        if request.endpoint != CHAT:
            return demand_of_prompts(request.fields, request.text, request.endpoint)
        return demand_of(request.fields, request.text)
    except UnpricedError as error:
        if error.wrong_type:
            raise GatewayError(400, "invalid_type", f"{error.reason}.", param=error.param) from None
        if request.endpoint == RESPONSES:
            message = f"'{error.param}' is not passed on: {error.reason}."
            raise GatewayError(400, "unsupported_parameter", message, param=error.param) from None
        message = f"This stack passes on only what it knows the price of. '{error.param}': {error.reason}."
        raise GatewayError(400, "unpriced_request", message, param=error.param) from None


def _worst_price(price: Price, request: ChatRequest) -> int:
    try:
        return worst_price(price, bounded(request))
    except UnpricedImagesError:
        message = (
            "This stack passes on only what it knows the price of, and that of images at this model it does not know."
        )
        raise GatewayError(400, "unpriced_request", message, param=INPUTS[request.endpoint]) from None
    except UnboundedError:
        name = {CHAT: "max_completion_tokens", RESPONSES: MAXIMUM}.get(request.endpoint, "max_tokens")
        message = (
            f"'{name}' must be given for this model: nobody knows how long its answers can be, so the "
            "request would have no highest price."
        )
        raise GatewayError(400, "missing_required_parameter", message, param=name) from None


def _exceeded(counter: Counter, amount: int) -> GatewayError:
    """Return the refusal: it names the budget and its period, and no amount but the request's own."""
    kind, _, name = counter.scope.partition("#")
    known = {"key": "this key's budget", "team": f"the budget of team {name}", STACK: "the stack's spending limit"}
    whose = known[kind]
    setting = f" ({LIMIT_SETTING})" if kind == STACK and len(counter.period) == MONTH_LENGTH else ""
    message = (
        f"What is left of {whose} for {counter.period}{setting} does not cover this request, which costs up to "
        f"{Decimal(amount).scaleb(-6):f} USD. A smaller prompt or maximum of the answer costs less. The next period "
        f"begins on {day_after(counter.period)} UTC; whoever runs the stack can raise the limit."
    )
    return GatewayError(429, "budget_exceeded", message, headers=NO_RETRY)
