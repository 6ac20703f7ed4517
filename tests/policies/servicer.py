"""Drives the real policy servicer without an engine: sends it a stack as the engine would, reads what it answers."""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import proto

from policies.engine import Servicer
from policies.exemptions import Exemptions
from policies.normalise import SECRET, SIGNATURE, UNKNOWN
from policies.rule import Rule
from policies.stack import Item, Stack
from policies.telling import Kind, Told, read
from tests.policies.corpus import TODAY

SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
LEVELS = {proto.ADVISORY: "advisory", proto.MANDATORY: "mandatory", proto.DISABLED: "disabled"}
TO_PROTOCOL = {name: number for number, name in LEVELS.items()}


def struct(values: Mapping[str, Any], secrets: Iterable[str] = ()) -> struct_pb2.Struct:
    """Return properties as the engine sends them: numbers as doubles, unknown values as sentinels, secrets marked."""
    marked = {
        key: {SIGNATURE: SECRET, "value": _written(value)} if key in secrets else _written(value)
        for key, value in values.items()
    }
    found = struct_pb2.Struct()
    found.update(marked)
    return found


def _written(value: Any) -> Any:
    if value is UNKNOWN:
        return SENTINEL
    if isinstance(value, Mapping):
        return {key: _written(row) for key, row in value.items()}
    return [_written(row) for row in value] if isinstance(value, list) else value


class Driven:
    """One servicer with some rules; each `run` is a run of the engine of its own."""

    def __init__(self, rules: Iterable[Rule], *, profile: str = "prod", today: dt.date = TODAY) -> None:
        self.servicer = Servicer(tuple(rules), profile=profile, today=today, exemptions=Exemptions())
        self._info = self.servicer.GetAnalyzerInfo(None, None)

    def run(
        self,
        stack: Stack,
        configuration: Mapping[str, Any],
        *,
        dry_run: bool = False,
        exemptions: Exemptions | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> tuple[tuple[str, str, str, Told], ...]:
        """Return (rule, URN, level, what is told) for each diagnostic. `configuration` is as a file has it."""
        self.servicer.exemptions = exemptions or Exemptions()
        config = {"x:region": stack.region, "x:environment": stack.environment, **(settings or {})}
        self.servicer.ConfigureStack(
            proto.AnalyzerStackConfigureRequest(stack=stack.name, project="corpus", dry_run=dry_run, config=config),
            None,
        )
        self.configure(configuration)
        answers = [self.servicer.Analyze(analyze_request(row), None) for row in stack.items]
        answers.append(self.servicer.AnalyzeStack(stack_request(stack), None))
        self.not_applicable = {row.policy_name for answer in answers for row in answer.not_applicable}
        return tuple(diagnostic for answer in answers for diagnostic in _diagnostics(answer))

    def configure(self, configuration: Mapping[str, Any]) -> None:
        """Configure as the engine does: what a file leaves out is filled in from what the pack has announced."""
        self.servicer.Configure(reconciled(self._info, configuration), None)


def reconciled(info: Any, given: Mapping[str, Any]) -> Any:
    """Return the request that the engine makes of a file: announced levels, `all`, then each entry of its own."""
    rows = {row.name: proto.PolicyConfig(enforcementLevel=row.enforcementLevel) for row in info.policies}
    if isinstance(given.get("all"), str):
        for row in rows.values():
            row.enforcementLevel = TO_PROTOCOL[given["all"]]
    for name, entry in given.items():
        row = rows.setdefault(name, proto.PolicyConfig())
        properties = {} if isinstance(entry, str) else dict(entry)
        level = entry if isinstance(entry, str) else properties.pop("enforcementLevel", None)
        if level is not None:
            row.enforcementLevel = TO_PROTOCOL[level]
        row.properties.update(properties)
    return proto.ConfigureAnalyzerRequest(policyConfig=rows)


def analyze_request(item: Item) -> Any:
    """Return what the engine sends before it creates a resource."""
    provider = item.provider_inputs if item.provider_inputs is not None else {}
    custom = {} if item.component else {"provider": proto.AnalyzerProviderResource(properties=struct(provider))}
    return proto.AnalyzeRequest(
        type=item.given_type,
        urn=item.urn,
        name=item.name,
        properties=struct(item.inputs, item.secret_inputs),
        options=_options(item),
        **custom,
    )


def stack_request(stack: Stack) -> Any:
    """Return what the engine sends at the end of a run: outputs only."""
    rows = [
        proto.AnalyzerResource(
            type=row.given_type,
            urn=row.urn,
            name=row.name,
            properties=struct({**row.inputs, **row.outputs}),
            options=_options(row),
            parent=row.parent,
            propertyDependencies={
                key: proto.AnalyzerPropertyDependencies(urns=urns) for key, urns in row.property_dependencies.items()
            },
        )
        for row in stack.items
    ]
    return proto.AnalyzeStackRequest(resources=rows)


def _options(item: Item) -> Any:
    return proto.AnalyzerResourceOptions(
        protect=item.options.protect, ignoreChanges=list(item.options.ignore_changes), parent=item.parent
    )


def _diagnostics(answer: Any) -> Iterator[tuple[str, str, str, Told]]:
    for row in answer.diagnostics:
        told = read(row.message.removeprefix(f"{row.description}\n"))
        yield row.policyName, row.urn, LEVELS[row.enforcementLevel], told


def verdict(rule: str, urn: str, told: Iterable[tuple[str, str, str, Told]]) -> str:
    """Return the verdict that the diagnostics of a rule on a resource stand for; "pass" where there are none.

    What could not be read of the stack is told once, and leaves each resource open of which nothing else is told.
    """
    rows = [(about, row.kind) for name, about, _, row in told if name == rule]
    kinds = {kind for about, kind in rows if about == urn} or {kind for about, kind in rows if not about} & {
        Kind.UNREAD
    }
    if Kind.VIOLATION in kinds:
        return "fail"
    return "not-evaluated" if kinds & {Kind.UNREAD, Kind.PENDING} else "pass"
