"""DynamoDB's attribute values as Python values and back; pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Attribute = dict[str, Any]
"""One attribute value as DynamoDB's JSON writes it: a type letter and the value."""


def to_attribute(value: object) -> Attribute:
    """Return a Python value as an attribute value; raises TypeError for floats and all else without an exact form."""
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case Mapping():
            return {"M": {str(key): to_attribute(item) for key, item in value.items()}}
        case list() | tuple():
            return {"L": [to_attribute(item) for item in value]}
        case _:
            raise TypeError(f"{type(value).__name__} has no exact attribute value")


def from_attribute(attribute: Mapping[str, Any]) -> Any:
    """Return an attribute value as a Python value; whole numbers become int, others Decimal."""
    ((kind, value),) = attribute.items()
    match kind:
        case "S" | "BOOL":
            return value
        case "N":
            number = Decimal(value)
            return int(number) if number == number.to_integral_value() else number
        case "NULL":
            return None
        case "L":
            return [from_attribute(item) for item in value]
        case "M":
            return from_item(value)
        case _:
            raise TypeError(f"the table holds no attributes of type {kind}")


def to_item(values: Mapping[str, object]) -> dict[str, Attribute]:
    """Return a table item's attributes."""
    return {name: to_attribute(value) for name, value in values.items()}


def from_item(item: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a table item as Python values."""
    return {name: from_attribute(attribute) for name, attribute in item.items()}
