"""Edits a stack file line by line, so that its comments and its order stay; pure."""

import re

import yaml

from leanto.cli.exits import CommandError

_CONFIG = re.compile(r"^config:[ \t]*(#.*)?$", re.MULTILINE)


def with_value(text: str, key: str, value: str) -> str:
    """Return a stack file's text with `config: {key: value}` set; everything else stays as it is.

    Raises:
        CommandError: the file is laid out in a way that lines cannot be edited in.
    """
    quoted = rf"['\"]?{re.escape(key)}['\"]?"
    line = re.compile(rf"^(?P<before>[ \t]+{quoted}:)[^#\n]*?(?P<after>[ \t]*(#.*)?)$", re.MULTILINE)
    edited, count = line.subn(lambda match: f"{match['before']} {value}{match['after']}", text, count=1)
    if count == 0:
        edited = _with_new_line(text, key, value)
    _check(text, edited, key, value)
    return edited


def _with_new_line(text: str, key: str, value: str) -> str:
    match = _CONFIG.search(text)
    if match is None:
        return f"{text.rstrip()}\n\nconfig:\n  {key}: {value}\n".lstrip()
    following = re.search(r"^([ \t]+)[^\s#]", text[match.end() :], re.MULTILINE)
    indent = following[1] if following else "  "
    return f"{text[: match.end()]}\n{indent}{key}: {value}{text[match.end() :]}"


def _check(before: str, after: str, key: str, value: str) -> None:
    """Compare what YAML reads before and after: exactly the one value may differ."""
    try:
        old, new = yaml.safe_load(before) or {}, yaml.safe_load(after)
        wanted = {**old, "config": {**(old.get("config") or {}), key: value}}
    except (yaml.YAMLError, AttributeError, TypeError):
        new, wanted = None, {}
    if new != wanted:
        raise CommandError(
            f"{key} cannot be written into the stack file by editing lines; write it by hand under `config:`:\n"
            f"  {key}: {value}"
        )
