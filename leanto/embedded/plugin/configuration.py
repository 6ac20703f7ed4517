"""The provider's configuration: region and default tags, as the engine hands them to each plugin process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin.values import UNKNOWN, Unknown, has_unknown


@dataclass(frozen=True)
class Configuration:
    """What one provider resource is set to. `default_tags` is `UNKNOWN` while a tag's value is."""

    region: str
    default_tags: Mapping[str, str] | Unknown = field(default_factory=lambda: MappingProxyType({}))


def read_configuration(args: Mapping[str, Any], environment: Mapping[str, str]) -> Configuration:
    """Return the configuration; every value but a string arrives as JSON text, such as `defaultTags`."""
    region = args.get("region") or environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    if not region or has_unknown(region):
        raise ValueError("no region: set aws:region in the stack's configuration, or AWS_REGION in the environment")
    default_tags = _decoded(args.get("defaultTags"))
    if has_unknown(default_tags):
        return Configuration(str(region), UNKNOWN)
    tags = default_tags.get("tags") if isinstance(default_tags, Mapping) else None
    return Configuration(str(region), MappingProxyType(dict(tags or {})))


def _decoded(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
