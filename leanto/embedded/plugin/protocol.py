"""Messages of the provider protocol made from plain values, and what a URN says."""

from typing import Any

from pulumi.runtime.proto import provider_pb2, status_pb2

from leanto.embedded.plugin.check import NO_PROPOSAL, Proposal
from leanto.embedded.plugin.difference import Difference, Kind
from leanto.embedded.plugin.marshal import encode
from leanto.embedded.plugin.resource import Props

UNKNOWN_CODE = 2
"""google.rpc.Code.UNKNOWN; the engine reads the details of an error whatever its code."""

KINDS = {
    (Kind.ADD, False): provider_pb2.PropertyDiff.ADD,
    (Kind.ADD, True): provider_pb2.PropertyDiff.ADD_REPLACE,
    (Kind.DELETE, False): provider_pb2.PropertyDiff.DELETE,
    (Kind.DELETE, True): provider_pb2.PropertyDiff.DELETE_REPLACE,
    (Kind.UPDATE, False): provider_pb2.PropertyDiff.UPDATE,
    (Kind.UPDATE, True): provider_pb2.PropertyDiff.UPDATE_REPLACE,
}


def type_of(urn: str) -> str:
    """Return the resource type in `urn:pulumi:<stack>::<project>::<parents$type>::<name>`."""
    return urn.split("::", 3)[2].rpartition("$")[2]


def name_of(urn: str) -> str:
    """Return the logical name in a URN."""
    return urn.split("::", 3)[3]


def label(subject: str) -> str:
    """Return how a message names a resource, given by its URN, or a function, given by its token."""
    return f'{type_of(subject)} "{name_of(subject)}"' if subject.startswith("urn:") else subject


def proposal(request: Any) -> Proposal:
    """Return the name that a Check request proposes, if the project is set to propose any."""
    if not request.HasField("autonaming"):
        return NO_PROPOSAL
    options = provider_pb2.CheckRequest.AutonamingOptions
    mode = request.autonaming.mode
    return Proposal(request.autonaming.proposed_name, mode == options.ENFORCE, mode == options.DISABLE)


def diff_response(found: Difference) -> Any:
    """Return the answer to a Diff, with every changed place."""
    response = provider_pb2.DiffResponse
    replaces = {key for key in found.changed if key in found.replaces}
    details = {
        path: provider_pb2.PropertyDiff(kind=KINDS[kind, _top(path) in replaces], inputDiff=True)
        for path, kind in found.paths
    }
    return response(
        changes=response.DIFF_SOME if found.changed else response.DIFF_NONE,
        diffs=found.changed,
        replaces=found.replaces,
        detailedDiff=details,
        hasDetailedDiff=bool(details),
        deleteBeforeReplace=found.delete_before_replace,
    )


def _top(path: str) -> str:
    return path.removeprefix('["').split('"]', 1)[0].split("[", 1)[0].split(".", 1)[0]


def created_in_part(resource_id: str, inputs: Props, outputs: Props, message: str) -> bytes:
    """Return the error detail that makes the engine keep a resource whose creation did not come to its end."""
    detail = provider_pb2.ErrorResourceInitFailed(
        id=resource_id, properties=encode(outputs), reasons=[message], inputs=encode(inputs)
    )
    status = status_pb2.Status(code=UNKNOWN_CODE, message=message)
    status.details.add().Pack(detail)
    text: bytes = status.SerializeToString()
    return text
