"""Who answers for AWS while a program is synthesised: `MadeUp` values, or handlers that work on a running AWS."""

from collections.abc import Mapping
from typing import Any, Protocol

from leanto.check.results import SynthesisError
from leanto.embedded.plugin import lifecycle
from leanto.embedded.plugin.configuration import Configuration
from leanto.embedded.plugin.resource import Invoke, Props, Resource


class Answers(Protocol):
    """What creating a resource and calling a function yield. Called from several threads at once."""

    def create(
        self, resource: Resource, configuration: Configuration, urn: str, inputs: Mapping[str, Any]
    ) -> tuple[str, Props]:
        """Return the id and the outputs of a resource with checked `inputs`."""
        ...

    def invoke(self, token: str, configuration: Configuration, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a function answers."""
        ...


class Deployed:
    """Answers by creating each resource on a running AWS, such as the embedded one, through the plugin's handlers."""

    def __init__(self, backend: lifecycle.Backend, functions: Mapping[str, Invoke]) -> None:
        self._backend = backend
        self._functions = functions

    def create(
        self, resource: Resource, configuration: Configuration, urn: str, inputs: Mapping[str, Any]
    ) -> tuple[str, Props]:
        """Create the resource and return what AWS reads back."""
        del urn
        state = lifecycle.create(resource, self._backend, configuration, inputs)
        return state.resource_id, state.outputs

    def invoke(self, token: str, configuration: Configuration, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask AWS. Raises SynthesisError for a function that the plugin does not serve."""
        if token not in self._functions:
            raise SynthesisError(f"the program calls {token}, which the embedded plugin does not serve")
        return self._functions[token](self._backend.context(configuration, args), dict(args))
