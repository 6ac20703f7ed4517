"""`leanto up`: settings, image, bundles, preview, deployment, and what to type next."""

from pathlib import Path

import click
from botocore.exceptions import BotoCoreError, ClientError

from leanto.cli import options, runs, screen
from leanto.cli.ami import pin
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
        pin_image_if_unset(place)
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
    for name, value in sorted(with_address(place, done.outputs).items()):
        if isinstance(value, str) and value:
            screen.say(f"  {name}: {value}")
    screen.say("Next:")
    for step in next_steps(place, done.outputs.get("provider_secret_arns") or {}):
        screen.say(f"  {step}")


def next_steps(place: Place, provider_secrets: dict[str, str]) -> tuple[str, str]:
    """Return the two commands that a person types after a deployment."""
    key = f"leanto keys create me {place.options}"
    if place.box is None and provider_secrets:
        return f"leanto provider-key set {min(provider_secrets)} {place.options}", key
    return key, f"leanto outputs {place.options}"


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


def pin_image_if_unset(place: Place) -> None:
    """Write the image of the GPU nodes into the stack file where a stack with a pool names none yet."""
    config = configuration(place.root, place.stack, place.overlay)
    if config["leanto:mode"] != "managed" and not config.get("leanto:gpuAmiId"):
        pin(place.root, place.stack, place.client("ssm"))
