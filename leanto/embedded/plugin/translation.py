"""Turns nested properties of Pulumi into those of an AWS API and back, where the two differ in spelling only; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from leanto.embedded.plugin import tags

TRUTHS = MappingProxyType({"true": True, "false": False})


@dataclass(frozen=True)
class Translation:
    """How one API spells what Pulumi writes in camelCase; without an entry the first letter becomes a capital."""

    names: Mapping[str, str] = field(default_factory=dict)
    """Pulumi's name of a field, and the API's, where the rule does not give it."""
    truth_texts: frozenset[str] = frozenset()
    """Fields that Pulumi writes as the text `"true"` or `"false"`, so that they can be left unset."""
    tag_maps: frozenset[str] = frozenset()
    """Fields that are a map of tags for Pulumi and a list of pairs for the API."""
    _back: Mapping[str, str] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_back", MappingProxyType({api: name for name, api in self.names.items()}))

    def to_api(self, value: Any) -> Any:
        """Return a value of Pulumi as the API takes it; null and empty text are left out: they mean unset."""
        if isinstance(value, Mapping):
            return {
                self.names.get(key, key[:1].upper() + key[1:]): self._field_to_api(key, item)
                for key, item in value.items()
                if item is not None and item != ""
            }
        return [self.to_api(item) for item in value] if isinstance(value, list) else value

    def from_api(self, value: Any) -> Any:
        """Return a value of the API as Pulumi shows it."""
        if isinstance(value, Mapping):
            named = ((self._back.get(api, api[:1].lower() + api[1:]), item) for api, item in value.items())
            return {key: self._field_from_api(key, item) for key, item in named}
        return [self.from_api(item) for item in value] if isinstance(value, list) else value

    def _field_to_api(self, key: str, value: Any) -> Any:
        if key in self.truth_texts and isinstance(value, str):
            return TRUTHS.get(value.lower(), value)
        return tags.as_list(value) if key in self.tag_maps else self.to_api(value)

    def _field_from_api(self, key: str, value: Any) -> Any:
        if key in self.truth_texts:
            return str(value).lower()
        return tags.as_map(value) if key in self.tag_maps else self.from_api(value)
