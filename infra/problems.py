"""What is wrong with the settings, in words that say what to do. All problems are found before any is told."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

MAXIMUM_SHOWN_CHARACTERS = 80
NOT_SHOWN = "(not shown)"

_SECRETS = re.compile(
    r"(sk|pk|rk|hf|gsk|xai|ghp|gho|glpat)[-_]\S{8,}"  # keys of providers, which all begin so
    r"|A(KIA|SIA)[A-Z0-9]{12,}"  # keys of AWS
    r"|-----BEGIN|://[^/\s]*@"  # private keys, URLs with a password
    r"|(?=\S*\d)(?=\S*[A-Za-z])[A-Za-z0-9+=_]{32,}"  # anything long of letters and digits without a separator
)
"""What must not be repeated in a message: a key that was put into the wrong setting ends up in logs otherwise."""


@dataclass(frozen=True)
class Problem:
    """One wrong setting: its key, what was given, what would be allowed, and what to do about it."""

    key: str
    value: str
    allowed: str
    remedy: str

    def __str__(self) -> str:
        """Return the problem as one line."""
        return f"{self.key}: {self.value} is not allowed. Allowed: {self.allowed}. Remedy: {self.remedy}."


class SettingsError(Exception):
    """The settings cannot be deployed; `problems` holds every reason. Nothing has been created."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        what = "one setting is" if count == 1 else f"{count} settings are"
        super().__init__(
            f"{what} wrong, and nothing was deployed:\n" + "\n".join(f"  {each}" for each in self.problems)
        )


def shown(value: object) -> str:
    """Return a value as it may stand in a message: bounded, and not at all when it looks like a secret."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    if _SECRETS.search(text):
        return NOT_SHOWN
    return text if len(text) <= MAXIMUM_SHOWN_CHARACTERS else text[: MAXIMUM_SHOWN_CHARACTERS - 1] + "…"


def listed(names: Iterable[str]) -> str:
    """Return names as a list for people, or "none"."""
    return ", ".join(names) or "none"


def closest(name: str, known: Iterable[str]) -> str:
    """Return `did you mean X` for a name that is nearly one of the known ones, else the empty string."""
    found = get_close_matches(name, list(known), n=1)
    return f"did you mean {found[0]}" if found else ""
