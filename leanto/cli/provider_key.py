"""`leanto provider-key set`: stores a managed provider's key in Secrets Manager; never an argument, never shown."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from leanto.cli import options, screen
from leanto.cli.exits import CommandError, Exit
from leanto.cli.place import Place

MAXIMUM_CHARACTERS = 4096
STAND_IN_KEY = "key-of-the-stand-in"
"""What the box's stand-in for the providers is given: it takes any key, and this one opens nothing."""


@click.group(name="provider-key")
def command() -> None:
    """Store the keys of managed providers."""


@command.command(name="set")
@click.argument("provider")
@options.place
def set_command(provider: str, stack: str, embedded: bool, box_home: Path | None, state: str | None) -> None:
    """Store PROVIDER's key, read from standard input: `leanto provider-key set openai --stack prod < key.txt`."""
    place = options.open_place(stack, embedded, box_home, state, start=False)
    arns = place.outputs.get("provider_secret_arns") or {}
    if provider not in arns:
        known = ", ".join(sorted(arns)) or "none"
        raise CommandError(f"stack {stack!r} has no provider {provider!r}; its routes use: {known}")
    store(place, arns[provider], read_key(provider))
    screen.say(f"the key of {provider} is stored; running functions take it up within minutes")


def read_key(provider: str) -> str:
    """Return the key from standard input: asked for without echo on a terminal, else the one line that is there."""
    if sys.stdin.isatty():
        text: str = click.prompt(f"Key of {provider}", hide_input=True, err=True)
    else:
        text = sys.stdin.read(MAXIMUM_CHARACTERS + 2)
    key = text.strip()
    if not key:
        raise CommandError(
            "standard input holds no key. Give it there, never as an argument: "
            f"`leanto provider-key set {provider} --stack NAME < file`, or type it on a terminal.",
            Exit.PREREQUISITE,
        )
    if len(key) > MAXIMUM_CHARACTERS or not key.isprintable() or not key.isascii() or " " in key:
        raise CommandError(
            f"standard input holds {len(key)} characters that are no key: one line of printable ASCII without spaces"
        )
    return key


def store(place: Place, secret_arn: str, key: str) -> None:
    """Make `key` the current value of a secret."""
    place.client("secretsmanager").put_secret_value(SecretId=secret_arn, SecretString=key)


def give_stand_in_keys(place: Place, outputs: Mapping[str, Any]) -> None:
    """In a box, give each provider that has no key yet one for the stand-in."""
    secrets = place.client("secretsmanager")
    for arn in (outputs.get("provider_secret_arns") or {}).values():
        if not secrets.describe_secret(SecretId=arn).get("VersionIdsToStages"):
            store(place, arn, STAND_IN_KEY)
