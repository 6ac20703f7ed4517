"""`leanto bundle`: builds the function bundles that a stack deploys."""

import platform
import sys

import click

from infra.bundles import Target
from leanto.bundles import build
from leanto.cli import screen
from leanto.cli.box_place import ARCHITECTURES
from leanto.cli.project import configuration, find_root


@click.command(name="bundle")
@click.option("--stack", "-s", metavar="NAME", help="Build for this stack's architecture and Python.")
@click.option("--embedded", is_flag=True, help="Build for AWS in a box: this machine's architecture and Python.")
@click.option("--architecture", type=click.Choice(["arm64", "x86_64"]), default="arm64", show_default=True)
@click.option(
    "--python", metavar="VERSION", default="3.13", show_default=True, help="Minor version of Lambda's Python."
)
def command(stack: str | None, embedded: bool, architecture: str, python: str) -> None:
    """Build the function bundles unless they are there and as new as their sources; print the manifest's path."""
    if stack is not None and embedded:
        raise click.UsageError("--stack and --embedded name two targets: give one")
    root = find_root()
    if embedded:
        machine = platform.machine().lower()
        architecture = ARCHITECTURES.get(machine, machine)
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
    elif stack is not None:
        config = configuration(root, stack, {})
        architecture, python = config["leanto:functionArchitecture"], config["leanto:functionPython"]
    screen.result(str(build(root, Target(architecture, python), lambda line: screen.say(f"bundles: {line}"))))
