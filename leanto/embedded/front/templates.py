"""Fills the `$context` variables into gateway responses and access log lines; pure."""

import json
import re
from collections.abc import Mapping

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[\w.]+)\}|(?P<plain>(?:context|stageVariables)(?:\.[A-Za-z0-9_]+)+))")
NOTHING = "-"
"""What an access log shows for a variable without a value."""


def filled(template: str, context: Mapping[str, str], stage_variables: Mapping[str, str], *, absent: str = "") -> str:
    """Return the template with its variables replaced; one without a value becomes `absent`."""

    def value(found: re.Match[str]) -> str:
        kind, _, name = (found["braced"] or found["plain"]).partition(".")
        values = stage_variables if kind == "stageVariables" else context
        return values.get(name, absent)

    return _VARIABLE.sub(value, template)


def log_line(log_format: str, context: Mapping[str, str], stage_variables: Mapping[str, str]) -> str:
    """Return an access log line. Values are escaped, so that no header of a client can break a line or its JSON."""
    escaped = {
        name: value if name == "error.messageString" else json.dumps(value, ensure_ascii=False)[1:-1]
        for name, value in context.items()
    }
    return filled(log_format, escaped, stage_variables, absent=NOTHING)
