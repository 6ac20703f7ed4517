"""Evaluates the `Condition` element of a policy statement, as the IAM user guide lists its operators.

Only what a resource policy can ask about a request is here; variables (`${aws:...}`) are replaced from the context.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

Context = Mapping[str, tuple[str, ...]]
"""Condition keys in lower case with their values; a key that does not apply to the request is absent."""
Compare = Callable[[str, str], bool]


class UnknownOperatorError(ValueError):
    """A condition uses an operator that does not exist or is not evaluated here."""


def holds(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Say whether every operator and every key of a statement's `Condition` holds.

    Raises UnknownOperatorError, naming the operator, rather than guess.
    """
    return all(
        _key_holds(operator, key, _texts(wanted), context)
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def _key_holds(operator: str, key: str, wanted: tuple[str, ...], context: Context) -> bool:
    quantifier, _, name = operator.rpartition(":")
    base, if_exists = (name[:-8], True) if name.lower().endswith("ifexists") else (name, False)
    values = context.get(key.lower())
    if base.lower() == "null":
        return any((values is None) == (text.lower() == "true") for text in wanted)
    positive, compare = _operator(base)
    if values is None:
        # An absent key satisfies a negated operator, IfExists and ForAllValues; it fails all else.
        return if_exists or not positive or quantifier.lower() == "forallvalues"
    patterns = tuple(_replace_variables(text, context) for text in wanted)
    matches = [any(compare(value, pattern) for pattern in patterns) == positive for value in values]
    return any(matches) if quantifier.lower() == "foranyvalue" else all(matches)


def _texts(wanted: object) -> tuple[str, ...]:
    values = wanted if isinstance(wanted, list) else [wanted]
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in values)


def _replace_variables(text: str, context: Context) -> str:
    def value(match: re.Match[str]) -> str:
        values = context.get(match[1].lower())
        return values[0] if values else match[0]

    return re.sub(r"\$\{([^}]+)\}", value, text)


def _operator(name: str) -> tuple[bool, Compare]:
    """Return (whether a match makes it hold, how two texts are compared)."""
    lowered = name.lower()
    positive = "not" not in lowered
    compare = _COMPARES.get(lowered.replace("not", ""))
    if compare is None:
        raise UnknownOperatorError(
            f"the condition operator {name!r} is not known; known are: {', '.join(_COMPARES)}, null"
        )
    return positive, compare


def wildcard_match(value: str, pattern: str, flags: int = 0) -> bool:
    """Say whether `value` fits `pattern`, in which `*` stands for any text and `?` for any one character."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value, flags | re.DOTALL) is not None


def _arn_like(value: str, pattern: str) -> bool:
    values, patterns = value.split(":", 5), pattern.split(":", 5)
    return len(values) == len(patterns) and all(map(wildcard_match, values, patterns))


def _in_network(value: str, network: str) -> bool:
    return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)


def _time(text: str) -> float:
    return float(text) if text.isdigit() else datetime.fromisoformat(text).timestamp()


_COMPARES: Mapping[str, Compare] = MappingProxyType(
    {
        "stringequals": lambda value, wanted: value == wanted,
        "stringequalsignorecase": lambda value, wanted: value.lower() == wanted.lower(),
        "stringlike": wildcard_match,
        "arnequals": _arn_like,
        "arnlike": _arn_like,
        "bool": lambda value, wanted: value.lower() == wanted.lower(),
        "ipaddress": _in_network,
        "numericequals": lambda value, wanted: float(value) == float(wanted),
        "numericlessthan": lambda value, wanted: float(value) < float(wanted),
        "numericlessthanequals": lambda value, wanted: float(value) <= float(wanted),
        "numericgreaterthan": lambda value, wanted: float(value) > float(wanted),
        "numericgreaterthanequals": lambda value, wanted: float(value) >= float(wanted),
        "dateequals": lambda value, wanted: _time(value) == _time(wanted),
        "datelessthan": lambda value, wanted: _time(value) < _time(wanted),
        "datelessthanequals": lambda value, wanted: _time(value) <= _time(wanted),
        "dategreaterthan": lambda value, wanted: _time(value) > _time(wanted),
        "dategreaterthanequals": lambda value, wanted: _time(value) >= _time(wanted),
    }
)
