"""`leanto ami pin`: writes the id of the newest image of the GPU nodes into a stack file; deploys never move it."""

from pathlib import Path
from typing import Any

import click

from leanto.cli import options, screen
from leanto.cli.image import image_id
from leanto.cli.place import aws_client
from leanto.cli.project import configuration, find_root
from leanto.cli.stackfile import with_value

KEY = "leanto:gpuAmiId"


@click.group(name="ami")
def command() -> None:
    """Pin the image of the GPU nodes."""


@command.command(name="pin")
@options.stack
def pin_command(stack: str) -> None:
    """Write the id of the newest image in the stack's region into Pulumi.STACK.yaml.

    The image is AWS's Deep Learning Base image for GPUs. Nodes get it at their next start after `leanto up`.
    """
    root = find_root()
    region = configuration(root, stack, {})["leanto:region"]
    screen.result(pin(root, stack, aws_client("ssm", region, None)))


def pin(root: Path, stack: str, ssm: Any) -> str:
    """Write the newest image's id into the stack file and return it."""
    found = image_id(ssm)
    path = root / f"Pulumi.{stack}.yaml"
    before = path.read_text(encoding="utf-8")
    after = with_value(before, KEY, found)
    if after != before:
        path.write_text(after, encoding="utf-8")
        screen.say(f"{path.name}: {KEY} is now {found}")
    else:
        screen.say(f"{path.name}: {KEY} is {found} already")
    return found
