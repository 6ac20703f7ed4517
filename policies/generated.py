"""The files of the pack that are made from its rules: a configuration for each profile, and schemas for editors.

`make docs` writes them.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from policies import configuration, exemption_file
from policies.pack import RULES
from policies.profiles import PROFILES

FOLDER = Path(__file__).resolve().parent


def files() -> Mapping[Path, str]:
    """Return the text of each file by its path."""
    levels = {
        FOLDER / "levels" / f"{profile}.json": configuration.as_document(configuration.of_profile(profile, RULES))
        for profile in PROFILES
    }
    schemas = {
        FOLDER / f"{Path(name).stem}.schema.json": exemption_file.schema(RULES, name)
        for name in (exemption_file.FILE, exemption_file.FLOOR_FILE)
    }
    documents: dict[Path, Any] = {
        **levels,
        FOLDER / "configuration.schema.json": configuration.schema(RULES),
        **schemas,
    }
    return {path: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for path, document in documents.items()}


def write() -> None:
    """Write the files that are not as the rules have them."""
    for path, text in files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
