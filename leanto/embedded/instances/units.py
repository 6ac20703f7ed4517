"""Reads systemd's unit files as far as the box plays them; pure.

See systemd.syntax(7), systemd.service(5) and systemd.exec(5). Directives that only confine a process are read over.
"""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

Key = tuple[str, str]
PREFIXES = "-@:+!|"
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)")
_SPAN_SECONDS = {"": 1.0, "s": 1.0, "sec": 1.0, "ms": 0.001, "m": 60.0, "min": 60.0, "h": 3600.0, "hr": 3600.0}
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class UnitError(Exception):
    """A unit file that systemd would not load, or a unit that is not there; the text says which and why."""


@dataclass(frozen=True)
class Command:
    """One command of a unit; its failure counts unless `may_fail`."""

    argv: tuple[str, ...]
    may_fail: bool


@dataclass(frozen=True)
class Unit:
    """A unit file: every value of each key of each section, in order; `section` keys are as systemd writes them."""

    name: str
    values: Mapping[Key, tuple[str, ...]]

    @property
    def kind(self) -> str:
        """What comes after the last dot of the name, such as `service`."""
        return self.name.rpartition(".")[2]

    def all(self, section: str, key: str) -> tuple[str, ...]:
        """Return every value of a key."""
        return self.values.get((section, key), ())

    def one(self, section: str, key: str, default: str = "") -> str:
        """Return the last value of a key, which is the one that counts."""
        return (self.all(section, key) or (default,))[-1]

    def words(self, section: str, key: str) -> tuple[str, ...]:
        """Return the words of all values of a key."""
        return tuple(word for value in self.all(section, key) for word in value.split())

    def seconds(self, section: str, key: str, default: float) -> float:
        """Return a time span."""
        value = self.one(section, key)
        return span(value) if value else default


def parse(name: str, text: str) -> Unit:
    """Return the unit of a file's text; raises UnitError."""
    values: dict[Key, tuple[str, ...]] = {}
    section = ""
    for line in _logical_lines(text):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
            continue
        key, found, value = line.partition("=")
        if not found or not section:
            raise UnitError(f"{name}: {line!r} is neither a section nor an assignment in one")
        where = (section, key.strip())
        # An empty value takes back what was assigned before.
        values[where] = (*values.get(where, ()), value.strip()) if value.strip() else ()
    return Unit(name, values)


def _logical_lines(text: str) -> list[str]:
    lines: list[str] = []
    whole = ""
    for line in text.splitlines():
        if line.lstrip().startswith(("#", ";")) or (not whole and not line.strip()):
            continue
        if line.endswith("\\"):
            whole += line[:-1] + " "
            continue
        lines.append((whole + line).strip())
        whole = ""
    return [*lines, whole.strip()] if whole.strip() else lines


def command(line: str, variables: Mapping[str, str], specifiers: Mapping[str, str]) -> Command:
    """Return a command line with its specifiers and variables replaced; raises UnitError for unbalanced quotes."""
    bare = line.lstrip(PREFIXES)
    prefix = line[: len(line) - len(bare)]
    try:
        words = shlex.split(bare, comments=False)
    except ValueError as error:
        raise UnitError(f"{line!r}: {error}") from None
    argv: list[str] = []
    for word in words:
        if word.startswith("$") and word[1:].isidentifier():
            argv += variables.get(word[1:], "").split()
        else:
            replaced = _VARIABLE.sub(lambda match: variables.get(match[1], ""), specified(word, specifiers))
            argv.append(replaced.replace("$$", "$"))
    return Command(tuple(argv), "-" in prefix)


def specified(text: str, specifiers: Mapping[str, str]) -> str:
    """Return a text with `%n` and the like replaced; `%%` is a percent sign, an unknown one stays."""
    return re.sub("%(.)", lambda match: "%" if match[1] == "%" else specifiers.get(match[1], match[0]), text)


def assignments(lines: tuple[str, ...]) -> dict[str, str]:
    """Return the variables of `Environment=` values."""
    words = [word for line in lines for word in shlex.split(line)]
    return dict(word.split("=", 1) for word in words if "=" in word)


def environment_file(text: str) -> dict[str, str]:
    """Return the variables of an `EnvironmentFile=`."""
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line.split("=", 1) for line in lines if "=" in line and not line.startswith(("#", ";"))]
    return {name.strip(): "".join(shlex.split(value)) if value else "" for name, value in pairs}


def span(text: str) -> float:
    """Return the seconds of a time span such as `90`, `1min 30s` or `infinity`; raises UnitError."""
    if text == "infinity":
        return float("inf")
    parts = _SPAN.findall(text)
    if not parts or any(unit not in _SPAN_SECONDS for _, unit in parts):
        raise UnitError(f"{text!r} is no time span such as 90, 1min 30s or infinity")
    return sum(float(number) * _SPAN_SECONDS[unit] for number, unit in parts)
