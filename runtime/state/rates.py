"""How fast each key asks: one item a key, with the counts of its minute and the slots of its running requests.

The item (`pk` RATES, `sk` the key's id) holds `window` = the minute's number since the epoch, `requests` and `tokens`
of that minute, `running` = the number of open slots, and for each slot `s-<id>` = epoch seconds after which nobody
gives it back any more. One write checks the limits and counts the request; the first of a minute begins the counts
anew. A second write, where tokens or running requests are limited, gives the slot back and puts the tokens right.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.aws import AwsError
from runtime.decide.limits import RateLimits
from runtime.decide.rates import SLOT_PREFIX, Refusal, Window, is_over, never_fits, refusal, window_of
from runtime.state.attributes import from_item, to_item
from runtime.state.table import CONDITION_FAILED, Table

RATE_PARTITION = "RATES"
STEPS = 8
"""Writes that one admission may try: others may begin the minute, fill it or take slots between ours."""

MAXIMUM_SWEPT = 25


@dataclass(frozen=True)
class Admitted:
    """A request that was counted: the slot to give back, None where nothing is, and the counts with it in them."""

    key_id: str
    slot: str | None
    tokens: int
    window: Window


class RateLimitedError(Exception):
    """A request does not fit a key's limits of speed; `window` is what was found, None when it was not looked at."""

    def __init__(self, refused: Refusal, window: Window | None):
        super().__init__(refused.limit)
        self.refusal = refused
        self.window = window


class Rates:
    """The counts of one stack's keys; methods raise AwsError when the table refuses or does not answer."""

    def __init__(self, table: Table):
        self._table = table
        self._begun: dict[str, int] = {}

    async def admit(self, key_id: str, limits: RateLimits, tokens: int, *, now: float, until: float) -> Admitted:
        """Count a request of so many tokens, or raise RateLimitedError and count nothing.

        `now` and `until`, from when on nobody will give its slot back, are in seconds since the epoch. A write whose
        answer is lost is made again: a slot is not taken twice, but the request may count twice in its minute.
        """
        if refused := never_fits(limits, tokens):
            raise RateLimitedError(refused, None)
        ask = _Ask(limits, tokens, _slot(limits), now, until)
        begin = self._begun.get(key_id, -1) < window_of(now)
        for _ in range(STEPS):
            made, held = await self._try(key_id, ask.beginning() if begin else ask.counting())
            window = Window.from_values(held)
            if made or ask.slot in window.slots:
                self._begun[key_id] = window.number
                return Admitted(key_id, ask.slot, tokens, window)
            if window.lost(now):
                await self._drop(key_id, window.lost(now)[:MAXIMUM_SWEPT])
            elif refused := refusal(limits, window, tokens, now):
                raise RateLimitedError(refused, window)
            begin = is_over(window, now)
        raise AwsError("dynamodb", "UpdateItem", CONDITION_FAILED, 0)

    async def release(self, admitted: Admitted, used_tokens: int | None, *, now: float) -> None:
        """Give a slot back and put its tokens right; None = nobody knows what was used, so what was counted stays.

        Tokens are taken off only in the minute in which they were counted.
        """
        more = 0 if used_tokens is None else used_tokens - admitted.tokens
        if admitted.slot is None:
            return
        is_same_minute = window_of(now) <= admitted.window.number
        if more < 0 and is_same_minute and await self._give_back(admitted, admitted.slot, more):
            return
        await self._give_back(admitted, admitted.slot, max(0, more))

    async def _give_back(self, admitted: Admitted, slot: str, more: int) -> bool:
        """Write one release; returns whether it was made, which one that takes tokens off is in their minute only."""
        values = {":more": more, ":less": -1}
        condition = "attribute_exists(#slot)"
        names = {"#tokens": "tokens", "#running": "running", "#slot": slot}
        if more < 0:
            condition += " AND #window = :window"
            names["#window"], values[":window"] = "window", admitted.window.number
        fields = {
            "UpdateExpression": "ADD #tokens :more, #running :less REMOVE #slot",
            "ConditionExpression": condition,
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_item(values),
        }
        made, _ = await self._try(admitted.key_id, fields)
        return made

    async def _drop(self, key_id: str, slots: tuple[str, ...]) -> None:
        """Give back slots whose owners were killed."""
        names = {f"#s{index}": slot for index, slot in enumerate(slots)}
        fields = {
            "UpdateExpression": f"ADD #running :less REMOVE {', '.join(names)}",
            "ConditionExpression": " AND ".join(f"attribute_exists({name})" for name in names),
            "ExpressionAttributeNames": {"#running": "running", **names},
            "ExpressionAttributeValues": to_item({":less": -len(slots)}),
        }
        await self._try(key_id, fields)

    async def _try(self, key_id: str, fields: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
        """Make a write; returns whether its condition held, and the item as it is then."""
        wanted = {"ReturnValues": "ALL_NEW", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        try:
            return True, await self._table.update(RATE_PARTITION, key_id, {**fields, **wanted})
        except AwsError as error:
            if error.code != CONDITION_FAILED:
                raise
            return False, from_item(error.item)


@dataclass(frozen=True)
class _Ask:
    """One request to be counted, as the two writes that can count it."""

    limits: RateLimits
    tokens: int
    slot: str | None
    now: float
    until: float

    def counting(self) -> dict[str, Any]:
        """Return the write that counts it in the minute that has begun."""
        minute = window_of(self.now)
        values = {":one": 1, ":tokens": self.tokens, ":minute": minute, ":ahead": minute + 1}
        conditions = ["#window BETWEEN :minute AND :ahead"]
        if self.limits.requests is not None:
            conditions.append("#requests <= :requests")
            values[":requests"] = self.limits.requests - 1
        if self.limits.tokens is not None:
            conditions.append("#tokens <= :room")
            values[":room"] = self.limits.tokens - self.tokens
        return self._write("ADD #requests :one, #tokens :tokens", "", conditions, values)

    def beginning(self) -> dict[str, Any]:
        """Return the write that begins a minute with it."""
        minute = window_of(self.now)
        values = {":one": 1, ":tokens": self.tokens, ":minute": minute, ":ahead": minute + 1}
        conditions = ["(attribute_not_exists(#window) OR NOT #window BETWEEN :minute AND :ahead)"]
        setting = "SET #window = :minute, #requests = :one, #tokens = :tokens"
        return self._write("", setting, conditions, values)

    def _write(self, adding: str, setting: str, conditions: list[str], values: dict[str, int]) -> dict[str, Any]:
        """Return a write; with a slot it takes that too."""
        names = {"#window": "window", "#requests": "requests", "#tokens": "tokens"}
        if self.slot is not None:
            names |= {"#running": "running", "#slot": self.slot}
            values |= {":until": int(self.until)}
            adding = f"{adding}, #running :one" if adding else "ADD #running :one"
            setting = f"{setting}, #slot = :until" if setting else "SET #slot = :until"
            conditions.append("attribute_not_exists(#slot)")
            if self.limits.concurrency is not None:
                values[":running"] = self.limits.concurrency - 1
                conditions.append("(attribute_not_exists(#running) OR #running <= :running)")
        return {
            "UpdateExpression": f"{setting} {adding}".strip(),
            "ConditionExpression": " AND ".join(conditions),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": to_item(values),
        }


def _slot(limits: RateLimits) -> str | None:
    """Return the name of a new slot where there is something to give back at the end."""
    if limits.concurrency is None and limits.tokens is None:
        return None
    return SLOT_PREFIX + secrets.token_urlsafe(9)
