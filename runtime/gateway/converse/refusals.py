"""How a chat request is refused that Bedrock's Converse cannot do as asked; pure.

What Converse has no place for is never left out in silence: the answer would not be the one that was asked for.
"""

from typing import Any

from runtime.gateway.answers import GatewayError

API = "Bedrock's Converse API, which serves this model,"


def unsupported(param: str, reason: str) -> GatewayError:
    """Return the refusal of a field, or of a value, that has no counterpart; `reason` follows the API's name."""
    return GatewayError(400, "unsupported_parameter", f"'{param}': {API} {reason}.", param=param)


def invalid(param: str, rule: str) -> GatewayError:
    """Return the refusal of a value that no API takes; `rule` says what it must be."""
    return GatewayError(400, "invalid_value", f"'{param}' {rule}.", param=param)


def only_fields(param: str, given: dict[str, Any], known: frozenset[str]) -> None:
    """Raise the refusal of the first member of an object that is neither known nor null."""
    for name, value in given.items():
        if name not in known and value is not None:
            # The name is the client's own text and may be anything, so it is not repeated.
            allowed = ", ".join(sorted(known))
            raise unsupported(param, f"has no place for a member other than {allowed}")


def objects(param: str, value: Any) -> list[dict[str, Any]]:
    """Return a value that must be a list of objects; null is an empty one."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise invalid(param, "must be a list of objects")
    return value
