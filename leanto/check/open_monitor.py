"""Stands in for the engine for any program: what it does not know it takes as it is, and says what it assumed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2

from leanto.check.answers import Answers
from leanto.check.functions import OpenFunctions
from leanto.check.monitor import FEATURES, Monitor
from leanto.check.open_types import OpenTypes
from leanto.check.results import PROVIDER_PREFIX, Assumption, SynthesisedResource, SynthesisError
from leanto.check.rows import marked, row_of, secret_keys, source_of
from leanto.check.sdk_source import SdkSource
from leanto.check.service import LEGACY_FEATURES
from leanto.check.transforms import Transforms
from leanto.check.unknowable import marked_text, with_unknowns
from leanto.embedded.plugin.configuration import Configuration, read_configuration
from leanto.embedded.plugin.marshal import UNKNOWN_STRING, decode, encode
from leanto.embedded.plugin.resource import Props, Resource
from leanto.embedded.plugin.values import UNKNOWN, has_unknown

AWS = "aws:"
STACK_REFERENCE = "pulumi:pulumi:StackReference"
ASSUMED_REGION = "us-east-1"
"""Taken for ARNs where nothing names a region; the region itself is unknown then."""
OPEN_FEATURES = tuple(sorted({*FEATURES, *LEGACY_FEATURES.values()}))
REMOTE = "a component of another package: the resources in it are made by that package and are not seen here"
PROGRAM_KEYS = frozenset({"__provider"})
"""Inputs that hold a program instead of a value: how a dynamic provider travels."""


class OpenMonitor(Monitor):
    """Answers known values in a preview: what AWS would make up is made up, what is not known is unknown.

    With `strict`, inputs that the plugin refuses are failures, as they are in the box.
    """

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        provider_config: Mapping[str, str],
        types: Mapping[str, Resource],
        answers: Answers,
        source: SdkSource,
        region: str = "",
        strict: bool = False,
    ) -> None:
        super().__init__(
            project=project, stack=stack, provider_config=provider_config, types=types, answers=answers, preview=False
        )
        self._open_types = OpenTypes(types, answers, source)
        self._functions = OpenFunctions(source)
        self._transforms = Transforms()
        self._ambient_region, self._strict = region, strict
        self._assumed: dict[str, str] = {}

    @property
    def assumptions(self) -> tuple[Assumption, ...]:
        """All that was taken for something that is not known here, in a fixed order."""
        with self._lock:
            own = [Assumption(subject, text) for subject, text in sorted(self._assumed.items())]
        return (*own, *self._functions.assumptions)

    def GetDeploymentInfo(self, request: Any) -> Any:  # noqa: N802
        """Tell the SDK what it may send."""
        del request
        return resource_pb2.DeploymentInfo(supportedFeatures=OPEN_FEATURES)

    def SupportsFeature(self, request: Any) -> Any:  # noqa: N802
        """Tell an older SDK whether it may send one thing."""
        return resource_pb2.SupportsFeatureResponse(hasSupport=LEGACY_FEATURES.get(request.id) in OPEN_FEATURES)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802
        """Take a resource, as its transforms leave it; answer with its outputs."""
        own = list(request.transforms)
        request = self._transforms.registered(request)
        urn = self._claimed(request)
        self._transforms.keep(urn, request.parent, own)
        given = _plain(request.object)
        resource_id, inputs, outputs, incomplete = self._taken(request, urn, given)
        if self._strict and request.custom and request.type.startswith(AWS):
            refused = self._open_types.refused(
                request.type, request.name, urn, self._configuration(request.provider), given
            )
            self._refuse(urn, request, refused)
        secrets = tuple(key for key in secret_keys(request.object) if key not in PROGRAM_KEYS)
        self._keep(row_of(request, urn, resource_id, inputs, outputs, secrets, incomplete=incomplete))
        unknown_secrets = dict.fromkeys(request.additionalSecretOutputs, UNKNOWN)
        answered = marked({**unknown_secrets, **outputs}, {*secrets, *request.additionalSecretOutputs})
        return resource_pb2.RegisterResourceResponse(urn=urn, id=resource_id, object=answered)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802
        """Take a resource that the program looks up: its id and what the program says of it are known, no more."""
        urn = self._claimed(request)
        state = _plain(request.properties)
        if request.type == STACK_REFERENCE:
            self._assume(f"stack {request.id}", "only its state knows its outputs: they are unknown")
        elif request.type.startswith(AWS):
            self._assume(urn, "the program looks it up: all but its id is unknown")
        known_id = "" if request.id == UNKNOWN_STRING else request.id
        self._keep(row_of(request, urn, known_id, state, state, secret_keys(request.properties), read=True))
        response = resource_pb2.ReadResourceResponse(urn=urn, properties=request.properties)
        if known_id and "id" in response.DESCRIPTOR.fields_by_name:
            response.id = known_id
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802
        """Take the outputs of the stack, what is not known among them as unknown."""
        answer = super().RegisterResourceOutputs(request)
        self.outputs = {key: with_unknowns(value) for key, value in self.outputs.items()}
        return answer

    def Invoke(self, request: Any) -> Any:  # noqa: N802
        """Answer a function, as the transforms of functions leave the call."""
        request = self._transforms.invoked(request)
        configuration = self._configuration(request.provider)
        answer = self._functions.answer(request.tok, configuration, decode(request.args))
        if answer is None:
            return resource_pb2.ResourceInvokeResponse(unknown=True)
        if request.tok.endswith(":getRegion") and self._region_of(request.provider) is None:
            answer = {key: marked_text("", key) for key in answer}
        return resource_pb2.ResourceInvokeResponse(**{"return": encode(answer)})  # type: ignore[arg-type]

    def Call(self, request: Any) -> Any:  # noqa: N802
        """Answer a method of a component of another package: nobody here knows what it returns."""
        self._assume(request.tok, "a method of another package: what it returns is unknown")
        return provider_pb2.CallResponse(**{"return": encode({"result": UNKNOWN})})  # type: ignore[arg-type]

    def RegisterStackTransform(self, request: Any) -> Any:  # noqa: N802
        """Take a transform of all resources."""
        self._transforms.for_stack(request)
        return empty_pb2.Empty()

    def RegisterStackInvokeTransform(self, request: Any) -> Any:  # noqa: N802
        """Take a transform of all function calls."""
        self._transforms.for_functions(request)
        return empty_pb2.Empty()

    def RegisterResourceHook(self, request: Any) -> Any:  # noqa: N802
        """Let hooks be: they run when something is deployed."""
        del request
        return empty_pb2.Empty()

    RegisterErrorHook = RegisterResourceHook

    def RegisterPackage(self, request: Any) -> Any:  # noqa: N802
        """Name a parameterized package."""
        name = request.parameterization.name or request.extension.name or request.name
        return resource_pb2.RegisterPackageResponse(ref=f"package-{name}")

    def GetRootResource(self, request: Any) -> Any:  # noqa: N802
        """Tell an older SDK that no stack resource was named."""
        del request
        return engine_pb2.GetRootResourceResponse()

    def SetRootResource(self, request: Any) -> Any:  # noqa: N802
        """Take the stack resource of an older SDK."""
        del request
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(self, request: Any) -> Any:  # noqa: N802
        """Let any version be right: no engine runs."""
        del request
        return engine_pb2.RequirePulumiVersionResponse()

    def _claimed(self, request: Any) -> str:
        try:
            return self._claim(request.parent, request.type, request.name)
        except SynthesisError as error:
            source = source_of(request)
            raise SynthesisError(f"{source.file}:{source.line}: {error}" if source else str(error)) from None

    def _taken(self, request: Any, urn: str, given: Props) -> tuple[str, Props, Props, tuple[str, ...]]:
        """Return the id, inputs and outputs of a resource, and why they may not be all."""
        inputs = {key: value for key, value in given.items() if key not in PROGRAM_KEYS}
        if request.remote:
            return "", inputs, {}, (REMOTE,)
        if request.type.startswith(PROVIDER_PREFIX):
            return "provider", inputs, inputs, ()
        if not request.custom or not request.type.startswith(AWS):
            return "", inputs, inputs, ()
        configuration = self._configuration(request.provider)
        resource_id, inputs, outputs = self._open_types.take(request.type, request.name, urn, configuration, given)
        if "region" in inputs and "region" not in given and self._region_of(request.provider) is None:
            inputs["region"] = outputs["region"] = UNKNOWN
        return resource_id, inputs, outputs, ()

    def _configuration(self, reference: str) -> Configuration:
        """Return the settings of a provider or of the default one, with a region in any case."""
        region = self._region_of(reference)
        if region is None:
            self._assume(
                "aws:region", f"nothing names a region: it is unknown, and ARNs are made up in {ASSUMED_REGION}"
            )
        args = {**self._provider_args(reference), "region": region or ASSUMED_REGION}
        try:
            return read_configuration(args, {})
        except ValueError:
            return Configuration(str(args["region"]), UNKNOWN)

    def _region_of(self, reference: str) -> str | None:
        region = self._provider_args(reference).get("region") or self._ambient_region
        return region if isinstance(region, str) and region and not has_unknown(region) else None

    def _provider_args(self, reference: str) -> Mapping[str, Any]:
        with self._lock:
            row = self._seen.get(reference.rpartition("::")[0])
        return row.inputs if row else self._provider_config

    def _assume(self, subject: str, text: str) -> None:
        with self._lock:
            self._assumed[subject] = text


def _plain(struct: Any) -> Props:
    found = with_unknowns(decode(struct))
    return found if isinstance(found, dict) else {}


def relative(rows: Iterable[SynthesisedResource], root: str) -> tuple[SynthesisedResource, ...]:
    """Return resources with the files that made them relative to the project, where they lie in it."""
    return tuple(
        replace(row, source=replace(row.source, file=row.source.file.removeprefix(f"{root}/"))) if row.source else row
        for row in rows
    )
