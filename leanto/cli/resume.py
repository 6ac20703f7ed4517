"""`leanto resume`: takes the stop flag away; the pool gets its size back by the next deployment."""

from pathlib import Path

import click

from leanto.cli import options, screen
from leanto.cli.exits import CommandError
from leanto.cli.stopflag import take_away


@click.command(name="resume")
@options.place
def command(stack: str, embedded: bool, box_home: Path | None, state: str | None) -> None:
    """Let a stopped stack answer again."""
    place = options.open_place(stack, embedded, box_home, state, start=False)
    flag = take_away(place)
    if not flag:
        raise CommandError(f"stack {stack!r} is not stopped; there is nothing to resume")
    screen.say(f"stack {stack!r} answers again; it was stopped at {flag.get('at')}: {flag.get('reason')}")
    if place.outputs.get("group_name"):
        screen.say(
            f"The GPU group is still at zero: `leanto refresh {place.options}` and `leanto up {place.options}` "
            "give it its size back."
        )
