"""Reads what the SDK sends of a resource into a row of the synthesis."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote, urlsplit

from google.protobuf import struct_pb2

from leanto.check.results import Options, Source, SynthesisedResource, own_source
from leanto.embedded.plugin.marshal import OUTPUT, SECRET, SIGNATURE, encode
from leanto.embedded.plugin.resource import Props


def row_of(
    request: Any,
    urn: str,
    resource_id: str,
    inputs: Props,
    outputs: Props,
    secrets: tuple[str, ...],
    *,
    read: bool = False,
    incomplete: tuple[str, ...] = (),
) -> SynthesisedResource:
    """Return a registered resource, or with `read` one that is looked up."""
    depends = () if read else request.propertyDependencies.items()
    return SynthesisedResource(
        urn=urn,
        type=request.type,
        name=request.name,
        custom=read or request.custom,
        id=resource_id or None,
        inputs=MappingProxyType(inputs),
        outputs=MappingProxyType(outputs),
        parent=request.parent or None,
        dependencies=tuple(sorted(request.dependencies)),
        property_dependencies=MappingProxyType({key: tuple(sorted(row.urns)) for key, row in depends}),
        provider=request.provider or None,
        options=Options() if read else options_of(request),
        secret_inputs=secrets,
        source=source_of(request),
        read=read,
        incomplete=incomplete,
    )


def options_of(request: Any) -> Options:
    """Return the options of a registration."""
    return Options(
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        delete_before_replace=request.deleteBeforeReplace if request.deleteBeforeReplaceDefined else None,
        deleted_with=request.deletedWith or None,
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        import_id=request.importId or None,
    )


def source_of(request: Any) -> Source | None:
    """Return the line of the program that made a resource, if the SDK tells it; none in an installed package."""
    # Newer SDKs send all frames, the innermost first; the position that older ones send may lie in a package.
    frames = [frame.pc for frame in request.stackTrace.frames] or [request.sourcePosition]
    return own_source(Source(str(PurePosixPath(unquote(urlsplit(pc.uri).path))), pc.line) for pc in frames if pc.uri)


def secret_keys(struct: struct_pb2.Struct) -> tuple[str, ...]:
    """Return the names of the properties that hold a secret at some depth."""
    return tuple(sorted(key for key, value in struct.fields.items() if _holds_secret(value)))


def _holds_secret(value: struct_pb2.Value) -> bool:
    match value.WhichOneof("kind"):
        case "list_value":
            return any(map(_holds_secret, value.list_value.values))
        case "struct_value":
            fields = value.struct_value.fields
            mark = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
            if mark == SECRET or (mark == OUTPUT and "secret" in fields and fields["secret"].bool_value):
                return True
            return any(map(_holds_secret, fields.values()))
    return False


def marked(outputs: Mapping[str, Any], secrets: Iterable[str]) -> struct_pb2.Struct:
    """Return outputs for the SDK, those named in `secrets` marked secret, as the engine does."""
    hidden = set(secrets)
    return encode({key: {SIGNATURE: SECRET, "value": row} if key in hidden else row for key, row in outputs.items()})
