"""`leanto budget`: what keys, teams and the stack may spend at providers, and what they have spent."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from leanto.cli import options, screen
from leanto.cli.amounts import MICRO_USD, NO_LIMIT, USD, USD_OR_NONE, usd
from leanto.cli.budget_lines import Line, lines, scope_lines
from leanto.cli.exits import CommandError
from leanto.cli.labels import checked_label
from leanto.cli.limittable import LimitTable
from leanto.cli.place import Place
from runtime.decide.limits import DAY, MONTH, STACK, key_scope, team_scope
from runtime.decide.months import day_of, month_of

Function = TypeVar("Function", bound=Callable[..., Any])


@click.group(name="budget")
def command() -> None:
    """Show, set and raise what keys, teams and the stack may spend at providers.

    The gateway learns of a change within five seconds.
    """


def _scope(function: Function) -> Function:
    """Add --key and --team."""
    with_team = click.option("--team", help="The budget of this team.")(function)
    return click.option("--key", "key_id", metavar="ID", help="The budget of the key with this id.")(with_team)


@command.command()
@options.place
@_scope
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON, amounts in micro-dollars.")
def show(
    stack: str,
    embedded: bool,
    box_home: Path | None,
    state: str | None,
    key_id: str | None,
    team: str | None,
    as_json: bool,
) -> None:
    """Show the budgets of this month and day: limit, what is left, what is spent or put aside."""
    place = options.open_place(stack, embedded, box_home, state, start=False)
    found = _lines(place, _scope_of(key_id, team) if key_id or team else None)
    if as_json:
        screen.result(json.dumps([line.document() for line in found], indent=2))
        return
    for line in found:
        screen.result(line.text())


@command.command(name="set")
@options.place
@_scope
@click.option("--budget-usd", type=USD_OR_NONE, help="Limit of each month (UTC).")
@click.option("--daily-budget-usd", type=USD_OR_NONE, help="Limit of each day (UTC).")
def set_command(
    stack: str,
    embedded: bool,
    box_home: Path | None,
    state: str | None,
    key_id: str | None,
    team: str | None,
    budget_usd: int | None,
    daily_budget_usd: int | None,
) -> None:
    """Set the limits of a key, a team or, without either, the stack; `none` takes one away.

    The stack's limit of a month is leanto:monthlySpendUsd; here it can be lowered, not raised.
    """
    given = {MONTH: budget_usd, DAY: daily_budget_usd}
    values = {field: None if value == NO_LIMIT else value for field, value in given.items() if value is not None}
    if not values:
        raise CommandError("give --budget-usd or --daily-budget-usd: an amount in USD, or none")
    scope = _scope_of(key_id, team)
    place = options.open_place(stack, embedded, box_home, state, start=False)
    if scope == STACK:
        _within_deployed(place, values.get(MONTH) or 0)
    _table(place).set(scope, values)
    _tell(place, scope)


@command.command()
@options.place
@_scope
@click.option("--usd", "amount", type=USD, required=True, help="By how much the limit is raised.")
@click.option("--daily", is_flag=True, help="Raise today's limit, not this month's.")
def topup(
    stack: str,
    embedded: bool,
    box_home: Path | None,
    state: str | None,
    key_id: str | None,
    team: str | None,
    amount: int,
    daily: bool,
) -> None:
    """Raise the limit of a key, a team or the stack for this month, or this day, only (UTC)."""
    scope, field = _scope_of(key_id, team), DAY if daily else MONTH
    place = options.open_place(stack, embedded, box_home, state, start=False)
    table, now = _table(place), time.time()
    period = day_of(now) if daily else month_of(now)
    book = table.book()
    before = book.ceiling(scope, field, period)
    if before is None:
        flag = "--daily-budget-usd" if daily else "--budget-usd"
        raise CommandError(f"{_name(scope)} has no limit of its own to raise; `leanto budget set {flag}` sets one")
    if scope == STACK and not daily:
        _within_deployed(place, before + amount)
    table.top_up(scope, period, amount, book.topped_up(scope, period))
    _tell(place, scope)


def _scope_of(key_id: str | None, team: str | None) -> str:
    """Return the scope that the options name; raises CommandError when they name two."""
    if key_id and team:
        raise CommandError("give --key or --team, not both")
    if key_id:
        return key_scope(key_id)
    return team_scope(checked_label("--team", team)) if team else STACK


def _name(scope: str) -> str:
    return "the stack" if scope == STACK else scope.replace("#", " ")


def _table(place: Place) -> LimitTable:
    return LimitTable(place.client("dynamodb"), place.outputs["table_name"])


def _deployed(place: Place) -> int:
    """Return the stack's limit of a month as its settings have it, in micro-dollars."""
    return place.settings.monthly_spend_usd * MICRO_USD


def _within_deployed(place: Place, limit: int) -> None:
    if limit > _deployed(place):
        raise CommandError(
            f"{usd(limit)} USD is more than leanto:monthlySpendUsd of stack {place.stack!r} ({usd(_deployed(place))}): "
            "raise that in its file and deploy it with `leanto up`, so that the policies see it"
        )


def _lines(place: Place, scope: str | None) -> list[Line]:
    table, now = _table(place), time.time()
    month, day = month_of(now), day_of(now)
    book, item = table.book(), table.month(month)
    if scope is None:
        return list(lines(book, item, month, day, _deployed(place)))
    return list(scope_lines(scope, book, item, (month, day), _deployed(place)))


def _tell(place: Place, scope: str) -> None:
    """Say what holds now, and where a limit is below what is committed already, that too."""
    for line in _lines(place, scope):
        screen.result(line.text())
        if line.limit is not None and line.committed > line.limit:
            screen.say(
                f"{_name(scope)}: {usd(line.committed)} USD are committed for {line.period} already, more than the "
                f"limit of {usd(line.limit)}: nothing more passes in that period"
            )
