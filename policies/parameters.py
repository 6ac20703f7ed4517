"""Checks the values that a configuration gives for the parameters of a rule."""

import difflib
import math
from collections.abc import Iterable
from typing import Any

from policies.rule import Parameter

KINDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "text": "a text",
    "texts": "a list of texts",
}


def refusal(parameter: Parameter, value: Any) -> str:
    """Return why a value cannot be taken, with what is allowed; "" when it can."""
    if not _is_of_kind(parameter.kind, value):
        return f"it must be {KINDS[parameter.kind]}{_bounds(parameter)}, not {_shown(value)}"
    if parameter.minimum is not None and _is_number(value) and value < parameter.minimum:
        return f"it is {_shown(value)}, and must be {KINDS[parameter.kind]}{_bounds(parameter)}"
    if parameter.maximum is not None and _is_number(value) and value > parameter.maximum:
        return f"it is {_shown(value)}, and must be {KINDS[parameter.kind]}{_bounds(parameter)}"
    wrong = [
        row
        for row in (value if isinstance(value, list) else [value])
        if parameter.allowed and row not in parameter.allowed
    ]
    if wrong:
        return f"{_shown(wrong[0])} is not allowed; allowed: {', '.join(parameter.allowed)}"
    return ""


def meant(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean X?" for a name that is close to a known one, else ""."""
    close = difflib.get_close_matches(name, tuple(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def json_schema(parameter: Parameter) -> dict[str, Any]:
    """Return the JSON schema of a parameter, without its default: that depends on the profile."""
    kinds = {"integer": "integer", "number": "number", "boolean": "boolean", "text": "string", "texts": "array"}
    schema: dict[str, Any] = {"type": kinds[parameter.kind], "description": parameter.description}
    if parameter.kind == "texts":
        schema["items"] = {"type": "string", **({"enum": list(parameter.allowed)} if parameter.allowed else {})}
    elif parameter.allowed:
        schema["enum"] = list(parameter.allowed)
    if parameter.minimum is not None:
        schema["minimum"] = parameter.minimum
    if parameter.maximum is not None:
        schema["maximum"] = parameter.maximum
    return schema


def _is_of_kind(kind: str, value: Any) -> bool:
    if kind == "texts":
        return isinstance(value, list) and all(isinstance(row, str) for row in value)
    if kind in {"integer", "number"}:
        return _is_number(value) and (kind == "number" or value == int(value))
    return isinstance(value, {"boolean": bool, "text": str}[kind])


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _bounds(parameter: Parameter) -> str:
    if parameter.minimum is not None and parameter.maximum is not None:
        return f" from {parameter.minimum:g} to {parameter.maximum:g}"
    if parameter.minimum is not None:
        return f" of at least {parameter.minimum:g}"
    return "" if parameter.maximum is None else f" of at most {parameter.maximum:g}"


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
