"""Finds the project that a command works on, and reads a stack's settings before anything is started."""

from collections.abc import Mapping
from pathlib import Path

from infra.settings import Settings
from infra.settings import read_settings as read
from leanto.check.project import stack_configuration
from leanto.cli.exits import CommandError
from leanto.engine.workdir import read_stack

PRESETS = ("managed", "gpu", "hybrid")


def find_root(start: Path | None = None) -> Path:
    """Return the checkout that `start`, else the current folder, lies in.

    Raises:
        CommandError: no folder above holds our `Pulumi.yaml`.
    """
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file() and (folder / "infra").is_dir():
            return folder
    raise CommandError(
        f"{here} is in no checkout of leanto: no folder above it holds Pulumi.yaml and infra/. Go to yours with `cd`."
    )


def configuration(root: Path, stack: str, overlay: Mapping[str, object]) -> Mapping[str, str]:
    """Return the stack's configuration by namespaced key, defaults included; raises StackUnknownError."""
    read_stack(root, stack)
    return stack_configuration(root, stack, overlay).values


def read_settings(root: Path, stack: str, overlay: Mapping[str, object]) -> Settings:
    """Return the settings of a stack, all checked.

    Raises:
        StackUnknownError: there is no such stack file.
        SettingsError: some settings are wrong; all of them are named.
    """
    return read(configuration(root, stack, overlay))
