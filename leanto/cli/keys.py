"""`leanto keys`: who may use the endpoint."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from leanto.cli import options, screen
from leanto.cli.exits import CommandError
from leanto.cli.keytable import KeyTable
from leanto.cli.place import Place
from runtime.state.keys import KEY_PATTERN, key_id_of

LABEL = re.compile(r"[\w .@+-]{1,64}")
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


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
@click.option("--expires", metavar="48h|30d|4w|DATE", help="When the key ends, from now or as 2027-01-31 (UTC).")
def create(
    name: str,
    stack: str,
    embedded: bool,
    box_home: Path | None,
    state: str | None,
    team: str,
    models: tuple[str, ...],
    expires: str | None,
) -> None:
    """Create a key called NAME and print it, this once, on standard output."""
    for label, value in (("NAME", name), ("--team", team or name)):
        if not LABEL.fullmatch(value):
            raise CommandError(f"{label} {value!r}: up to 64 letters, digits, spaces and any of . @ + - _")
    expires_at = expiry(expires, datetime.now(UTC)) if expires else None
    place = options.open_place(stack, embedded, box_home, state, start=False)
    unknown = sorted(set(models) - set(place.outputs["models"]))
    if unknown:
        known = ", ".join(place.outputs["models"])
        raise CommandError(f"--model {', '.join(unknown)}: stack {stack!r} does not serve it; it serves {known}")
    key = key_table(place).create(name, team=team or name, models=models, expires_at=expires_at)
    screen.result(key.text)
    screen.say(f"id {key.key_id}; the key is shown this once and stored nowhere")


@command.command(name="list")
@options.place
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
def list_command(stack: str, embedded: bool, box_home: Path | None, state: str | None, as_json: bool) -> None:
    """List the keys: id, name, team, state, models, when made and when they end. Never the keys themselves."""
    place = options.open_place(stack, embedded, box_home, state, start=False)
    rows = [_row(values) for values in key_table(place).list()]
    if as_json:
        screen.result(json.dumps(rows, indent=2))
        return
    for row in rows:
        models = ", ".join(row["models"]) if row["models"] else "all models"
        ends = f"ends {row['expires_at']}" if row["expires_at"] else "no end"
        screen.result(
            f"{row['id']}  {row['state']:<8}  {row['name']}  team {row['team']}  {models}  {row['created_at']}  {ends}"
        )
    if not rows:
        screen.say("there are no keys")


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


def expiry(text: str, now: datetime) -> datetime:
    """Return the moment that `30d`, `48h`, `4w` or a date means; raises CommandError for others and for the past."""
    relative = re.fullmatch(r"(\d{1,4})([hdw])", text)
    try:
        if relative:
            moment = now + int(relative[1]) * _UNITS[relative[2]]
        else:
            moment = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise CommandError(f"--expires {text!r}: give 48h, 30d, 4w or a date such as 2027-01-31") from None
    if moment <= now:
        raise CommandError(f"--expires {text!r} is in the past; it is {now:%Y-%m-%d %H:%M} UTC now")
    return moment


def _row(values: Any) -> dict[str, Any]:
    ends = values.get("expires_at")
    return {
        "id": values["sk"],
        "name": values.get("name", ""),
        "team": values.get("team", ""),
        "state": values.get("state", ""),
        "models": values.get("models"),
        "created_at": values.get("created_at", ""),
        "expires_at": datetime.fromtimestamp(ends, UTC).isoformat() if ends else None,
    }
