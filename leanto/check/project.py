"""Reads what the engine would hand a program as configuration: the project's defaults under the stack's own values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

PLACEHOLDER = "secret-not-decrypted"
"""Stands for an encrypted value of a stack file, which only the engine can open."""


class ProjectError(Exception):
    """A project or stack file cannot be read; the message names it and says why."""


@dataclass(frozen=True)
class StackConfiguration:
    """The project's name and the stack's values by namespaced key, as texts; structured values are JSON.

    `environments` are those of Pulumi Cloud that the stack takes more values from, which only the engine can open.
    """

    project: str
    values: Mapping[str, str]
    secret_keys: frozenset[str]
    environments: tuple[str, ...] = ()


def stack_configuration(
    root: Path, stack: str, overlay: Mapping[str, object] | None = None, *, needs_file: bool = True
) -> StackConfiguration:
    """Return the configuration of `stack` in the project at `root`; values of `overlay` win over those of the files.

    Without `needs_file` a stack that has no file has the project's defaults. Raises ProjectError when a file is missing
    or not what Pulumi writes.
    """
    path = project_file(root)
    project = read_yaml(path)
    name = str(project.get("name") or "")
    if not name:
        raise ProjectError(f"{path}: name is missing")
    settings = _stack(root, stack, needs_file=needs_file)
    merged: dict[str, object] = _defaults(_mapping(project.get("config"), path), name)
    merged |= {_namespaced(key, name): value for key, value in _mapping(settings.get("config"), path).items()}
    merged |= {_namespaced(key, name): value for key, value in (overlay or {}).items()}
    secret = frozenset(key for key, value in merged.items() if _holds_secret(value))
    values = {key: _text(_without_secrets(value)) for key, value in merged.items()}
    return StackConfiguration(name, values, secret, _environments(settings))


def project_file(root: Path) -> Path:
    """Return the project's file. Raises ProjectError when there is none."""
    found = next((root / name for name in ("Pulumi.yaml", "Pulumi.yml") if (root / name).is_file()), None)
    if found is None:
        raise ProjectError(f"there is no {root / 'Pulumi.yaml'}")
    return found


def read_yaml(path: Path) -> dict[str, Any]:
    """Return what a YAML file holds. Raises ProjectError when that is no mapping."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ProjectError(f"{path} cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProjectError(f"{path} is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise ProjectError(f"{path} holds no settings")
    return document


def stack_files(root: Path) -> Mapping[str, Path]:
    """Return the stack files of a project by stack; `stackConfigDir` of the project moves them."""
    folder = root / str(read_yaml(project_file(root)).get("stackConfigDir") or ".")
    found = {path.name.removeprefix("Pulumi.").rpartition(".")[0]: path for path in folder.glob("Pulumi.*.y*ml")}
    return {name: path for name, path in found.items() if name}


def stack_path(root: Path, stack: str) -> Path:
    """Return where the file of a stack is, or would be; an organization before the name is not part of it."""
    name = stack.rpartition("/")[2]
    folder = root / str(read_yaml(project_file(root)).get("stackConfigDir") or ".")
    return stack_files(root).get(name, folder / f"Pulumi.{name}.yaml")


def _stack(root: Path, stack: str, *, needs_file: bool) -> dict[str, Any]:
    path = stack_path(root, stack)
    if path.is_file():
        # An empty file is a stack without settings of its own.
        return read_yaml(path) if path.read_text(encoding="utf-8").strip() else {}
    if not needs_file:
        return {}
    known = ", ".join(sorted(stack_files(root))) or "none"
    raise ProjectError(f"there is no stack {stack!r}: {path} is missing; stacks with a file here: {known}")


def _mapping(value: object, path: Path) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ProjectError(f"{path}: config is no mapping of keys to values")
    return value


def _environments(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the environments of Pulumi Cloud that a stack takes values from."""
    named = settings.get("environment")
    rows = named if isinstance(named, list) else (named.get("imports") or ()) if isinstance(named, Mapping) else ()
    return tuple(row if isinstance(row, str) else next(iter(row), "") for row in rows if isinstance(row, str | Mapping))


def _defaults(declared: Mapping[str, Any], project: str) -> dict[str, object]:
    """Return the values that a project file declares: as `key: value`, or as `default` or `value` of a schema."""
    values: dict[str, object] = {}
    for key, entry in declared.items():
        if not isinstance(entry, dict):
            values[_namespaced(key, project)] = entry
        elif "value" in entry or "default" in entry:
            values[_namespaced(key, project)] = entry.get("value", entry.get("default"))
    return values


def _namespaced(key: str, project: str) -> str:
    return key if ":" in key else f"{project}:{key}"


def _is_secret(value: object) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"secure"}


def _holds_secret(value: object) -> bool:
    if isinstance(value, Mapping):
        return _is_secret(value) or any(map(_holds_secret, value.values()))
    return isinstance(value, list) and any(map(_holds_secret, value))


def _without_secrets(value: object) -> object:
    """Return a value with the placeholder for each encrypted one; the cipher text goes nowhere."""
    if _is_secret(value):
        return PLACEHOLDER
    if isinstance(value, Mapping):
        return {key: _without_secrets(row) for key, row in value.items()}
    return [_without_secrets(row) for row in value] if isinstance(value, list) else value


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
