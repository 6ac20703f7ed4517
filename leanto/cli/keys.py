"""`leanto keys`: who may use the endpoint."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from leanto.cli import options, screen
from leanto.cli.amounts import NO_LIMIT, NUMBER, NUMBER_OR_NONE, USD, usd
from leanto.cli.exits import CommandError
from leanto.cli.keytable import KeyTable
from leanto.cli.labels import checked_label
from leanto.cli.limittable import LimitTable
from leanto.cli.place import Place
from runtime.decide.data_classes import DATA_CLASSES
from runtime.decide.limits import CONCURRENCY, DAY, FIELDS, MONEY_FIELDS, MONTH, REQUESTS, TOKENS, LimitBook, key_scope
from runtime.state.keys import KEY_PATTERN, key_id_of

UNITS = {MONTH: "USD/month", DAY: "USD/day", REQUESTS: "requests/min", TOKENS: "tokens/min", CONCURRENCY: "at once"}
_SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@click.group(name="keys")
def command() -> None:
    """Create, list and revoke keys of the endpoint. The table holds hashes only; a key is shown once."""


@command.command()
@click.argument("name")
@options.place
@click.option("--team", default="", help="Team that the key's use counts for.  [default: NAME]")
@click.option(
    "--model", "models", multiple=True, help="Public model that the key admits to; may be repeated.  [default: all]"
)
@click.option("--models", "listed", default="", metavar="A,B", help="The same as a list.")
@click.option("--budget-usd", type=USD, help="What the key may spend at providers in a month (UTC).")
@click.option("--daily-budget-usd", type=USD, help="The same in a day.")
@click.option("--rpm", type=NUMBER, help="Requests a minute.")
@click.option("--tpm", type=NUMBER, help="Tokens a minute.")
@click.option("--concurrency", type=NUMBER, help="Requests at once.")
@click.option(
    "--data-class",
    type=click.Choice(DATA_CLASSES),
    help="Where its requests may be processed besides the stack's own nodes.  [default: everywhere]",
)
@click.option("--expires", metavar="48h|30d|4w|DATE", help="When the key ends, from now or as 2027-01-31 (UTC).")
def create(
    name: str,
    stack: str,
    embedded: bool,
    box_home: Path | None,
    state: str | None,
    team: str,
    models: tuple[str, ...],
    listed: str,
    budget_usd: int | None,
    daily_budget_usd: int | None,
    rpm: int | None,
    tpm: int | None,
    concurrency: int | None,
    data_class: str | None,
    expires: str | None,
) -> None:
    """Create a key called NAME and print it, this once, on standard output."""
    checked_label("NAME", name)
    checked_label("--team", team or name)
    models = tuple(dict.fromkeys((*models, *filter(None, (model.strip() for model in listed.split(","))))))
    given = {MONTH: budget_usd, DAY: daily_budget_usd, REQUESTS: rpm, TOKENS: tpm, CONCURRENCY: concurrency}
    limits = {field: value for field, value in given.items() if value is not None}
    expires_at = expiry(expires, datetime.now(UTC)) if expires else None
    place = options.open_place(stack, embedded, box_home, state, start=False)
    unknown = sorted(set(models) - set(place.outputs["models"]))
    if unknown:
        known = ", ".join(place.outputs["models"])
        raise CommandError(f"--model {', '.join(unknown)}: stack {stack!r} does not serve it; it serves {known}")
    key = key_table(place).create(
        name, team=team or name, models=models, expires_at=expires_at, data_class=data_class or "", limits=limits
    )
    screen.result(key.text)
    screen.say(f"id {key.key_id}; the key is shown this once and stored nowhere")


@command.command(name="list")
@options.place
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_command(stack: str, embedded: bool, box_home: Path | None, state: str | None, as_json: bool) -> None:
    """List the keys: id, name, team, state, models, limits, when made and when they end. Never the keys themselves."""
    place = options.open_place(stack, embedded, box_home, state, start=False)
    book = limit_table(place).book()
    rows = [_row(values, book) for values in key_table(place).list()]
    if as_json:
        screen.result(json.dumps(rows, indent=2))
        return
    for row in rows:
        models = ", ".join(row["models"]) if row["models"] else "all models"
        ends = f"ends {row['expires_at']}" if row["expires_at"] else "no end"
        about = f"{row['name']}  team {row['team']}  {models}{_limits_text(row['limits'])}"
        screen.result(f"{row['id']}  {row['state']:<8}  {about}  {row['created_at']}  {ends}")
    if not rows:
        screen.say("there are no keys")


@command.command()
@click.argument("key_id", metavar="ID")
@options.place
@click.option("--rpm", type=NUMBER_OR_NONE, help="Requests a minute.")
@click.option("--tpm", type=NUMBER_OR_NONE, help="Tokens a minute.")
@click.option("--concurrency", type=NUMBER_OR_NONE, help="Requests at once.")
def limit(
    key_id: str,
    stack: str,
    embedded: bool,
    box_home: Path | None,
    state: str | None,
    rpm: int | None,
    tpm: int | None,
    concurrency: int | None,
) -> None:
    """Change how fast the key with this ID may ask; `none` takes a limit away. For money: `leanto budget set`."""
    given = {REQUESTS: rpm, TOKENS: tpm, CONCURRENCY: concurrency}
    values = {field: None if value == NO_LIMIT else value for field, value in given.items() if value is not None}
    if not values:
        raise CommandError("give --rpm, --tpm or --concurrency: a whole number, or none")
    place = options.open_place(stack, embedded, box_home, state, start=False)
    limit_table(place).set(key_scope(key_id), values)
    screen.say(f"key {key_id} is changed; the gateway learns of it within five seconds")


@command.command()
@click.argument("key_id", metavar="ID")
@options.place
def revoke(key_id: str, stack: str, embedded: bool, box_home: Path | None, state: str | None) -> None:
    """Revoke the key with this ID. API Gateway may let it through for as long as it caches answers."""
    if re.fullmatch(KEY_PATTERN, key_id):
        raise CommandError(f"give the key's id, not the key: {key_id_of(key_id)}")
    place = options.open_place(stack, embedded, box_home, state, start=False)
    key_table(place).revoke(key_id)
    screen.say(f"key {key_id} is revoked")


def key_table(place: Place) -> KeyTable:
    """Return the keys of a deployed stack."""
    return KeyTable(place.client("dynamodb"), place.outputs["table_name"])


def limit_table(place: Place) -> LimitTable:
    """Return the limits of a deployed stack."""
    return LimitTable(place.client("dynamodb"), place.outputs["table_name"])


def expiry(text: str, now: datetime) -> datetime:
    """Return the moment that `30d`, `48h`, `4w` or a date means; raises CommandError for others and for the past."""
    relative = re.fullmatch(r"(\d{1,4})([hdw])", text)
    try:
        if relative:
            moment = now + int(relative[1]) * _SPANS[relative[2]]
        else:
            moment = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise CommandError(f"--expires {text!r}: give 48h, 30d, 4w or a date such as 2027-01-31") from None
    if moment <= now:
        raise CommandError(f"--expires {text!r} is in the past; it is {now:%Y-%m-%d %H:%M} UTC now")
    return moment


def _limits_text(limits: Mapping[str, int]) -> str:
    shown = {field: usd(value) if field in MONEY_FIELDS else str(value) for field, value in limits.items()}
    return "".join(f"  {value} {UNITS[field]}" for field, value in shown.items())


def _row(values: Any, book: LimitBook) -> dict[str, Any]:
    """Return what is shown of a key; `limits` are by their fields, money in micro-dollars."""
    ends = values.get("expires_at")
    limits = {field: book.limit(key_scope(values["sk"]), field) for field in FIELDS}
    return {
        "id": values["sk"],
        "name": values.get("name", ""),
        "team": values.get("team", ""),
        "state": values.get("state", ""),
        "models": values.get("models"),
        "limits": {field: value for field, value in limits.items() if value is not None},
        "created_at": values.get("created_at", ""),
        "expires_at": datetime.fromtimestamp(ends, UTC).isoformat() if ends else None,
    }
