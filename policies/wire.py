"""Reads resources from the messages of Pulumi's analyzer protocol, as plain values and with nothing left out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from google.protobuf import struct_pb2

from policies.normalise import SECRET, SIGNATURE, UNKNOWN, normalise, provider_settings
from policies.stack import Item, ItemOptions, item

PROVIDER_PREFIX = "pulumi:providers:"


def plain(struct: struct_pb2.Struct) -> dict[str, Any]:
    """Return an object of the protocol as a dict; signatures and unknown values still as the protocol writes them."""
    return {key: _value(value) for key, value in struct.fields.items()}


def analyzed(request: Any) -> Item:
    """Return the resource of an AnalyzeRequest: its inputs as the provider has checked them."""
    inputs = plain(request.properties)
    return item(
        request.urn,
        request.type,
        request.name,
        inputs,
        provider_inputs=provider_settings(plain(request.provider.properties)) if request.HasField("provider") else None,
        parent=request.options.parent,
        options=_options(request.options),
        secret_inputs=tuple(sorted(key for key, value in inputs.items() if _holds_secret(value))),
        component=not request.HasField("provider") and not request.type.startswith(PROVIDER_PREFIX),
    )


def completed(seen: Item, row: Any) -> Item:
    """Return a resource with what an AnalyzerResource adds to its inputs: outputs, and where inputs come from."""
    outputs = normalise(plain(row.properties))
    return replace(
        seen,
        outputs=outputs if isinstance(outputs, dict) else {},
        parent=row.parent or seen.parent,
        property_dependencies={key: tuple(sorted(each.urns)) for key, each in row.propertyDependencies.items()},
    )


def region_of(items: Iterable[Item]) -> str:
    """Return the only region that resources are in, or "" when they are in several or in none that is known."""
    found = {row.inputs.get("region") for row in items if isinstance(row.inputs.get("region"), str)}
    return str(found.pop()) if len(found) == 1 else ""


def holds_unknown(value: Any) -> bool:
    """Tell whether something in a normalised value is not known yet."""
    if isinstance(value, Mapping):
        return any(map(holds_unknown, value.values()))
    return any(map(holds_unknown, value)) if isinstance(value, list) else value is UNKNOWN


def _value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return plain(value.struct_value)
    if kind == "list_value":
        return [_value(row) for row in value.list_value.values]
    return None if kind in {None, "null_value"} else getattr(value, str(kind))


def _options(options: Any) -> ItemOptions:
    return ItemOptions(protect=options.protect, ignore_changes=tuple(options.ignoreChanges))


def _holds_secret(value: Any) -> bool:
    if isinstance(value, Mapping):
        return value.get(SIGNATURE) == SECRET or any(map(_holds_secret, value.values()))
    return any(map(_holds_secret, value)) if isinstance(value, list) else False
