"""Options that several commands share, with one wording."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from leanto.cli import account_place, box_place
from leanto.cli.place import Place
from policies.profiles import PROFILES

Function = TypeVar("Function", bound=Callable[..., Any])

STACK_METAVAR = "NAME"


def stack(function: Function) -> Function:
    """Add --stack."""
    return click.option(
        "--stack",
        "-s",
        required=True,
        metavar=STACK_METAVAR,
        help="Stack to work on: managed, gpu, hybrid or your own.",
    )(function)


def embedded(function: Function) -> Function:
    """Add --embedded and --box."""
    with_box = click.option(
        "--box",
        "box_home",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder of the box, with --embedded.  [default: .leanto/box/STACK]",
    )(function)
    return click.option("--embedded", is_flag=True, help="Work on AWS in a box, a process on this machine.")(with_box)


def state(function: Function) -> Function:
    """Add --state."""
    return click.option(
        "--state",
        metavar="DIR|URL",
        help="Where the state is kept: a folder, or a URL such as s3://bucket. Not with --embedded.",
    )(function)


def place(function: Function) -> Function:
    """Add all that names a place: --stack, --embedded, --box, --state."""
    return stack(embedded(state(function)))


def policies(function: Function) -> Function:
    """Add --profile and --policy-config."""
    with_file = click.option(
        "--policy-config",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="File with levels and parameters of the rules.  [default: as the profile has them]",
    )(function)
    return click.option(
        "--profile",
        type=click.Choice(PROFILES),
        help="Hold the stack to these policies, if they are no weaker.  [default: as leanto:environment says]",
    )(with_file)


def open_place(stack: str, embedded: bool, box_home: Path | None, state: str | None, *, start: bool) -> Place:
    """Open what the options name; `start` lets a box be started where none runs."""
    if embedded and state is not None:
        raise click.UsageError("--state does not go with --embedded: the state of a box is in the box's own folder")
    if not embedded and box_home is not None:
        raise click.UsageError("--box goes with --embedded")
    if embedded:
        return box_place.open_place(stack, box_home, start=start)
    return account_place.open_place(stack, state)
