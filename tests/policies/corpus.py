"""Reads the cases of the corpus: stacks in YAML, with what each rule must say of them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from policies.exemption_file import parse
from policies.exemptions import Exemptions
from policies.normalise import UNKNOWN
from policies.pack import RULES
from policies.rule import ADVISORY, Rule, Severity
from policies.stack import Item, ItemOptions, Stack, item

CORPUS = Path(__file__).resolve().parents[1] / "corpus"
KINDS = ("pass", "fail", "unknown", "missing-default", "alias-type", "wrong-type", "not-applicable", "bypass")
NEEDED = KINDS[:6]
"""Every rule has a case of each of these."""
TODAY = dt.date(2026, 11, 25)
STACK = "stack"
ACCOUNT = "123456789012"
SOFT = Rule(
    id="soft-rule",
    area="governance",
    title="A rule that is no floor",
    severity=Severity.LOW,
    levels=ADVISORY,
    types=("aws:sqs/queue:Queue",),
    rationale="Cases of exemptions need one.",
    fix="Nothing.",
    check=lambda item, settings: iter(()),
)


@dataclass(frozen=True)
class Reference:
    """`!ref name.arn`, or `!unknownref name.arn`: an output of another resource of the case."""

    name: str
    output: str
    known: bool


@dataclass(frozen=True)
class Case:
    """One stack and what a rule says of its resources."""

    rule: str
    name: str
    kind: str
    source: str
    profile: str
    parameters: Mapping[str, Any]
    resources: tuple[Mapping[str, Any], ...]
    expect: Mapping[str, str]
    files: Mapping[str, str]
    """Files of exemptions beside the project's, by name."""

    @property
    def label(self) -> str:
        """How the case is called in a test run."""
        return f"{self.rule}: {self.name}"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Knows what cases need beside YAML."""


def _reference(known: bool) -> Any:
    def construct(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Reference:
        name, _, output = str(loader.construct_scalar(node)).partition(".")
        return Reference(name, output, known)

    return construct


_Loader.add_constructor("!unknown", lambda loader, node: UNKNOWN)
_Loader.add_constructor("!ref", _reference(True))
_Loader.add_constructor("!unknownref", _reference(False))


def files() -> tuple[Path, ...]:
    """Return the files of the corpus."""
    return tuple(sorted(CORPUS.glob("*/*.yaml")))


@cache
def cases() -> tuple[Case, ...]:
    """Return all cases. Raises ValueError naming the file for a case that is not as README.md says."""
    return tuple(case for path in files() for case in _read(path))


def _read(path: Path) -> list[Case]:
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    found = []
    for row in document["cases"]:
        unknown_keys = row.keys() - {"name", "kind", "source", "resources", "settings", "expect", "files"}
        if unknown_keys or row["kind"] not in KINDS or not row.get("source") or not row["expect"]:
            raise ValueError(f"{path}: case {row.get('name')!r}: kind, source, expect or keys {sorted(unknown_keys)}")
        parameters = dict(row.get("settings") or {})
        profile = parameters.pop("profile", "prod")
        found.append(
            Case(
                document["rule"],
                row["name"],
                row["kind"],
                row["source"],
                profile,
                parameters,
                tuple(row["resources"]),
                row["expect"],
                row.get("files") or {},
            )
        )
    return found


def urn_of(resource: Mapping[str, Any]) -> str:
    """Return the URN of a resource of a case."""
    return f"urn:pulumi:case::corpus::{resource['type']}::{resource['name']}"


def stack_of(case: Case) -> Stack:
    """Return the stack of a case, its references resolved."""
    urns = {row["name"]: urn_of(row) for row in case.resources}
    return Stack("case", tuple(_item(row, urns) for row in case.resources), region="eu-central-1")


def exemptions_of(case: Case) -> Exemptions:
    """Return what the files of exemptions of a case hold on the day of the cases."""
    read = (parse(text, name, (*RULES, SOFT), TODAY) for name, text in case.files.items())
    return sum(read, Exemptions())


def _item(row: Mapping[str, Any], urns: Mapping[str, str]) -> Item:
    options = row.get("options") or {}
    dependencies: dict[str, tuple[str, ...]] = {}
    inputs = {}
    for key, value in (row.get("props") or {}).items():
        names: list[str] = []
        inputs[key] = _resolved(value, names)
        if names:
            dependencies[key] = tuple(dict.fromkeys(urns[name] for name in names))
    name = row["name"]
    made_up = {output: output_of(name, output) for output in ("id", "arn")} | dict(row.get("outputs") or {})
    return item(
        urn_of(row),
        row["type"],
        name,
        inputs,
        outputs=made_up,
        provider_inputs=row.get("provider-props"),
        parent=options.get("parent", ""),
        options=ItemOptions(
            protect=options.get("protect", False), ignore_changes=tuple(options.get("ignoreChanges", ()))
        ),
        property_dependencies=dependencies,
        secret_inputs=tuple(row.get("secrets", ())),
        component=bool(row.get("component", False)),
    )


def output_of(name: str, output: str) -> str:
    """Return what AWS would have made up for an output of a resource of a case."""
    return f"arn:aws:service:eu-central-1:{ACCOUNT}:{name}" if output.lower().endswith("arn") else f"{name}-{output}"


def _resolved(value: Any, names: list[str]) -> Any:
    if isinstance(value, Reference):
        names.append(value.name)
        return output_of(value.name, value.output) if value.known else UNKNOWN
    if isinstance(value, dict):
        return {key: _resolved(row, names) for key, row in value.items()}
    return [_resolved(row, names) for row in value] if isinstance(value, list) else value
