"""Reads what `Pulumi.yaml` declares: each setting's type, meaning and default. Nothing else knows the defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PROJECT_FILE = "Pulumi.yaml"


@dataclass(frozen=True)
class Declaration:
    """One setting as `Pulumi.yaml` declares it; `type` is "string", "integer", "boolean", "object", "array of ..."."""

    key: str
    type: str
    description: str
    default: Any


def declarations(root: Path = ROOT) -> tuple[Declaration, ...]:
    """Return the settings that the project file in `root` declares, in its order."""
    project = yaml.safe_load((root / PROJECT_FILE).read_text(encoding="utf-8"))
    return tuple(
        Declaration(key, _type(entry), entry["description"], entry["default"])
        for key, entry in project["config"].items()
        if "type" in entry
    )


def project_defaults(root: Path = ROOT) -> Mapping[str, Any]:
    """Return the default of every setting by its namespaced key."""
    return MappingProxyType({row.key: row.default for row in declarations(root)})


def stack_values(stack: str, root: Path = ROOT) -> Mapping[str, Any]:
    """Return the settings of a stack: what `Pulumi.<stack>.yaml` says over the defaults."""
    document = yaml.safe_load((root / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    return MappingProxyType({**project_defaults(root), **document["config"]})


def _type(entry: Mapping[str, Any]) -> str:
    return f"array of {entry['items']['type']}" if entry["type"] == "array" else str(entry["type"])
