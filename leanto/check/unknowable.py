"""Values that stand for what only the cloud knows, and that are found again wherever the program put them.

A function that a program calls directly cannot answer "not known yet": the program goes on with what it gets. So it
gets texts of the right form that carry a mark. What the program makes of them, a name, a document, a part of a list,
carries the mark as well, and where it arrives in a resource it is unknown: no rule takes it for a value.
"""

import hashlib
import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from leanto.check.project import PLACEHOLDER
from leanto.embedded.plugin.marshal import UNKNOWN_MARKS, UNKNOWN_STRING
from leanto.embedded.plugin.values import UNKNOWN

RANGE = "198.18.0.0/15"
"""The range that RFC 2544 keeps for benchmarks: no network has it, so what is cut from it is made up too."""
MARKED_NUMBER = 1980181977
"""A number that stands for one that is not known, and that nothing else is likely to be."""
_ADDRESS = re.compile(r"(?<![\d.])198\.1[89]\.\d{1,3}\.\d{1,3}(?![\d.])")
_MARKS = (*sorted(UNKNOWN_MARKS), PLACEHOLDER)
_LENGTH = min(map(len, _MARKS))
_NETWORK = ipaddress.ip_network(RANGE)


def marked_text(prefix: str, *subject: str) -> str:
    """Return a text that carries the mark; the same for the same `subject`."""
    return f"{prefix}{UNKNOWN_STRING}-{hashlib.sha256('|'.join(subject).encode()).hexdigest()[:8]}"


def marked_network(number: int = 0) -> str:
    """Return an IPv4 network that is found again, also in networks and addresses that are cut from it."""
    return f"198.{18 + number // 256 % 2}.{number % 256 if number else 0}.0/{24 if number else 16}"


def with_unknowns(value: Any) -> Any:
    """Return a property with UNKNOWN for each text in it that carries a mark; a marked key makes its object unknown."""
    if isinstance(value, str):
        return UNKNOWN if _carries(value) else value
    if value == MARKED_NUMBER:
        return UNKNOWN
    if isinstance(value, Mapping):
        if any(_carries(str(key)) for key in value):
            return UNKNOWN
        return {key: with_unknowns(row) for key, row in value.items()}
    return [with_unknowns(row) for row in value] if isinstance(value, list) else value


def _carries(text: str) -> bool:
    if (len(text) >= _LENGTH and any(mark in text for mark in _MARKS)) or str(MARKED_NUMBER) in text:
        return True
    return "198.1" in text and _ADDRESS.search(text) is not None
