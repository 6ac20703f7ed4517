"""`leanto up`: settings, image, bundles, preview, deployment, and what to type next."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from leanto.cli import options, runs, screen
from leanto.cli.ami import pin
from leanto.cli.box_artefacts import give_artefacts
from leanto.cli.engine_image import pin_what_is_known
from leanto.cli.exits import CommandError, Exit
from leanto.cli.outputs import with_address
from leanto.cli.place import Place
from leanto.cli.policies import hold
from leanto.cli.project import configuration
from leanto.cli.provider_key import give_stand_in_keys
from leanto.cli.stopflag import refuse_while_stopped


@click.command(name="up")
@options.place
@options.policies
@click.option("--yes", is_flag=True, help="Deploy what the preview shows without asking.")
def command(
    stack: str,
    embedded: bool,
    box_home: Path | None,
    state: str | None,
    profile: str | None,
    policy_config: Path | None,
    yes: bool,
) -> None:
    """Deploy a stack: create, change and delete until the account is as the program says.

    The stack is held to the policies: as a whole before anything is created, and each resource once more before it is.
    """
    place = options.open_place(stack, embedded, box_home, state, start=True)
    if place.box is None:
        tell_account(place)
        pin_what_is_unset(place)
    _ = place.settings
    refuse_while_stopped(place)
    held = hold(place, profile, policy_config)
    runs.build_bundles(place)
    previewed = runs.preview(place, held)
    if previewed.changed:
        runs.confirm(f"Deploy this to stack {stack!r}?", agreed=yes or embedded)
    done = runs.up(place, previewed, held)
    if place.box is not None:
        give_stand_in_keys(place, done.outputs)
        give_artefacts(place, str(done.outputs.get("pool_bucket_name") or ""))
    for name, value in sorted(with_address(place, done.outputs).items()):
        if isinstance(value, str) and value:
            screen.say(f"  {name}: {value}")
    screen.say("Next:")
    for step in next_steps(place, done.outputs):
        screen.say(f"  {step}")


def next_steps(place: Place, outputs: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the commands that a person types after a deployment; a box brings what nodes load by itself."""
    key, providers = f"leanto keys create me {place.options}", outputs.get("provider_secret_arns") or {}
    if place.box is not None:
        return key, f"leanto outputs {place.options}"
    pushes = ("models push", "engine-image push") if outputs.get("pool_bucket_name") else ()
    before = [f"provider-key set {min(providers)}"] if providers else []
    steps = tuple(f"leanto {step} {place.options}" for step in (*before, *pushes))
    return (*steps, key) if steps else (key, f"leanto outputs {place.options}")


def tell_account(place: Place) -> None:
    """Say which account is worked on; raises CommandError when there are no usable credentials."""
    try:
        identity = place.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise CommandError(
            f"there are no usable AWS credentials: {error}\n"
            "Log in (`aws sso login`, or AWS_PROFILE, or keys in the environment); `aws sts get-caller-identity` must "
            "answer. To try without an account, add --embedded.",
            Exit.PREREQUISITE,
        ) from error
    screen.say(f"account {identity['Account']}, region {place.region}, as {identity['Arn']}")


def pin_what_is_unset(place: Place) -> None:
    """Write what nodes start from into the file of a stack with a pool, where it names none yet.

    The engine's archive is pinned only if its checksum is known already: making it means fetching gigabytes.
    """
    config = configuration(place.root, place.stack, place.overlay)
    if config["leanto:mode"] == "managed":
        return
    if not config.get("leanto:gpuAmiId"):
        pin(place.root, place.stack, place.client("ssm"))
    pin_what_is_known(place.root, place.stack, config)
