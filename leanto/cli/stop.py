"""`leanto stop`: the emergency brake, by the same function that budget and alarms call."""

import json
from pathlib import Path
from typing import Any

import click

from leanto.cli import options, screen
from leanto.cli.exits import CommandError, Exit
from leanto.cli.place import Place


@click.command(name="stop")
@options.place
@click.option("--reason", default="stopped by an operator", show_default=True, help="Kept with the stop flag.")
@click.option("--dry-run", is_flag=True, help="Tell what would be done.")
def command(stack: str, embedded: bool, box_home: Path | None, state: str | None, reason: str, dry_run: bool) -> None:
    """Turn the routes off and the GPU nodes to zero, now. Requests are answered 503 until `leanto resume`."""
    place = options.open_place(stack, embedded, box_home, state, start=False)
    answer = invoke_stop(place, {"reason": reason, "dry_run": dry_run})
    for name, what in (answer.get("done") or {}).items():
        screen.say(f"  {name}: {what}")
    screen.say(f"stack {stack!r} would be stopped" if dry_run else f"stack {stack!r} is stopped")


def invoke_stop(place: Place, event: dict[str, Any]) -> dict[str, Any]:
    """Call the stop function and return its answer; raises CommandError when it could not do all of it."""
    answer = place.client("lambda").invoke(
        FunctionName=place.outputs["stop_function_name"], Payload=json.dumps(event).encode()
    )
    told = json.loads(answer["Payload"].read() or b"{}")
    if answer.get("FunctionError"):
        raise CommandError(
            f"the stop function failed: {told.get('errorMessage', 'it gives no reason')}\n"
            "Set the group's maximum to zero by hand if nodes run: `aws autoscaling update-auto-scaling-group`.",
            Exit.INCOMPLETE,
        )
    return dict(told)
