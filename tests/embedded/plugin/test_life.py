"""Claim: every resource type lives as the official provider's does: planned, made, changed, watched, taken down."""

import pytest

from leanto.embedded.plugin import lifecycle
from leanto.embedded.plugin.lifecycle import State
from leanto.embedded.plugin.refresh import refreshed_inputs
from leanto.embedded.plugin.registry import RESOURCES
from leanto.embedded.plugin.resource import Props, Resource
from leanto.embedded.plugin.values import UNKNOWN, without_internal
from tests.embedded.plugin import (
    samples_apigateway,
    samples_autoscaling,
    samples_budgets,
    samples_cloudwatch,
    samples_dynamodb,
    samples_ec2,
    samples_iam,
    samples_kms,
    samples_lambda,
    samples_launch_template,
    samples_s3,
    samples_secretsmanager,
    samples_sns,
)
from tests.embedded.plugin.conftest import StrictSideStore
from tests.embedded.plugin.sample import Sample, World

SAMPLES: tuple[Sample, ...] = (
    *samples_apigateway.SAMPLES,
    *samples_autoscaling.SAMPLES,
    *samples_budgets.SAMPLES,
    *samples_cloudwatch.SAMPLES,
    *samples_dynamodb.SAMPLES,
    *samples_ec2.SAMPLES,
    *samples_iam.SAMPLES,
    *samples_kms.SAMPLES,
    *samples_lambda.SAMPLES,
    *samples_launch_template.SAMPLES,
    *samples_s3.SAMPLES,
    *samples_secretsmanager.SAMPLES,
    *samples_sns.SAMPLES,
)
ADDED_BY_THE_CORE = frozenset({"region", "tags", "tagsAll"})

each_sample = pytest.mark.parametrize("sample", SAMPLES, ids=str)


def changed(resource: Resource, olds: Props, news: Props) -> set[str]:
    return set(lifecycle.difference(resource, olds, news).changed)


def assert_came_true(resource: Resource, planned: Props, actual: Props) -> None:
    """What a preview said is what came to be, unless it said that it does not know."""
    known = {key: value for key, value in planned.items() if value is not UNKNOWN}
    assert changed(resource, refreshed_inputs(resource, known, actual), known) == set()


def assert_steady(world: World, resource: Resource, state: State, inputs: Props) -> None:
    """A refresh sees what creation or update answered, and what the program asked for."""
    seen = lifecycle.read(resource, world.backend, world.configuration, state.resource_id, inputs, state.outputs)
    assert seen is not None
    assert seen.outputs == state.outputs
    assert changed(resource, seen.inputs, inputs) == set()


def with_changes(inputs: Props, changes: Props) -> Props:
    """Return what a program would write after the changes; None takes an input away."""
    given = {**without_internal(inputs), **changes}
    return {key: value for key, value in given.items() if value is not None and key != "tagsAll"}


def assert_replaced_where_it_must(sample: Sample, world: World, resource: Resource, inputs: Props) -> None:
    for key, value in sample.replace.items():
        news = world.check(sample.token, with_changes(inputs, {key: value}), olds=inputs)
        assert key in lifecycle.difference(resource, inputs, news).replaces


def assert_imported(sample: Sample, world: World, resource: Resource, state: State, inputs: Props) -> None:
    """An import finds what the program would write."""
    found = lifecycle.read(resource, world.backend, world.configuration, sample.import_id(state), {}, {})
    assert found is not None
    assert found.resource_id == state.resource_id
    missed = changed(resource, found.inputs, inputs) & without_internal(inputs).keys()
    given = {key for key in resource.input_only if inputs.get(key) != resource.defaults.get(key)}
    assert missed - given - ADDED_BY_THE_CORE == set()


def test_every_type_has_a_sample() -> None:
    assert {sample.token for sample in SAMPLES} == set(RESOURCES)


@each_sample
def test_life(sample: Sample, world: World, side: StrictSideStore) -> None:
    """Plan, create, read, import, replace, update, read, drift, repair, delete, delete again."""
    resource, backend, configuration = RESOURCES[sample.token], world.backend, world.configuration
    inputs = world.check(sample.token, sample.inputs(world))
    before = set(side.all())

    planned = lifecycle.preview_create(resource, inputs)
    state = lifecycle.create(resource, backend, configuration, inputs)
    assert_came_true(resource, planned, state.outputs)
    assert resource.computed <= state.outputs.keys(), "a computed output is missing"
    undeclared = state.outputs.keys() - inputs.keys() - resource.computed - ADDED_BY_THE_CORE
    assert undeclared == set(), "outputs that are neither inputs nor declared as computed"
    assert_steady(world, resource, state, inputs)
    assert_imported(sample, world, resource, state, inputs)
    assert_replaced_where_it_must(sample, world, resource, inputs)

    changes = dict(sample.update(world) if callable(sample.update) else sample.update)
    if changes:
        news = world.check(sample.token, with_changes(inputs, changes), olds=inputs)
        found = lifecycle.difference(resource, inputs, news)
        # What AWS makes up and the program no longer gives stays as it is.
        assert {key for key, value in changes.items() if value is not None or key not in resource.computed} <= set(
            found.changed
        )
        assert found.replaces == ()
        planned = lifecycle.preview_update(resource, inputs, news, state.outputs)
        state = lifecycle.update(resource, backend, configuration, state.resource_id, inputs, news)
        assert_came_true(resource, planned, state.outputs)
        inputs = news
        assert_steady(world, resource, state, inputs)

    if sample.drift is not None:
        sample.drift(world, state.resource_id)
        drifted = lifecycle.read(resource, backend, configuration, state.resource_id, inputs, state.outputs)
        assert drifted is not None
        assert sample.drifted <= changed(resource, drifted.inputs, inputs)
        state = lifecycle.update(resource, backend, configuration, state.resource_id, drifted.inputs, inputs)
        assert_steady(world, resource, state, inputs)

    for _ in range(2):
        lifecycle.delete(resource, backend, configuration, state.resource_id, state.outputs)
        gone = lifecycle.read(resource, backend, configuration, state.resource_id, inputs, state.outputs)
        assert (gone is not None) == sample.stays
    assert set(side.all()) == before, "the side store keeps something of a deleted resource"
