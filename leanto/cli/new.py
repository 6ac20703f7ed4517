"""`leanto new`: derives a stack file of one's own from a preset."""

import re

import click

from leanto.cli import screen
from leanto.cli.exits import CommandError
from leanto.cli.project import PRESETS, find_root
from leanto.engine.workdir import stack_names

NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")
"""Resource names begin with the stack's, and the shortest limit among them leaves this much."""


@click.command(name="new")
@click.argument("name")
@click.option("--preset", required=True, type=click.Choice(PRESETS), help="Preset to begin from.")
def command(name: str, preset: str) -> None:
    """Make the stack NAME: a copy of a preset's file, Pulumi.NAME.yaml, to change as you like."""
    root = find_root()
    if not NAME.fullmatch(name):
        raise CommandError(
            f"{name!r} is no name for a stack: small letters, digits and hyphens, beginning with a letter, 20 at most"
        )
    path = root / f"Pulumi.{name}.yaml"
    if path.exists():
        existing = ", ".join(stack_names(root))
        raise CommandError(f"there is a stack {name!r} already ({path}); stacks here: {existing}. Choose another name.")
    source = root / f"Pulumi.{preset}.yaml"
    path.write_text(
        f"# Made from {source.name} by `leanto new`.\n{source.read_text(encoding='utf-8')}", encoding="utf-8"
    )
    screen.result(str(path))
    screen.say(f"Next:\n  look through {path.name}\n  leanto up --stack {name} --embedded")
