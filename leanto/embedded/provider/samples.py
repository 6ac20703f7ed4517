"""A value that a JSON schema admits, for simulated structured output and arguments of tools; pure.

Covers what OpenAI's structured outputs take: types, enum, const, anyOf, references within the document, bounds. Of
`pattern` and of formats other than dates it knows nothing: there the value is text that may not fit.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

TEXT = "[simulated]"
NUMBER = 3
MAXIMUM_DEPTH = 8
FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "date": "2026-01-01",
        "date-time": "2026-01-01T00:00:00Z",
        "email": "simulated@example.com",
        "time": "00:00:00Z",
        "uuid": "00000000-0000-4000-8000-000000000000",
    }
)
TYPES: Mapping[str, str] = MappingProxyType({"properties": "object", "items": "array"})
"""What a schema that names no type is for, by a member that only that type has."""


def sample(schema: Any) -> Any:
    """Return a value that `schema` admits; None for what is no schema."""
    return _value(schema, schema, MAXIMUM_DEPTH)


def _value(schema: Any, root: Any, depth: int) -> Any:
    if not isinstance(schema, Mapping):
        return None
    chosen = _elsewhere(schema, root, -1 if depth <= 0 else 0)
    if depth > -MAXIMUM_DEPTH and chosen is not None:
        return _value(chosen, root, depth - 1)
    if "const" in schema or schema.get("enum"):
        return schema["const"] if "const" in schema else schema["enum"][0]
    return _typed(schema, root, depth)


def _typed(schema: Mapping[str, Any], root: Any, depth: int) -> Any:
    kind = _type(schema)
    if kind == "object":
        return _object(schema, root, depth)
    if kind == "array":
        count = max(1 if depth > 0 else 0, int(schema.get("minItems", 0)))
        return [_value(schema.get("items", {"type": "string"}), root, depth - 1) for _ in range(min(count, 100))]
    if kind in {"integer", "number"}:
        return _number(schema)
    return {"boolean": True, "null": None}.get(kind, _text(schema))


def _elsewhere(schema: Mapping[str, Any], root: Any, choice: int) -> Any:
    """Return the schema that stands for this one: one of its choices, or what it refers to.

    Of the choices the first, and where it is deep enough the last: a schema that refers to itself ends there in null.
    """
    for name in ("anyOf", "oneOf", "allOf"):
        if schema.get(name):
            return schema[name][choice]
    reference = schema.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    found = root
    for part in filter(None, reference[1:].split("/")):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _type(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return str(next((one for one in kind if one != "null"), "null"))
    return str(kind or next((implied for name, implied in TYPES.items() if name in schema), "string"))


def _object(schema: Mapping[str, Any], root: Any, depth: int) -> dict[str, Any]:
    """Return an object with all its properties, or near the bound of depth with those that it must have."""
    properties = schema.get("properties") or {}
    names = properties if depth > 0 else [name for name in schema.get("required", ()) if name in properties]
    return {name: _value(properties[name], root, depth - 1) for name in names}


def _number(schema: Mapping[str, Any]) -> int | float:
    least = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    most = schema.get("maximum", schema.get("exclusiveMaximum", NUMBER + 1) - 1)
    value: int | float = max(NUMBER, least) if most >= NUMBER else max(most, least)
    return value


def _text(schema: Mapping[str, Any]) -> str:
    text = FORMATS.get(str(schema.get("format")), TEXT)
    return text.ljust(int(schema.get("minLength", 0)), ".")[: int(schema.get("maxLength", 10_000))]
