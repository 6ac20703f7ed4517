"""What the pack says of one finding to the engine, as a text that people read and `leanto up` makes a table of."""

import re
from dataclasses import dataclass
from enum import StrEnum

_FIX = "\nFix: "
_PATH = re.compile(r"^`(?P<path>[^`]+)`: ")


class Kind(StrEnum):
    """What is told: something wrong, something that could not be looked at, or something to know."""

    VIOLATION = ""
    UNREAD = "not evaluated"
    PENDING = "not decided yet"
    EXEMPT = "exempt"
    NOTE = "note"


@dataclass(frozen=True)
class Told:
    """One thing told of a resource. `path` is the property, "" where there is none; `fix` the remedy, likewise."""

    kind: Kind
    path: str
    message: str
    fix: str = ""


def write(told: Told) -> str:
    """Return the text of something told."""
    mark = f"{told.kind.value}: " if told.kind.value else ""
    path = f"`{told.path}`: " if told.path else ""
    fix = f"{_FIX}{told.fix}" if told.fix else ""
    return f"{mark}{path}{told.message}{fix}"


def read(text: str) -> Told:
    """Return what a text tells: what `write` was given."""
    body, _, fix = text.partition(_FIX)
    kind = next((kind for kind in Kind if kind.value and body.startswith(f"{kind.value}: ")), Kind.VIOLATION)
    body = body.removeprefix(f"{kind.value}: ") if kind.value else body
    match = _PATH.match(body)
    path = match["path"] if match else ""
    return Told(kind, path, body[match.end() :] if match else body, fix)
