"""Reads what `pulumi stack export` writes into the rows that synthesis yields: what exists, as it was last deployed.

A state keeps secrets encrypted: their values are unknown here, and only that they are secret is known. An export made
with --show-secrets holds them as plain text, which stays in the rows as other values do and goes into no message.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from leanto.check.project import ProjectError
from leanto.check.results import (
    STACK,
    Assumption,
    Options,
    Source,
    Synthesis,
    SynthesisedResource,
    in_order,
    own_source,
)
from leanto.embedded.plugin.marshal import OUTPUT, SECRET, SIGNATURE
from leanto.embedded.plugin.values import UNKNOWN
from policies.normalise import REFERENCE

VERSIONS = (3, 4)
"""Versions of the format that are read: 4 differs from 3 by what newer engines add."""
_URN = re.compile(r"^urn:pulumi:(?P<stack>[^:]+)::(?P<project>[^:]+)::(?P<type>.+?)::(?P<name>.*)$", re.DOTALL)
_POSITION = re.compile(r"^(?:project|file):///?(?P<file>[^#]*)#(?P<line>\d+)")
_REMEDY = "write it anew with `pulumi stack export --file FILE`"


class StateError(ProjectError):
    """A file is no state that can be read; the message names it, says why, and what to do."""


def read_state(path: Path) -> Synthesis:
    """Return the resources of an exported state, parents and dependencies first; notes on it are its assumptions.

    Left out, each with a note: resources that a later update is to delete, or has deleted to make them anew. Raises
    StateError.
    """
    deployment, notes = _deployment(path)
    rows: list[SynthesisedResource] = []
    for number, entry in enumerate(_entries(deployment, "resources", path)):
        row = _row(entry, f"{path}: resource {number + 1}")
        reason = _gone(entry)
        if reason:
            notes.append(Assumption(row.urn, reason))
        else:
            rows.append(row)
    for operation in _entries(deployment, "pending_operations", path):
        resource = operation.get("resource")
        urn = resource.get("urn", "") if isinstance(resource, Mapping) else ""
        told = f"an update was cut off while {operation.get('type', 'working on')} it: how it is now is not known"
        notes.append(Assumption(str(urn), told))
    if not rows:
        notes.append(Assumption(str(path), "the state holds no resources"))
    stack = next((row for row in rows if row.type == STACK), None)
    named = _URN.match(stack.urn if stack else rows[0].urn if rows else "")
    return Synthesis(
        project=named["project"] if named else "",
        stack=named["stack"] if named else "",
        preview=False,
        resources=in_order(rows),
        outputs=stack.outputs if stack else MappingProxyType({}),
        messages=(),
        assumptions=tuple(notes),
    )


def _deployment(path: Path) -> tuple[Mapping[str, Any], list[Assumption]]:
    document = _document(path)
    notes: list[Assumption] = []
    deployment = document.get("deployment")
    if isinstance(document.get("checkpoint"), Mapping):
        deployment = document["checkpoint"].get("latest") or {}
        notes.append(Assumption(str(path), "a checkpoint of a backend, not an export; its latest deployment is read"))
    version = document.get("version")
    if version not in VERSIONS:
        allowed = " or ".join(map(str, VERSIONS))
        raise StateError(f"{path}: version is {version!r}, and states of version {allowed} can be read: {_REMEDY}")
    if not isinstance(deployment, Mapping):
        raise StateError(f"{path} is no exported state: it has no deployment; {_REMEDY}")
    metadata = deployment.get("metadata")
    if isinstance(metadata, Mapping) and metadata.get("integrity_error"):
        notes.append(Assumption(str(path), "the engine found the state broken: run `pulumi state repair`"))
    return deployment, notes


def _document(path: Path) -> Mapping[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise StateError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise StateError(f"{path} is no JSON, or is cut off: {_REMEDY}") from None
    if not isinstance(document, Mapping):
        raise StateError(f"{path} is no exported state: it holds no object; {_REMEDY}")
    return document


def _entries(deployment: Mapping[str, Any], key: str, path: Path) -> Iterator[Mapping[str, Any]]:
    rows = [] if deployment.get(key) is None else deployment[key]
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise StateError(f"{path}: {key} is no list of objects: {_REMEDY}")
    yield from rows


def _gone(entry: Mapping[str, Any]) -> str:
    """Return why a resource is not part of the stack any more; empty for one that is."""
    if entry.get("pendingReplacement"):
        return "deleted to be made anew, which has not happened yet: not looked at"
    return "to be deleted by the next update: not looked at" if entry.get("delete") else ""


def _row(entry: Mapping[str, Any], place: str) -> SynthesisedResource:
    urn, kind = entry.get("urn"), entry.get("type")
    named = _URN.match(urn) if isinstance(urn, str) else None
    if named is None or not isinstance(kind, str):
        raise StateError(f"{place} has no urn and type: {_REMEDY}")
    inputs, outputs = _properties(entry, "inputs", place), _properties(entry, "outputs", place)
    incomplete = ("it was created in part: the engine kept errors of its creation",) if entry.get("initErrors") else ()
    return SynthesisedResource(
        urn=named.string,
        type=kind,
        name=named["name"],
        custom=bool(entry.get("custom")),
        id=str(entry["id"]) if entry.get("id") else None,
        inputs=MappingProxyType({key: _value(value) for key, value in inputs.items() if value is not None}),
        outputs=MappingProxyType({key: _value(value) for key, value in outputs.items() if value is not None}),
        parent=entry.get("parent") or None,
        dependencies=tuple(sorted(_texts(entry.get("dependencies")))),
        property_dependencies=MappingProxyType(
            {key: tuple(sorted(_texts(urns))) for key, urns in (entry.get("propertyDependencies") or {}).items()}
        ),
        provider=entry.get("provider") or None,
        options=_options(entry),
        secret_inputs=tuple(sorted(key for key, value in inputs.items() if _holds_secret(value))),
        source=own_source(_positions(entry)),
        read=bool(entry.get("external")),
        incomplete=incomplete,
    )


def _properties(entry: Mapping[str, Any], key: str, place: str) -> Mapping[str, Any]:
    found = entry.get(key)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise StateError(f"{place}: {key} is no object: {_REMEDY}")
    return {name: value for name, value in found.items() if name != "__provider"}


def _options(entry: Mapping[str, Any]) -> Options:
    return Options(
        protect=bool(entry.get("protect")),
        retain_on_delete=bool(entry.get("retainOnDelete")),
        ignore_changes=_texts(entry.get("ignoreChanges")),
        replace_on_changes=_texts(entry.get("replaceOnChanges")),
        deleted_with=entry.get("deletedWith") or None,
        additional_secret_outputs=_texts(entry.get("additionalSecretOutputs")),
        import_id=entry.get("importID") or None,
    )


def _texts(rows: Any) -> tuple[str, ...]:
    return tuple(row for row in rows if isinstance(row, str)) if isinstance(rows, Iterable) else ()


def _positions(entry: Mapping[str, Any]) -> Iterator[Source]:
    """Yield the lines that made a resource, the innermost first; older engines keep one, or none."""
    frames = entry.get("stackTrace") or [entry]
    for frame in frames if isinstance(frames, list) else ():
        position = frame.get("sourcePosition") if isinstance(frame, Mapping) else None
        match = _POSITION.match(position) if isinstance(position, str) else None
        if match and match["file"]:
            yield Source(match["file"], int(match["line"]))


def _value(value: Any) -> Any:
    """Return a property with the signatures of the format opened, but for assets, which are what they are."""
    if isinstance(value, list):
        return [_value(row) for row in value]
    if not isinstance(value, Mapping):
        return value
    match value.get(SIGNATURE):
        case mark if mark == SECRET:
            return _secret(value)
        case mark if mark == OUTPUT:
            return _value(value["value"]) if "value" in value else UNKNOWN
        case mark if mark == REFERENCE:
            return value.get("id") or UNKNOWN
    return {key: _value(row) for key, row in value.items() if row is not None}


def _secret(value: Mapping[str, Any]) -> Any:
    if not isinstance(value.get("plaintext"), str):
        return _value(value["value"]) if "value" in value else UNKNOWN
    try:
        return _value(json.loads(value["plaintext"]))
    except ValueError:
        return UNKNOWN


def _holds_secret(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_holds_secret, value))
    if not isinstance(value, Mapping):
        return False
    return (
        value.get(SIGNATURE) == SECRET
        or bool(value.get("secret") and value.get(SIGNATURE) == OUTPUT)
        or any(map(_holds_secret, value.values()))
    )
