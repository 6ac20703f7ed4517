"""Makes one plain form of properties, wherever they come from: synthesis, the engine or a state.

Objects are dicts, lists are lists, whole numbers are ints; what is not known is UNKNOWN, also when its sentinel stands
inside a longer text or as a key.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

UNKNOWN_SENTINELS = frozenset(
    {
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",  # text
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",  # bool
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",  # number
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",  # list
        "030794c1-ac77-496b-92df-f27374a8bd58",  # asset
        "e48ece36-62e2-4504-bad9-02848725956a",  # archive
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",  # object
    }
)
"""How Pulumi's protocol writes an unknown value of each kind (pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go)."""

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark of a secret, none itself
REFERENCE = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
DEPTH = 64


class _Unknown:
    """The only value of its kind."""

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false: read it through policies.reading")

    def __copy__(self) -> "_Unknown":
        return self

    def __deepcopy__(self, memo: object) -> "_Unknown":
        return self


UNKNOWN: Final = _Unknown()


def normalise(value: Any, depth: int = 0) -> Any:
    """Return `value` in plain form. Signatures of the protocol are opened; an asset becomes an object that tells of it.

    Nothing raises: what is of no known kind, or nested deeper than AWS could take, is UNKNOWN.
    """
    if value is None or isinstance(value, str | bool | int | float):
        return _scalar(value)
    if depth >= DEPTH:
        return UNKNOWN
    if isinstance(value, Mapping):
        return _object(value, depth)
    if isinstance(value, list | tuple | set | frozenset):
        return [normalise(row, depth + 1) for row in value]
    return UNKNOWN


def provider_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a provider as values: all but texts travel as JSON."""
    return {key: _decoded(value) for key, value in settings.items()}


def _decoded(value: Any) -> Any:
    if not isinstance(value, str) or not value.startswith(("{", "[", "true", "false")):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _scalar(value: str | bool | float | None) -> Any:
    if isinstance(value, str) and _holds_unknown(value):
        return UNKNOWN
    # The protocol has no whole numbers: 4.0 is a 4.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _object(value: Mapping[Any, Any], depth: int) -> Any:
    signature = value.get(SIGNATURE)
    if signature == SECRET:
        # A state keeps the cipher text alone: what it says is unknown there.
        return normalise(value["value"], depth + 1) if "value" in value else UNKNOWN
    if signature == OUTPUT:
        return normalise(value["value"], depth + 1) if value.get("value") is not None else UNKNOWN
    if signature == REFERENCE:
        return normalise(value.get("id", UNKNOWN), depth + 1)
    if any(_holds_unknown(str(key)) for key in value):
        return UNKNOWN
    return {
        str(key): normalise(row, depth + 1)
        for key, row in value.items()
        if key != SIGNATURE and not str(key).startswith("__")
    }


def _holds_unknown(text: str) -> bool:
    return len(text) >= 36 and any(sentinel in text for sentinel in UNKNOWN_SENTINELS)
