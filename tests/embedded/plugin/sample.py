"""What a test needs to live through one resource type: inputs, what they stand on, and what may happen to them.

Each area keeps its samples in `samples_<area>.py` as `SAMPLES: tuple[Sample, ...]`; `test_life.py` joins them.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from leanto.embedded.plugin import lifecycle
from leanto.embedded.plugin.configuration import Configuration
from leanto.embedded.plugin.lifecycle import Backend, State
from leanto.embedded.plugin.registry import resource_of
from leanto.embedded.plugin.resource import Props

CONFIGURATION = Configuration("eu-west-1", {"owner": "platform", "cost-centre": "4711"})


@dataclass
class World:
    """One test's account: makes the resources that a sample stands on, and takes them down again."""

    backend: Backend
    configuration: Configuration = CONFIGURATION
    _made: list[tuple[str, State]] = field(default_factory=list)

    def client(self, service: str) -> Any:
        """Return an AWS client, to look at or change things behind Pulumi's back."""
        return self.backend.clients.get(service, self.configuration.region)

    def check(self, token: str, inputs: Props, *, name: str = "sample", olds: Props | None = None) -> Props:
        """Return the checked inputs; fail when Check finds something wrong."""
        checked = lifecycle.check(resource_of(token), self.configuration, name, olds or {}, inputs, os.urandom(32))
        assert checked.failures == ()
        return checked.inputs

    def create(self, token: str, inputs: Props, *, name: str = "sample") -> State:
        """Check and create a resource."""
        resource, checked = resource_of(token), self.check(token, inputs, name=name)
        return lifecycle.create(resource, self.backend, self.configuration, checked)

    def make(self, token: str, name: str = "basis", /, **inputs: Any) -> Props:
        """Create a resource that a sample stands on; return its outputs and its `id`."""
        state = self.create(token, inputs, name=name)
        self._made.append((token, state))
        return {**state.outputs, "id": state.resource_id}

    def clear(self) -> None:
        """Delete what `make` made, the last first."""
        while self._made:
            token, state = self._made.pop()
            lifecycle.delete(resource_of(token), self.backend, self.configuration, state.resource_id, state.outputs)


Change = Callable[[World, str], object]


@dataclass(frozen=True)
class Sample:
    """One way to use a resource type."""

    token: str
    inputs: Callable[[World], Props]
    """Makes what the resource stands on and returns what a program would write."""
    variant: str = ""
    update: Mapping[str, Any] | Callable[[World], Mapping[str, Any]] = field(default_factory=dict)
    """Inputs to change in place; None takes one away."""
    replace: Mapping[str, Any] = field(default_factory=dict)
    """Inputs whose change must replace the resource, each tried alone."""
    drift: Change | None = None
    """Changes the resource behind Pulumi's back, given its id."""
    drifted: frozenset[str] = frozenset()
    """The inputs in which the next preview must show that change."""
    import_id: Callable[[State], str] = lambda state: state.resource_id
    """What a user gives to import the resource."""
    stays: bool = False
    """AWS keeps the resource when it is deleted, as it keeps the default security group of a VPC."""

    def __str__(self) -> str:
        short = self.token.rpartition(":")[2]
        return f"{short}-{self.variant}" if self.variant else short
