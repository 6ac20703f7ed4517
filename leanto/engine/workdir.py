"""The private folder that a run gives to the engine: copies of the project and stack file, the user's stay untouched.

An inline program needs no `main` and no toolchain; the engine applies types and defaults of `config:` from the copy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import yaml

from leanto.engine.errors import ProjectFileError, StackUnknownError, StateUnreadableError

KEPT_OF_PROJECT = ("name", "description", "config", "backend")
ENCRYPTION_KEYS = ("secretsprovider", "encryptedkey", "encryptionsalt")
"""What the engine writes into a stack file itself; carried from run to run, since the file is made anew each time."""


@dataclass(frozen=True)
class StackFile:
    """The settings of one stack as they lie in the project."""

    path: Path
    content: Mapping[str, Any]

    @property
    def config(self) -> Mapping[str, Any]:
        """Return key -> value as written, without defaults."""
        return dict(self.content.get("config") or {})


def stack_names(root: Path) -> tuple[str, ...]:
    """Return the names of the stacks that have a settings file in the project."""
    return tuple(sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in root.glob("Pulumi.*.yaml")))


def read_stack(root: Path, stack: str) -> StackFile:
    """Read `Pulumi.<stack>.yaml`.

    Raises:
        StackUnknownError: there is no such file.
        ProjectFileError: it is no YAML mapping.
    """
    path = root / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        known = ", ".join(stack_names(root)) or "none"
        raise StackUnknownError(
            f"there is no stack {stack!r}: {path} does not exist (stacks here: {known})\n"
            f"Make it with `leanto new {stack} --preset managed|gpu|hybrid`."
        )
    return StackFile(path, _read_mapping(path))


def prepare(folder: Path, root: Path, stack: str, overlay: Mapping[str, object]) -> Mapping[str, Any]:
    """Write the copies into `folder` and return the stack file's content, `overlay` values winning over the file's."""
    project = _read_mapping(root / "Pulumi.yaml")
    folder.mkdir(parents=True, exist_ok=True)
    kept = {key: project[key] for key in KEPT_OF_PROJECT if key in project}
    _write(folder / "Pulumi.yaml", {**kept, "runtime": "python"})
    content = dict(read_stack(root, stack).content)
    content["config"] = {**(content.get("config") or {}), **overlay}
    copy = folder / f"Pulumi.{stack}.yaml"
    if copy.exists():
        before = _read_mapping(copy)
        if not any(key in content for key in ENCRYPTION_KEYS):
            content |= {key: before[key] for key in ENCRYPTION_KEYS if key in before}
    _write(copy, content)
    return content


def make_state_folder(state_url: str | None) -> None:
    """Make the folder of a `file://` state; other backends have places of their own.

    Raises:
        StateUnreadableError: the folder cannot be made.
    """
    if state_url is None or not state_url.startswith("file://"):
        return
    folder = Path(unquote(urlparse(state_url).path))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StateUnreadableError(
            f"the state folder {folder} cannot be made ({error.strerror}); name another one with --state"
        ) from error


def _read_mapping(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise ProjectFileError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProjectFileError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict) or not isinstance(content.get("config") or {}, dict):
        raise ProjectFileError(f"{path} must hold a mapping with the key `config`, it holds {type(content).__name__}")
    return content


def _write(path: Path, content: Mapping[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True), encoding="utf-8")
    part.replace(path)
