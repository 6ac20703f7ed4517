"""Writes the reference page of the settings from what declares and checks them: `python -m infra.reference`."""

import json
from typing import Any

from infra.checks.all import CHECKS
from infra.declarations import ROOT, Declaration, declarations
from infra.problems import Problem
from infra.readers import Reader
from infra.rendering import render
from infra.settings import NAMESPACE, READERS

PAGE = ROOT / "docs" / "reference" / "settings.md"
INLINE_CHARACTERS = 60


def page() -> str:
    """Return the page's text."""
    rows = [_row(row, READERS[row.key.removeprefix(f"{NAMESPACE}:")]) for row in declarations()]
    together = [str(check.__doc__) for check in CHECKS]
    return render("reference/settings.md.j2", rows=rows, together=together).rstrip("\n") + "\n"


def _row(row: Declaration, reader: Reader[Any]) -> dict[str, str]:
    default = json.dumps(row.default)
    return {
        "key": row.key,
        "anchor": row.key.replace(":", "").lower(),
        "type": row.type,
        "default": f"`{default}`" if len(default) <= INLINE_CHARACTERS else "see `Pulumi.yaml`",
        "allowed": allowed(reader),
        "description": row.description,
    }


def allowed(reader: Reader[Any]) -> str:
    """Return in words what a reader accepts: what it says to something that nothing accepts."""
    found: list[Problem] = []
    reader("", object(), found)
    return found[0].allowed


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
