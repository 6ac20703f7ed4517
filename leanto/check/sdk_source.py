"""Reads from the text of a generated SDK which outputs a resource type or a function has, and of which kinds.

The text is read and never imported: importing a service's module of pulumi-aws takes seconds and much memory.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

Kinds = Mapping[str, str]
"""Outputs by name in the provider, each with its kind: "text", "texts", "map" or, as what may be unset, "other"."""

NOTHING: Kinds = MappingProxyType({})

_PROPERTY = re.compile(
    r'@pulumi\.getter(?:\(name="(?P<name>[^"]+)"\))?\s*\n'
    r"(?:\s*@[^\n]+\n)*"
    r"\s*def (?P<function>\w+)\(self\) -> (?P<kind>[^\n]+):\n"
)
_RESOURCE = re.compile(r"^class (\w+)\(pulumi\.CustomResource\):", re.MULTILINE)
_RESULT = re.compile(r"^class (Get\w+Result|\w+Result)(?:\(\w+\))?:", re.MULTILINE)
_OUTPUT = re.compile(r"^pulumi\.Output\[(.*)\]$")
_TEXT = frozenset({"str", "_builtins.str"})


class SdkSource:
    """The SDKs in the folders of an interpreter's path."""

    def __init__(self, path: Sequence[str]) -> None:
        self._path = tuple(Path(entry) for entry in path if entry)

    @cached_property
    def _found(self) -> dict[str, Kinds]:
        return {}

    def resource(self, token: str) -> Kinds:
        """Return the outputs of a resource type; empty where no SDK tells."""
        return self._kinds(token, _RESOURCE)

    def function(self, token: str) -> Kinds:
        """Return the outputs of a function; empty where no SDK tells."""
        return self._kinds(token, _RESULT)

    def _kinds(self, token: str, start: re.Pattern[str]) -> Kinds:
        if token not in self._found:
            text = self._text(token)
            begin = start.search(text)
            self._found[token] = _properties(text[begin.end() :]) if begin else NOTHING
        return self._found[token]

    def _text(self, token: str) -> str:
        parts = token.split(":")
        if len(parts) != 3:
            return ""
        package, module, name = parts
        folder, _, file = module.partition("/")
        names = {snake(file or name), snake(name)}
        inside = ("",) if folder == "index" else (f"{snake(folder)}/", f"{snake(folder)}_/")
        for entry in self._path:
            for part in inside:
                for stem in sorted(names):
                    path = entry / f"pulumi_{package.replace('-', '_')}" / part / f"{stem}.py"
                    if path.is_file():
                        return path.read_text(encoding="utf-8", errors="replace")
        return ""


def snake(name: str) -> str:
    """Return a name as the SDK's files have it: `getPolicyDocument` is get_policy_document."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return spaced.replace("-", "_").lower()


def _properties(text: str) -> Kinds:
    end = re.search(r"^(?:class|def) ", text, re.MULTILINE)
    body = text[: end.start()] if end else text
    return MappingProxyType(
        {match["name"] or match["function"]: _kind(match["kind"]) for match in _PROPERTY.finditer(body)}
    )


def _kind(annotation: str) -> str:
    inner = _OUTPUT.sub(r"\1", annotation.strip())
    if inner in _TEXT:
        return "text"
    if inner in {f"Sequence[{text}]" for text in _TEXT}:
        return "texts"
    return "map" if inner.startswith("Mapping[") else "other"
