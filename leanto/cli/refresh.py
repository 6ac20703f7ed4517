"""`leanto refresh`: reads every resource back into the state; what differs is the drift."""

from pathlib import Path

import click

from leanto.cli import options, screen


@click.command(name="refresh")
@options.place
@click.option(
    "--forget-pending-creates",
    is_flag=True,
    help="Drop the notes about creations that a killed run had begun; look first whether they exist in the account.",
)
def command(stack: str, embedded: bool, box_home: Path | None, state: str | None, forget_pending_creates: bool) -> None:
    """Read every resource back into the state and show what somebody has changed beside it."""
    place = options.open_place(stack, embedded, box_home, state, start=False)
    with screen.showing("refresh") as view:
        done = place.deployment.refresh(view, forget_pending_creates=forget_pending_creates)
    screen.say(f"refresh: {screen.summary(done) if done.changed else 'no drift'} ({done.duration_seconds:.1f} s)")
    if done.changed:
        screen.say(f"`leanto up {place.options}` puts it back as the program says.")
