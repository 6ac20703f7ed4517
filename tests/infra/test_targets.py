"""Claim: what is built for a stack is what it deploys: with a pool also the agent, for the nodes' machine."""

from dataclasses import replace

import pytest

from catalog.tables import catalogue
from infra.bundles import Target
from infra.settings import Settings, read_settings
from infra.targets import nodes_target, targets
from leanto.check.project import stack_configuration
from tests.infra.synthesised import PINNED, ROOT

FUNCTIONS = Target("arm64", "3.13")


def settings(preset: str, **changes: str) -> Settings:
    overlay = {**PINNED, **{f"leanto:{key}": value for key, value in changes.items()}}
    return read_settings(stack_configuration(ROOT, preset, overlay).values)


def test_a_stack_without_a_pool_has_functions_only() -> None:
    assert targets(settings("managed"), catalogue()) == (FUNCTIONS,)


@pytest.mark.parametrize("preset", ["gpu", "hybrid"])
def test_a_stack_with_a_pool_has_an_agent_for_its_instance_types_and_image(preset: str) -> None:
    assert targets(settings(preset), catalogue()) == (FUNCTIONS, Target("x86_64", "3.12", of_nodes=True))


def test_the_processor_follows_the_instance_types() -> None:
    tables, stack = catalogue(), settings("gpu")
    graviton = {kind: replace(row, architecture="arm64") for kind, row in tables.instances.items()}
    assert nodes_target(stack, replace(tables, instances=graviton)).architecture == "arm64"


def test_a_box_says_otherwise() -> None:
    found = nodes_target(settings("gpu", gpuNodeArchitecture="arm64", gpuNodePython="3.11"), catalogue())
    assert found == Target("arm64", "3.11", of_nodes=True)
