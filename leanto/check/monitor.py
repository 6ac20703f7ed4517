"""Stands in for the engine while a program runs: takes what it registers, checks it, answers, and keeps the record."""

import threading
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, resource_pb2

from leanto.check.answers import Answers
from leanto.check.results import (
    PROVIDER_PREFIX,
    STACK,
    Failure,
    Message,
    SynthesisedResource,
    SynthesisError,
)
from leanto.check.rows import marked, row_of, secret_keys, source_of
from leanto.embedded.plugin import lifecycle
from leanto.embedded.plugin.configuration import Configuration, read_configuration
from leanto.embedded.plugin.marshal import decode, encode
from leanto.embedded.plugin.resource import Props, Resource

FEATURES = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
)
"""What the SDK may send. Transforms are sent and then refused here, in words that fit: they are not run."""


class Monitor:
    """The engine's two services, called directly instead of by gRPC; by several threads at once."""

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        provider_config: Mapping[str, str],
        types: Mapping[str, Resource],
        answers: Answers,
        preview: bool,
    ) -> None:
        self._project, self._stack, self._preview = project, stack, preview
        self._types, self._answers = types, answers
        self._provider_config = provider_config
        self._lock = threading.Lock()
        self._seen: dict[str, SynthesisedResource | None] = {}
        self.failures: list[Failure] = []
        self.outputs: Mapping[str, Any] = MappingProxyType({})
        self.messages: list[Message] = []

    @property
    def resources(self) -> tuple[SynthesisedResource, ...]:
        """What was registered so far."""
        with self._lock:
            return tuple(row for row in self._seen.values() if row is not None)

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802
        """Tell the SDK what it may send."""
        del request
        return resource_pb2.DeploymentInfo(supportedFeatures=FEATURES)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Take a resource: check its inputs, answer with its outputs. A refused one is answered as failed."""
        urn = self._claim(request.parent, request.type, request.name)
        if request.transforms:
            raise SynthesisError(f"{request.type} {request.name!r}: synthesis does not run resource transforms")
        inputs, outputs, resource_id = decode(request.object), decode(request.object), ""
        if request.type.startswith(PROVIDER_PREFIX):
            resource_id = "" if self._preview else "provider"
        elif request.custom:
            configuration = self._configuration(request.provider)
            checked = self._checked(request, urn, configuration, inputs)
            if checked.failures:
                self._refuse(urn, request, checked.failures)
                return resource_pb2.RegisterResourceResponse(urn=urn, result=resource_pb2.Result.FAIL)
            inputs = checked.inputs
            resource_id, outputs = self._created(self._types[request.type], configuration, urn, inputs)
        secrets = secret_keys(request.object)
        self._keep(row_of(request, urn, resource_id, inputs, outputs, secrets))
        answered = marked(outputs, {*secrets, *request.additionalSecretOutputs})
        return resource_pb2.RegisterResourceResponse(urn=urn, id=resource_id, object=answered)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """Take a resource that the program only looks up: it is what the program says of it."""
        urn = self._claim(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:StackReference":
            raise SynthesisError(f"the program refers to the stack {request.name!r}: synthesis sees one stack only")
        state = decode(request.properties)
        self._keep(row_of(request, urn, request.id, state, state, secret_keys(request.properties), read=True))
        return resource_pb2.ReadResourceResponse(urn=urn, properties=request.properties)

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Take the outputs of the stack; those of components serve nobody here."""
        if request.urn.split("::")[2] == STACK:
            self.outputs = MappingProxyType(decode(request.outputs))
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Answer a function."""
        answer = self._answers.invoke(request.tok, self._configuration(request.provider), decode(request.args))
        return resource_pb2.ResourceInvokeResponse(**{"return": encode(answer)})  # type: ignore[arg-type]

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: N802
        """Refuse: what a transform changes would go unseen."""
        del request
        raise SynthesisError("the program registers a stack transform: synthesis does not run transforms")

    def SignalAndWaitForShutdown(self, request: Any) -> Any:  # noqa: N802
        """Let the program end."""
        del request
        return empty_pb2.Empty()

    def Log(self, request: Any) -> Any:  # noqa: N802
        """Keep what the program logs, but for debugging."""
        if request.severity != engine_pb2.DEBUG:
            severity = engine_pb2.LogSeverity.Name(request.severity).lower()
            with self._lock:
                self.messages.append(Message(severity, request.message, request.urn))
        return empty_pb2.Empty()

    def _claim(self, parent: str, kind: str, name: str) -> str:
        """Return the URN of a new resource. Raises SynthesisError when another one has it."""
        above = parent.split("::")[2] if parent else STACK
        qualified = kind if above == STACK else f"{above}${kind}"
        urn = f"urn:pulumi:{self._stack}::{self._project}::{qualified}::{name}"
        with self._lock:
            if urn in self._seen:
                raise SynthesisError(f"two resources have the URN {urn}: give one of them another name or parent")
            self._seen[urn] = None
        return urn

    def _checked(self, request: Any, urn: str, configuration: Configuration, inputs: Props) -> lifecycle.Checked:
        if request.type not in self._types:
            return lifecycle.Checked(inputs, (("type", "synthesis does not know this type"),))
        return lifecycle.check(self._types[request.type], configuration, request.name, {}, inputs, urn.encode())

    def _configuration(self, reference: str) -> Configuration:
        """Return the settings of a provider, which the SDK names as `urn::id`, or of the default one."""
        urn = reference.rpartition("::")[0]
        with self._lock:
            row = self._seen.get(urn)
        return read_configuration(row.inputs if row else self._provider_config, {})

    def _created(self, resource: Resource, configuration: Configuration, urn: str, inputs: Props) -> tuple[str, Props]:
        if self._preview:
            return "", lifecycle.preview_create(resource, inputs)
        return self._answers.create(resource, configuration, urn, inputs)

    def _refuse(self, urn: str, request: Any, refused: Iterable[tuple[str, str]]) -> None:
        source = source_of(request)
        found = [Failure(urn, request.type, request.name, key, reason, source) for key, reason in refused]
        with self._lock:
            self.failures += found

    def _keep(self, row: SynthesisedResource) -> None:
        with self._lock:
            self._seen[row.urn] = row
