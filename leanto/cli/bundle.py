"""`leanto bundle`: builds the bundles that a stack deploys: its functions', and with a pool the node agent's."""

import platform
import sys

import click

from catalog.tables import catalogue
from infra.bundles import Target
from infra.targets import targets
from leanto.bundles import build
from leanto.check.pins import missing_pins
from leanto.cli import screen
from leanto.cli.box_place import ARCHITECTURES
from leanto.cli.project import configuration, find_root, read_settings

USUAL, USUAL_OF_NODES = Target("arm64", "3.13"), Target("x86_64", "3.12", of_nodes=True)


@click.command(name="bundle")
@click.option("--stack", "-s", metavar="NAME", help="Build what this stack deploys, for its architecture and Python.")
@click.option("--embedded", is_flag=True, help="Build for AWS in a box: this machine's architecture and Python.")
@click.option("--nodes", is_flag=True, help="Build the agent of the pool's nodes, not the functions.")
@click.option("--architecture", type=click.Choice(["arm64", "x86_64"]), help="[default: arm64, for nodes x86_64]")
@click.option("--python", metavar="VERSION", help="Minor version of Python.  [default: 3.13, for nodes 3.12]")
def command(stack: str | None, embedded: bool, nodes: bool, architecture: str | None, python: str | None) -> None:
    """Build the bundles unless they are there and as new as their sources; print the path of each manifest."""
    if stack is not None and (embedded or nodes):
        raise click.UsageError(f"--stack and --{'embedded' if embedded else 'nodes'} name two targets: give one")
    root = find_root()
    if stack is not None:
        # What is not pinned yet decides nothing about bundles.
        settings = read_settings(root, stack, missing_pins(configuration(root, stack, {})))
        wanted = targets(settings, catalogue())
    else:
        wanted = (_target(embedded=embedded, nodes=nodes, architecture=architecture, python=python),)
    for target in wanted:
        screen.result(str(build(root, target, lambda line: screen.say(f"bundles: {line}"))))


def _target(*, embedded: bool, nodes: bool, architecture: str | None, python: str | None) -> Target:
    if embedded:
        machine = platform.machine().lower()
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        return Target(ARCHITECTURES.get(machine, machine), here, of_nodes=nodes)
    usual = USUAL_OF_NODES if nodes else USUAL
    return Target(architecture or usual.architecture, python or usual.python, of_nodes=nodes)
