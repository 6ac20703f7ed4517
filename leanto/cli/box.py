"""`leanto box`: AWS in a box as a process of its own, apart from any deployment."""

from pathlib import Path

import click

from leanto.cli import options, screen
from leanto.cli.box_place import default_home
from leanto.cli.exits import CommandError, Exit
from leanto.cli.project import configuration, find_root
from leanto.embedded.box import Box

home = click.option("--box", "box_home", type=click.Path(file_okay=False, path_type=Path), help="Folder of the box.")


@click.group(name="box")
def command() -> None:
    """Start, look at and stop AWS in a box."""


@command.command()
@options.stack
@home
def start(stack: str, box_home: Path | None) -> None:
    """Start the box of a stack; `leanto up --embedded` does so by itself."""
    root = find_root()
    region = configuration(root, stack, {})["leanto:region"]
    box = Box.start(box_home or default_home(root, stack), region=region, on_progress=screen.say)
    screen.result(box.aws_url)


@command.command()
@options.stack
@home
def status(stack: str, box_home: Path | None) -> None:
    """Show where the box of a stack listens."""
    box = _running(stack, box_home)
    for name in ("home", "pid", "aws_url", "front_url", "provider_url", "account_id", "region", "started_at"):
        screen.result(f"{name:<12}  {getattr(box, name)}")


@command.command()
@options.stack
@home
def stop(stack: str, box_home: Path | None) -> None:
    """Stop the box of a stack; everything in it ends."""
    _running(stack, box_home).stop()
    screen.say("the box is stopped; what was deployed in it has ended with it")


def _running(stack: str, box_home: Path | None) -> Box:
    folder = box_home or default_home(find_root(), stack)
    box = Box.attach(folder, on_progress=screen.say)
    if box is None:
        raise CommandError(
            f"no box runs in {folder}. Start one with `leanto box start --stack {stack}`.", Exit.PREREQUISITE
        )
    return box
