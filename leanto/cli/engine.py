"""`leanto engine`: makes sure that there is a Pulumi engine, and prints where it is."""

import click

from leanto.cli import screen
from leanto.engine.find import ensure


@click.command(name="engine")
def command() -> None:
    """Find, fetch or build the Pulumi engine and print where it is.

    LEANTO_ENGINE names one to use; LEANTO_CACHE is where a fetched or built one is kept.
    """
    screen.result(str(ensure(screen.say).path))
