# ruff: noqa: ARG002, N802 - names and arguments are those of the protocol
"""The provider protocol on top of the life cycle: what the engine calls by gRPC."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from leanto.embedded.plugin import lifecycle, protocol, registry
from leanto.embedded.plugin.account import account_of
from leanto.embedded.plugin.clients import ClientCache, EndpointError, loopback_endpoint
from leanto.embedded.plugin.configuration import Configuration, read_configuration
from leanto.embedded.plugin.errors import CreatedInPartError, RunCancelledError, UnknownTypeError, explain
from leanto.embedded.plugin.marshal import decode, encode
from leanto.embedded.plugin.resource import Props, Resource
from leanto.embedded.plugin.side import HttpSideStore

VERSION = "7.51.1"
"""The version of the official plugin whose behaviour this one follows, and which the SDK asks for."""

Grpc = grpc.ServicerContext
Result = TypeVar("Result")


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """Serves one provider configuration; the engine starts a process for each."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._configured: tuple[lifecycle.Backend, Configuration] | None = None
        self.cancelled = threading.Event()

    def Handshake(self, request: Any, context: Grpc) -> Any:
        """Say what this plugin understands: secrets and resources arrive as plain values."""
        return provider_pb2.ProviderHandshakeResponse(supports_autonaming_configuration=True)

    def Attach(self, request: Any, context: Grpc) -> Any:
        """Accept an engine that found this plugin already running."""
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Grpc) -> Any:
        """Name the version that the engine compares with the SDK's."""
        return plugin_pb2.PluginInfo(version=VERSION)

    def CheckConfig(self, request: Any, context: Grpc) -> Any:
        """Keep the provider's configuration as it is."""
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Grpc) -> Any:
        """Never replace a provider: each resource carries its own region and says itself when it must move.

        A change must be told all the same: the engine goes on with the old configuration else, and new default tags
        would reach no resource.
        """
        olds, news = dict(request.old_inputs or request.olds), dict(request.news)
        keys = sorted(key for key in olds.keys() | news.keys() if olds.get(key) != news.get(key))
        changes = provider_pb2.DiffResponse.DIFF_SOME if keys else provider_pb2.DiffResponse.DIFF_NONE
        return provider_pb2.DiffResponse(changes=changes, diffs=keys)

    def Configure(self, request: Any, context: Grpc) -> Any:
        """Take the configuration and greet the embedded AWS, so that a missing one is named before anything starts."""
        try:
            endpoint = loopback_endpoint(self._environment.get("AWS_ENDPOINT_URL"))
            configuration = read_configuration(decode(request.args), self._environment)
            clients = ClientCache(endpoint)
            account_id = account_of(clients, configuration.region)
        except EndpointError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        except Exception as error:
            context.abort(grpc.StatusCode.UNAVAILABLE, explain(error, self._endpoint))
        backend = lifecycle.Backend(clients, HttpSideStore(endpoint), account_id, self.cancelled)
        self._configured = (backend, configuration)
        return provider_pb2.ConfigureResponse(supportsPreview=True, supports_autonaming_configuration=True)

    def Check(self, request: Any, context: Grpc) -> Any:
        """Fill in and validate inputs."""
        resource, configuration = self._resource(request, context), self._ready(context)[1]
        checked = lifecycle.check(
            resource,
            configuration,
            protocol.name_of(request.urn),
            decode(request.olds),
            decode(request.news),
            request.randomSeed,
            protocol.proposal(request),
        )
        failures = [provider_pb2.CheckFailure(property=key, reason=reason) for key, reason in checked.failures]
        return provider_pb2.CheckResponse(inputs=encode(checked.inputs), failures=failures)

    def Diff(self, request: Any, context: Grpc) -> Any:
        """Compare the inputs of the last run with the new ones."""
        resource = self._resource(request, context)
        olds = decode(request.old_inputs if request.HasField("old_inputs") else request.olds)
        return protocol.diff_response(
            lifecycle.difference(resource, olds, decode(request.news), set(request.ignoreChanges))
        )

    def Create(self, request: Any, context: Grpc) -> Any:
        """Create, or say what creating would yield."""
        resource, inputs = self._resource(request, context), decode(request.properties)
        if request.preview:
            return provider_pb2.CreateResponse(properties=encode(lifecycle.preview_create(resource, inputs)))
        backend, configuration = self._ready(context)
        try:
            state = self._do(context, request.urn, lambda: lifecycle.create(resource, backend, configuration, inputs))
        except CreatedInPartError as error:
            self._abort_in_part(context, request.urn, inputs, error)
        return provider_pb2.CreateResponse(id=state.resource_id, properties=encode(state.outputs))

    def Read(self, request: Any, context: Grpc) -> Any:
        """Read for a refresh or an import; an empty answer says that the resource is gone."""
        resource = self._resource(request, context)
        backend, configuration = self._ready(context)
        inputs, outputs = decode(request.inputs), decode(request.properties)
        state = self._do(
            context,
            request.urn,
            lambda: lifecycle.read(resource, backend, configuration, request.id, inputs, outputs),
        )
        if state is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=state.resource_id, properties=encode(state.outputs), inputs=encode(state.inputs)
        )

    def Update(self, request: Any, context: Grpc) -> Any:
        """Update, or say what updating would yield."""
        resource = self._resource(request, context)
        olds, news, old_outputs = decode(request.old_inputs), decode(request.news), decode(request.olds)
        if request.preview:
            planned = lifecycle.preview_update(resource, olds, news, old_outputs)
            return provider_pb2.UpdateResponse(properties=encode(planned))
        backend, configuration = self._ready(context)
        state = self._do(
            context,
            request.urn,
            lambda: lifecycle.update(resource, backend, configuration, request.id, olds, news),
        )
        return provider_pb2.UpdateResponse(properties=encode(state.outputs))

    def Delete(self, request: Any, context: Grpc) -> Any:
        """Delete; what is already gone is fine."""
        resource = self._resource(request, context)
        backend, configuration = self._ready(context)
        outputs = decode(request.properties)
        self._do(
            context,
            request.urn,
            lambda: lifecycle.delete(resource, backend, configuration, request.id, outputs),
        )
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Grpc) -> Any:
        """Answer a function such as `getRegion`."""
        backend, configuration = self._ready(context)
        args = decode(request.args)

        def answer() -> Mapping[str, Any]:
            return registry.invoke_of(request.tok)(backend.context(configuration, args), args)

        result = self._do(context, request.tok, answer)
        response = provider_pb2.InvokeResponse()
        # The field is named like a keyword of Python.
        getattr(response, "return").CopyFrom(encode(result))
        return response

    def Cancel(self, request: Any, context: Grpc) -> Any:
        """Tell the handlers that wait to give up."""
        self.cancelled.set()
        return empty_pb2.Empty()

    @property
    def _endpoint(self) -> str:
        return self._environment.get("AWS_ENDPOINT_URL", "")

    def _resource(self, request: Any, context: Grpc) -> Resource:
        try:
            return registry.resource_of(protocol.type_of(request.urn))
        except UnknownTypeError as error:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))

    def _ready(self, context: Grpc) -> tuple[lifecycle.Backend, Configuration]:
        if self._configured is None:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "the provider was not configured before its first use")
        return self._configured

    def _do(self, context: Grpc, subject: str, work: Callable[[], Result]) -> Result:
        """Run `work`; whatever it raises reaches the user as one line that names the resource."""
        try:
            return work()
        except RunCancelledError:
            context.abort(grpc.StatusCode.CANCELLED, f"{protocol.label(subject)}: the run was cancelled")
        except UnknownTypeError as error:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))
        except CreatedInPartError:
            raise
        except Exception as error:
            context.abort(grpc.StatusCode.UNKNOWN, f"{protocol.label(subject)}: {explain(error, self._endpoint)}")

    def _abort_in_part(self, context: Grpc, urn: str, inputs: Props, error: CreatedInPartError) -> NoReturn:
        message = f"{protocol.label(urn)}: {explain(error, self._endpoint)}"
        detail = protocol.created_in_part(error.resource_id, inputs, {**inputs, **error.outputs}, message)
        context.set_trailing_metadata((("grpc-status-details-bin", detail),))
        context.abort(grpc.StatusCode.UNKNOWN, message)
