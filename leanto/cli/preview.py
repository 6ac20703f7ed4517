"""`leanto preview`: what up would change; nothing is built and nothing is changed."""

from pathlib import Path

import click

from leanto.cli import options, runs


@click.command(name="preview")
@options.place
def command(stack: str, embedded: bool, box_home: Path | None, state: str | None) -> None:
    """Show what up would change, with the properties that change. Nothing is built and nothing is changed."""
    place = options.open_place(stack, embedded, box_home, state, start=True)
    _ = place.settings
    runs.preview(place)
