"""`leanto preview`: what up would change; nothing is built and nothing is changed."""

from pathlib import Path

import click

from leanto.cli import options, runs
from leanto.cli.policies import hold


@click.command(name="preview")
@options.place
@options.policies
def command(
    stack: str,
    embedded: bool,
    box_home: Path | None,
    state: str | None,
    profile: str | None,
    policy_config: Path | None,
) -> None:
    """Show what up would change, with the properties that change, and what the policies say of it.

    Nothing is built and nothing is changed.
    """
    place = options.open_place(stack, embedded, box_home, state, start=True)
    _ = place.settings
    runs.preview(place, hold(place, profile, policy_config), in_full=True)
