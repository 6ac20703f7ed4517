"""The life of a resource on plain values: served alike to the engine, to synthesis under mocks, and to tests."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from leanto.embedded.plugin import tags
from leanto.embedded.plugin.check import Checked, Proposal, check
from leanto.embedded.plugin.configuration import Configuration
from leanto.embedded.plugin.difference import alike, difference
from leanto.embedded.plugin.errors import CreatedInPartError
from leanto.embedded.plugin.refresh import imported_inputs, refreshed_inputs
from leanto.embedded.plugin.resource import Clients, Context, Props, Resource, SideStore
from leanto.embedded.plugin.values import UNKNOWN, Unknown, same, without_internal

__all__ = [
    "Backend",
    "Checked",
    "Proposal",
    "State",
    "check",
    "create",
    "delete",
    "difference",
    "preview_create",
    "preview_update",
    "read",
    "update",
]


@dataclass(frozen=True)
class Backend:
    """Where handlers work: the clients, the side store, the account, and the sign that the run was cancelled."""

    clients: Clients
    side: SideStore
    account_id: str
    cancelled: threading.Event = field(default_factory=threading.Event)

    def context(self, configuration: Configuration, *props: Mapping[str, Any]) -> Context:
        """Return the context of one call; the region is the first that `props` name, else the provider's."""
        named = (str(p["region"]) for p in props if isinstance(p.get("region"), str))
        region = next(named, configuration.region)
        return Context(region, self.account_id, self.clients, self.side, self.cancelled)


@dataclass(frozen=True)
class State:
    """What the engine keeps of a resource after a call."""

    resource_id: str
    outputs: Props
    inputs: Props


def preview_create(resource: Resource, inputs: Mapping[str, Any]) -> Props:
    """Return the outputs of a creation that is only planned: the inputs, and unknown what AWS will make up."""
    given = without_internal(inputs)
    return {key: UNKNOWN for key in resource.computed if key not in given} | given


def create(resource: Resource, backend: Backend, configuration: Configuration, inputs: Mapping[str, Any]) -> State:
    """Create the resource. Raises `CreatedInPartError` when it exists but is not what was asked for."""
    given = without_internal(inputs)
    context = backend.context(configuration, given)
    try:
        resource_id = resource.create(context, dict(given))
    except CreatedInPartError as error:
        with suppress(Exception):
            part = read(resource, backend, configuration, error.resource_id, inputs, given)
            error.outputs = part.outputs if part else {}
        raise
    try:
        state = read(resource, backend, configuration, resource_id, inputs, given)
    except Exception as error:
        raise CreatedInPartError(resource_id, error) from error
    if state is None:
        raise RuntimeError(f"{resource.token} was created as {resource_id!r} and cannot be read back")
    return State(resource_id, state.outputs, dict(inputs))


def read(
    resource: Resource,
    backend: Backend,
    configuration: Configuration,
    resource_id: str,
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
) -> State | None:
    """Return the resource as AWS has it, or None when it is gone. Without `inputs` it is read for the first time."""
    given = without_internal(inputs)
    context = backend.context(configuration, given, outputs)
    found = resource.read(context, resource_id, dict(given))
    if found is None:
        return None
    steering = given or {key: resource.defaults[key] for key in resource.input_only if key in resource.defaults}
    completed = _completed(resource, configuration, context, steering, found)
    if not inputs:
        found_id = resource.id_after_import(resource_id, completed)
        return State(found_id, completed, imported_inputs(resource, completed))
    return State(resource_id, completed, refreshed_inputs(resource, inputs, completed))


def _completed(
    resource: Resource, configuration: Configuration, context: Context, inputs: Props, found: Mapping[str, Any]
) -> Props:
    outputs = {key: value for key, value in found.items() if value is not None}
    outputs |= {key: inputs[key] for key in resource.input_only if key in inputs}
    if resource.regional:
        outputs["region"] = context.region
    if resource.taggable:
        defaults = configuration.default_tags
        tags_all = outputs.get("tagsAll", outputs.get("tags", {}))
        outputs["tagsAll"] = tags_all
        outputs["tags"] = tags.own(tags_all, inputs, {} if isinstance(defaults, Unknown) else defaults)
    return outputs


def preview_update(
    resource: Resource, olds: Mapping[str, Any], news: Mapping[str, Any], old_outputs: Mapping[str, Any]
) -> Props:
    """Return the outputs of an update that is only planned; what the changed inputs recompute is unknown."""
    after = without_internal(news)
    before = _in_the_words_of(resource, after, without_internal(olds))
    dropped = before.keys() - after.keys() - resource.computed
    kept = {key: value for key, value in without_internal(old_outputs).items() if key not in dropped}
    changed = _changed(before, after)
    recomputed = {key: UNKNOWN for key, causes in resource.recomputed.items() if causes & changed}
    return kept | recomputed | after


def update(
    resource: Resource,
    backend: Backend,
    configuration: Configuration,
    resource_id: str,
    olds: Mapping[str, Any],
    news: Mapping[str, Any],
) -> State:
    """Bring the resource from the inputs `olds` to `news` and return it as AWS then has it."""
    after = without_internal(news)
    before = _in_the_words_of(resource, after, without_internal(olds))
    context = backend.context(configuration, after)
    changed = _changed(before, after)
    if not changed:
        # The engine repairs a resource whose creation did not come to its end: what it is now decides what to do.
        before = _as_it_is(resource, backend, configuration, resource_id, olds) or before
    if not changed or changed - resource.input_only:
        resource.update(context, resource_id, dict(before), dict(after))
    state = read(resource, backend, configuration, resource_id, news, after)
    if state is None:
        raise RuntimeError(f"{resource.token} {resource_id!r} is gone: run a refresh, then repeat the update")
    return State(resource_id, state.outputs, dict(news))


def _changed(before: Props, after: Props) -> set[str]:
    """Return the inputs whose values differ."""
    return {key for key in {*before, *after} if not same(before.get(key), after.get(key))}


def _in_the_words_of(resource: Resource, after: Props, before: Props) -> Props:
    """Return the old inputs with what means the same written as the new ones write it.

    The engine leaves the path out of an old asset, for one: compared as it is, every file would seem to have changed.
    """
    return {
        key: after[key] if key in after and alike(resource, key, old, after[key]) else old
        for key, old in before.items()
    }


def _as_it_is(
    resource: Resource,
    backend: Backend,
    configuration: Configuration,
    resource_id: str,
    inputs: Mapping[str, Any],
) -> Props | None:
    state = read(resource, backend, configuration, resource_id, inputs, without_internal(inputs))
    return without_internal(state.inputs) if state else None


def delete(
    resource: Resource,
    backend: Backend,
    configuration: Configuration,
    resource_id: str,
    outputs: Mapping[str, Any],
) -> None:
    """Delete the resource, and forget what the side store keeps of it; quietly succeed when it is already gone."""
    context = backend.context(configuration, outputs)
    resource.delete(context, resource_id, without_internal(outputs))
    context.side.delete(resource.token, resource_id)
