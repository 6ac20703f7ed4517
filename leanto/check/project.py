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
    """The project's name and the stack's values by namespaced key, as texts; structured values are JSON."""

    project: str
    values: Mapping[str, str]
    secret_keys: frozenset[str]


def stack_configuration(root: Path, stack: str, overlay: Mapping[str, object] | None = None) -> StackConfiguration:
    """Return the configuration of `stack` in the project at `root`; values of `overlay` win over those of the files.

    Raises ProjectError when a file is missing or not what Pulumi writes.
    """
    project = _read(root / "Pulumi.yaml")
    name = str(project.get("name") or "")
    if not name:
        raise ProjectError(f"{root / 'Pulumi.yaml'}: name is missing")
    merged: dict[str, object] = _defaults(project.get("config") or {}, name)
    merged |= {_namespaced(key, name): value for key, value in (_stack(root, stack).get("config") or {}).items()}
    merged |= {_namespaced(key, name): value for key, value in (overlay or {}).items()}
    secret = frozenset(key for key, value in merged.items() if _is_secret(value))
    values = {key: PLACEHOLDER if key in secret else _text(value) for key, value in merged.items()}
    return StackConfiguration(name, values, secret)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ProjectError(f"there is no {path}") from None
    except yaml.YAMLError as error:
        raise ProjectError(f"{path} is not YAML: {error}") from None
    if not isinstance(document, dict):
        raise ProjectError(f"{path} holds no settings")
    return document


def _stack(root: Path, stack: str) -> dict[str, Any]:
    path = root / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.name.split(".")[1] for file in root.glob("Pulumi.*.yaml"))) or "none"
        raise ProjectError(f"there is no stack {stack!r}: {path} is missing; stacks with a file here: {known}")
    return _read(path)


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
    return isinstance(value, dict) and value.keys() == {"secure"}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
