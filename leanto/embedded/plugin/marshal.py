"""Turns the provider protocol's structures into plain values and back: unknowns, secrets, whole numbers, assets."""

from collections.abc import Mapping
from typing import Any, Final

from google.protobuf import struct_pb2

from leanto.embedded.plugin.values import UNKNOWN

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
"""Key that marks a structure as more than an object; its value says what it is."""
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - the protocol's mark of a secret, no secret itself
OUTPUT: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
ASSET: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"

UNKNOWN_MARKS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)
"""The protocol's texts for an unknown boolean, number, string, list, asset, archive and object
(pulumi sdk/go/common/resource/plugin/rpc.go)."""
UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


def decode(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return plain values: secrets unwrapped, unknowns as `UNKNOWN`, whole floats as int, nulls left out."""
    return _decode_fields(struct.fields)


def _decode_fields(fields: Mapping[str, struct_pb2.Value]) -> dict[str, Any]:
    decoded = {key: _decode_value(value) for key, value in fields.items()}
    return {key: value for key, value in decoded.items() if value is not None}


def _decode_value(value: struct_pb2.Value) -> Any:
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value in UNKNOWN_MARKS else value.string_value
        case "bool_value":
            return value.bool_value
        case "list_value":
            return [_decode_value(item) for item in value.list_value.values]
        case "struct_value":
            return _unwrap(_decode_fields(value.struct_value.fields))
    return None


def _unwrap(fields: dict[str, Any]) -> Any:
    match fields.get(SIGNATURE):
        case mark if mark == SECRET:
            return fields.get("value")
        case mark if mark == OUTPUT:
            return fields.get("value", UNKNOWN)
    return fields


def encode(props: Mapping[str, Any]) -> struct_pb2.Struct:
    """Return the protocol's structure; `UNKNOWN` becomes the mark of an unknown string, None is left out."""
    struct = struct_pb2.Struct()
    struct.update(_encode_fields(props))
    return struct


def _encode_fields(props: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _encode_value(value) for key, value in props.items() if value is not None}


def _encode_value(value: Any) -> Any:
    if value is UNKNOWN:
        return UNKNOWN_STRING
    if isinstance(value, Mapping):
        return _encode_fields(value)
    if isinstance(value, list | tuple):
        return [_encode_value(item) for item in value]
    return value
