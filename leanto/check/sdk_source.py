"""Reads from the text of a generated SDK which outputs a resource type or a function has, and of which kinds.

The text is read and never imported: importing a service's module of pulumi-aws takes seconds and much memory.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True)
class Kind:
    """What an output is: a "text", a text that "maybe" is unset, "texts", a "map", a "number", a "flag", an "object" or
    "objects" with their own fields, or something "other"."""

    form: str
    fields: Mapping[str, "Kind"] = field(default_factory=lambda: NOTHING)


Kinds = Mapping[str, Kind]
"""Outputs by their name in the provider."""

NOTHING: Kinds = MappingProxyType({})
DEPTH = 4
"""How deep objects in objects are told."""

_PROPERTY = re.compile(
    r'@pulumi\.getter(?:\(name="(?P<name>[^"]+)"\))?\s*\n'
    r"(?:\s*@[^\n]+\n)*"
    r"\s*def (?P<function>\w+)\(self\) -> (?P<kind>[^\n]+):\n"
)
_RESOURCE = re.compile(r"^class (\w+)\(pulumi\.CustomResource\):", re.MULTILINE)
_RESULT = re.compile(r"^class (Get\w+Result|\w+Result)(?:\(\w+\))?:", re.MULTILINE)
_OUTPUT = re.compile(r"^pulumi\.Output\[(.*)\]$")
_TEXT = r"(?:_?builtins\.)?str"
_OBJECT = r"'outputs\.(?P<name>\w+)'"
_FORMS = (
    ("text", re.compile(_TEXT)),
    ("texts", re.compile(rf"(?:Optional\[)?Sequence\[{_TEXT}\]\]?")),
    ("maybe", re.compile(rf"Optional\[{_TEXT}\]")),
    ("map", re.compile(r"(?:Optional\[)?Mapping\[.*")),
    ("number", re.compile(r"(?:Optional\[)?(?:_?builtins\.)?(?:int|float)\]?")),
    ("flag", re.compile(r"(?:Optional\[)?(?:_?builtins\.)?bool\]?")),
    ("objects", re.compile(rf"(?:Optional\[)?Sequence\[{_OBJECT}\]\]?")),
    ("object", re.compile(rf"(?:Optional\[)?{_OBJECT}\]?")),
)


class SdkSource:
    """The SDKs in the folders of an interpreter's path."""

    def __init__(self, path: Sequence[str]) -> None:
        self._path = tuple(Path(entry) for entry in path if entry)

    @cached_property
    def _found(self) -> dict[str, Kinds]:
        return {}

    def resource(self, token: str) -> Kinds:
        """Return the outputs of a resource type, without the fields of objects; empty where no SDK tells."""
        return self._kinds(token, _RESOURCE, 0)

    def function(self, token: str) -> Kinds:
        """Return the outputs of a function; empty where no SDK tells."""
        return self._kinds(token, _RESULT, DEPTH)

    def _kinds(self, token: str, start: re.Pattern[str], depth: int) -> Kinds:
        if token not in self._found:
            path = self._file(token)
            text = path.read_text(encoding="utf-8", errors="replace") if path else ""
            begin = start.search(text)
            self._found[token] = _properties(text[begin.end() :], path, depth) if begin and path else NOTHING
        return self._found[token]

    def _file(self, token: str) -> Path | None:
        parts = token.split(":")
        if len(parts) != 3:
            return None
        package, module, name = parts
        folder, _, file = module.partition("/")
        names = sorted({snake(file or name), snake(name)})
        inside = ("",) if folder == "index" else (f"{snake(folder)}/", f"{snake(folder)}_/")
        roots = (entry / f"pulumi_{package.replace('-', '_')}" for entry in self._path)
        candidates = (root / part / f"{stem}.py" for root in roots for part in inside for stem in names)
        return next((path for path in candidates if path.is_file()), None)


def snake(name: str) -> str:
    """Return a name as the SDK's files have it: `getPolicyDocument` is get_policy_document."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return spaced.replace("-", "_").lower()


def _properties(text: str, path: Path, depth: int) -> Kinds:
    end = re.search(r"^(?:@|class |def )", text, re.MULTILINE)
    body = text[: end.start()] if end else text
    found = ((match["name"] or match["function"], match["kind"]) for match in _PROPERTY.finditer(body))
    return MappingProxyType({name: _kind(annotation, path, depth) for name, annotation in found})


def _kind(annotation: str, path: Path, depth: int) -> Kind:
    inner = _OUTPUT.sub(r"\1", annotation.strip())
    for form, pattern in _FORMS:
        match = pattern.fullmatch(inner)
        if match:
            return Kind(form, _fields(match["name"], path, depth) if form.startswith("object") else NOTHING)
    return Kind("other")


def _fields(name: str, path: Path, depth: int) -> Kinds:
    """Return the fields of an object, which stand in the file of all objects of a service."""
    file = path.with_name("outputs.py")
    if not depth or not file.is_file():
        return NOTHING
    _, found, rest = file.read_text(encoding="utf-8", errors="replace").partition(f"\nclass {name}(dict):")
    return _properties(rest, path, depth - 1) if found else NOTHING
