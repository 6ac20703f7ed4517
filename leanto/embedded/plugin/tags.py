"""Tags: the provider's default tags joined with a resource's own, and the two shapes in which AWS carries them."""

from collections.abc import Iterable, Mapping
from typing import Any

from leanto.embedded.plugin.values import UNKNOWN, Unknown, has_unknown

RESERVED_PREFIX = "aws:"
"""Tags that AWS itself sets; no program may, and no read-back shows them."""


def merged(default_tags: Mapping[str, str] | Unknown, tags: Any) -> dict[str, str] | Unknown:
    """Return `tagsAll`: the default tags, overridden by the resource's own; unknown when either holds an unknown."""
    if isinstance(default_tags, Unknown) or has_unknown(tags):
        return UNKNOWN
    return {**default_tags, **(tags or {})}


def own(tags_all: Mapping[str, str], inputs: Mapping[str, Any], default_tags: Mapping[str, str]) -> dict[str, str]:
    """Return `tags`: what AWS shows, less the default tags that the resource did not set itself."""
    mine = inputs.get("tags") or {}
    return {key: value for key, value in tags_all.items() if key in mine or default_tags.get(key) != value}


def as_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Return tags as the list of pairs that most of AWS's APIs take."""
    return [{key: name, value: text} for name, text in sorted(tags.items())]


def as_map(pairs: Iterable[Mapping[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Return the pairs that most of AWS's APIs answer with as a map, without those that AWS set itself."""
    found = {pair[key]: pair.get(value, "") for pair in pairs or ()}
    return {name: text for name, text in sorted(found.items()) if not name.startswith(RESERVED_PREFIX)}


def changes(olds: Mapping[str, Any], news: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Return (keys to remove, tags to set) that lead from the inputs `olds` to `news`, by their `tagsAll`."""
    before, after = olds.get("tagsAll") or {}, news.get("tagsAll") or {}
    removed = sorted(before.keys() - after.keys())
    return removed, {key: value for key, value in after.items() if before.get(key) != value}
