"""`leanto unlock`: lets go of the lock that a killed run has left, and tells what that run had begun."""

from pathlib import Path

import click

from leanto.cli import options, runs, screen
from leanto.cli.exits import CommandError, Exit


@click.command(name="unlock")
@options.place
@click.option("--yes", is_flag=True, help="Do not ask.")
def command(stack: str, embedded: bool, box_home: Path | None, state: str | None, yes: bool) -> None:
    """Let go of the lock of a run that was killed. Harmful while that run still works."""
    place = options.open_place(stack, embedded, box_home, state, start=False)
    runs.confirm(f"Let go of the lock of stack {stack!r}? No run may be working on it now.", agreed=yes)
    place.deployment.cancel()
    screen.say(f"the state of stack {stack!r} is no longer locked")
    pending = place.deployment.pending()
    if not pending:
        return
    listed = "\n".join(f"  - {each}" for each in pending)
    raise CommandError(
        f"the killed run had begun these and not finished:\n{listed}\n"
        "Look whether those that were being created exist and delete them: the engine does not know them. Then "
        f"`leanto refresh {place.options} --forget-pending-creates` and `leanto up {place.options}`.",
        Exit.INCOMPLETE,
    )
