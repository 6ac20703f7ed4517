"""Runs the transforms of a program: functions that may change each resource's properties and options.

They live in the program's process; the SDK serves them there and names the address with each registration. A resource
is changed by its own transforms first, then by those of its parents from the nearest up, then by those of the stack.
"""

import re
import threading
from collections.abc import Iterable
from typing import Any

import grpc
from pulumi.runtime.proto import callback_pb2, callback_pb2_grpc, resource_pb2

from leanto.check.results import SynthesisError

TIMEOUT_SECONDS = 30.0
_FRAME = re.compile(r'File "([^"]+)", line (\d+)')
_SAME = (
    ("protect", "protect"),
    ("ignoreChanges", "ignore_changes"),
    ("replaceOnChanges", "replace_on_changes"),
    ("additionalSecretOutputs", "additional_secret_outputs"),
    ("retainOnDelete", "retain_on_delete"),
    ("deletedWith", "deleted_with"),
    ("dependencies", "depends_on"),
    ("provider", "provider"),
    ("version", "version"),
    ("importId", "import"),
)
"""Options by their names in a registration and in a transform."""


class Transforms:
    """The transforms that a program has registered. Called by several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of_resource: dict[str, tuple[Any, ...]] = {}
        self._parents: dict[str, str] = {}
        self._of_stack: list[Any] = []
        self._of_functions: list[Any] = []
        self._channels: dict[str, grpc.Channel] = {}

    def for_stack(self, callback: Any) -> None:
        """Take a transform of all resources."""
        with self._lock:
            self._of_stack.append(callback)

    def for_functions(self, callback: Any) -> None:
        """Take a transform of all function calls."""
        with self._lock:
            self._of_functions.append(callback)

    def keep(self, urn: str, parent: str, callbacks: Iterable[Any]) -> None:
        """Remember the transforms of a resource for its children."""
        with self._lock:
            self._of_resource[urn], self._parents[urn] = tuple(callbacks), parent

    def registered(self, request: Any) -> Any:
        """Return a registration as all transforms that apply to it leave it. Raises SynthesisError where one fails."""
        callbacks = [*request.transforms, *self._inherited(request.parent)]
        if not callbacks:
            return request
        changed = resource_pb2.RegisterResourceRequest()
        changed.CopyFrom(request)
        for callback in callbacks:
            asked = resource_pb2.TransformRequest(
                type=changed.type,
                name=changed.name,
                custom=changed.custom,
                parent=changed.parent,
                properties=changed.object,
                options=_options(changed),
            )
            answer = resource_pb2.TransformResponse.FromString(
                self._call(callback, asked, f"{request.type} {request.name!r}")
            )
            changed.object.CopyFrom(answer.properties)
            if answer.HasField("options"):
                _take(changed, answer.options)
        return changed

    def invoked(self, request: Any) -> Any:
        """Return a function call as the transforms of functions leave it."""
        with self._lock:
            callbacks = tuple(self._of_functions)
        if not callbacks:
            return request
        changed = resource_pb2.ResourceInvokeRequest()
        changed.CopyFrom(request)
        for callback in callbacks:
            options = resource_pb2.TransformInvokeOptions(provider=changed.provider, version=changed.version)
            asked = resource_pb2.TransformInvokeRequest(token=changed.tok, args=changed.args, options=options)
            answer = resource_pb2.TransformInvokeResponse.FromString(self._call(callback, asked, request.tok))
            changed.args.CopyFrom(answer.args)
            if answer.HasField("options") and answer.options.provider:
                changed.provider = answer.options.provider
        return changed

    def _inherited(self, parent: str) -> list[Any]:
        with self._lock:
            found: list[Any] = []
            while parent:
                found += self._of_resource.get(parent, ())
                parent = self._parents.get(parent, "")
            return [*found, *self._of_stack]

    def _call(self, callback: Any, asked: Any, subject: str) -> bytes:
        with self._lock:
            channel = self._channels.setdefault(callback.target, grpc.insecure_channel(callback.target))
        request = callback_pb2.CallbackInvokeRequest(token=callback.token, request=asked.SerializeToString())
        try:
            response: bytes = callback_pb2_grpc.CallbacksStub(channel).Invoke(request, timeout=TIMEOUT_SECONDS).response
        except grpc.RpcError as error:
            raise SynthesisError(f"{subject}: a transform of the program fails: {_told(error)}") from None
        return response


def _told(error: grpc.RpcError) -> str:
    """Return the error of a transform as one line: the SDK sends its text, and the traceback behind it."""
    details = str(error.details()).partition(" error: ")[2] or str(error.details())
    text = details.partition("\n")[0].rstrip(":")
    frames = _FRAME.findall(details)
    return f"{text} ({frames[-1][0]}:{frames[-1][1]})" if frames else text


def _options(request: Any) -> Any:
    options = resource_pb2.TransformResourceOptions(
        aliases=request.aliases,
        providers=request.providers,
        **{theirs: getattr(request, ours) for ours, theirs in _SAME},
    )
    if request.deleteBeforeReplaceDefined:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def _take(request: Any, options: Any) -> None:
    for ours, theirs in _SAME:
        value = getattr(options, theirs)
        if isinstance(value, bool | str):
            setattr(request, ours, value)
        else:
            del getattr(request, ours)[:]
            getattr(request, ours).extend(value)
    request.deleteBeforeReplaceDefined = options.HasField("delete_before_replace")
    request.deleteBeforeReplace = options.delete_before_replace
