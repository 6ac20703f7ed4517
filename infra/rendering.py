"""Renders the texts under `templates/`. A variable that a template names and nobody gives is an error."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"


@cache
def _environment() -> Environment:
    # Nothing rendered here is HTML: bash quotes by `quote`, JSON by `tojson`.
    environment = Environment(  # noqa: S701
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["quote"] = _quote
    environment.filters["tojson"] = json.dumps
    return environment


def render(template: str, **variables: Any) -> str:
    """Return a template's text; raises jinja2.UndefinedError for a variable that is not given."""
    return _environment().get_template(template).render(**variables)


def render_json(template: str, **variables: Any) -> Any:
    """Return what the JSON of a template means."""
    return json.loads(render(template, **variables))


def compact(value: Any) -> str:
    """Return JSON on one line in a fixed order, so that the same meaning is the same text."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _quote(value: object) -> str:
    """Return a value as one word of bash, in single quotes whatever is in it."""
    return "'" + str(value).replace("'", "'\\''") + "'"
