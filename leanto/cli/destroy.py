"""`leanto destroy`: deletes every resource of a stack; in a box it also proves that nothing is left."""

from pathlib import Path

import click

from leanto.cli import options, runs, screen
from leanto.cli.exits import CommandError, Exit
from leanto.cli.place import Place
from leanto.embedded.leftovers import remains


@click.command(name="destroy")
@options.place
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(stack: str, embedded: bool, box_home: Path | None, state: str | None, yes: bool) -> None:
    """Delete every resource of a stack. In a box, then look into every service for what is left."""
    place = options.open_place(stack, embedded, box_home, state, start=False)
    runs.confirm(f"Delete every resource of stack {stack!r}?", agreed=yes or embedded)
    runs.destroy(place)
    if place.box is not None:
        prove_nothing_is_left(place)


def prove_nothing_is_left(place: Place) -> None:
    """List what is left in the box; raises CommandError when something is."""
    if place.box is None:
        raise ValueError("only a box can be searched whole; an account holds things of others")
    found = remains(place.box.aws_url, place.region)
    for scheduled in found.scheduled:
        screen.say(f"  scheduled for deletion by AWS: {scheduled.service} {scheduled.kind} {scheduled.identifier}")
    if found.left:
        listed = "\n".join(f"  - {one.service} {one.kind} {one.identifier}" for one in found.left)
        raise CommandError(f"something is left after destroy:\n{listed}", Exit.LEFTOVERS)
    screen.say("nothing is left in any service")
