"""How the tests ask for what AWS refuses: before anything is made, and while it is made."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from leanto.embedded.plugin import lifecycle
from leanto.embedded.plugin.errors import RefusedError
from leanto.embedded.plugin.lifecycle import State
from leanto.embedded.plugin.registry import resource_of
from leanto.embedded.plugin.resource import Props
from tests.embedded.plugin.sample import CONFIGURATION, World


def failures(token: str, inputs: Props) -> dict[str, str]:
    """Return what Check finds wrong, by property."""
    return dict(lifecycle.check(resource_of(token), CONFIGURATION, "sample", {}, inputs, b"seed").failures)


@contextmanager
def refused(code: str, *words: str) -> Iterator[None]:
    """Expect a refusal with AWS's code and these words in its message."""
    with pytest.raises(RefusedError) as caught:
        yield
    assert caught.value.code == code
    assert [word for word in words if word not in str(caught.value)] == []


def delete(world: World, token: str, made: State | Props) -> None:
    """Delete a resource by its state, or by the outputs that `World.make` returned."""
    outputs = made.outputs if isinstance(made, State) else made
    resource_id = made.resource_id if isinstance(made, State) else str(made["id"])
    lifecycle.delete(resource_of(token), world.backend, world.configuration, resource_id, outputs)


def read(world: World, token: str, state: State) -> State | None:
    """Read a resource as a refresh does."""
    return lifecycle.read(
        resource_of(token), world.backend, world.configuration, state.resource_id, state.inputs, state.outputs
    )


def update(world: World, token: str, state: State, **changes: object) -> State:
    """Change inputs of a resource in place; None takes one away."""
    given = {key: value for key, value in {**state.inputs, **changes}.items() if value is not None}
    given = {key: value for key, value in given.items() if key not in {"tagsAll", "__defaults"}}
    news = world.check(token, given, olds=state.inputs)
    return lifecycle.update(
        resource_of(token), world.backend, world.configuration, state.resource_id, state.inputs, news
    )
