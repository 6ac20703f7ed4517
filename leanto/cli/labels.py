"""Names that operators give to keys and teams."""

import re

from leanto.cli.exits import CommandError

LABEL = re.compile(r"[\w .@+-]{1,64}")


def checked_label(option: str, value: str) -> str:
    """Return the name; raises CommandError when it holds what would be odd on a screen or in a table."""
    if not LABEL.fullmatch(value):
        raise CommandError(f"{option} {value!r}: up to 64 letters, digits, spaces and any of . @ + - _")
    return value
