"""Claims about the pool's parts: what a pin changes, and how many may pass through the relay."""

import base64

import pytest

from catalog.tables import catalogue
from infra.node import MAXIMUM_BYTES
from infra.pool_wiring import relay_size
from infra.serving import serving
from infra.settings import read_settings
from leanto.check.project import stack_configuration
from tests.infra.synthesised import ENVIRONMENTS, PINNED, ROOT, stack_of, synthesised

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"


def changed_types(**settings: str) -> set[str]:
    """Return the types of the resources that a setting changes."""
    before = {row.urn: row for row in synthesised("hybrid").owned()}
    after = {row.urn: row for row in synthesised("hybrid", **settings).owned()}
    assert before.keys() == after.keys()
    return {before[urn].type for urn in before if before[urn].inputs != after[urn].inputs}


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("gpuAmiId", "ami-0fedcba9876543210"),
        ("gpuEngineArchiveSha256", "1" * 64),
        ("gpuEngineImage", "registry.invalid/engine@sha256:" + "1" * 64),
    ],
)
def test_another_pin_is_another_version_of_the_launch_template_and_nothing_else(setting: str, value: str) -> None:
    """The group takes it by its number: nodes that run stay as they are."""
    assert changed_types(**{setting: value}) == {TEMPLATE}


def test_another_number_of_slots_is_told_to_nodes_and_to_the_gateway() -> None:
    assert changed_types(gpuSlots="2") == {
        TEMPLATE,
        "aws:lambda/layerVersion:LayerVersion",
        "aws:lambda/function:Function",
    }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("preset", ["gpu", "hybrid"])
def test_the_boot_script_fits_into_user_data(preset: str, environment: str) -> None:
    script = base64.b64decode(
        stack_of(synthesised(preset, environment), environment).one("ec2/launchTemplate").get("userData")
    )
    assert script.startswith(b"#!/bin/bash\n")
    assert len(script) < MAXIMUM_BYTES


@pytest.mark.parametrize(
    ("nodes", "slots", "gateway", "relays"),
    [("1", "2", "20", 4), ("3", "2", "20", 12), ("10", "4", "20", 20), ("1", "1", "1", 1)],
)
def test_as_many_relays_run_as_nodes_take_requests_if_the_gateway_has_that_many(
    nodes: str, slots: str, gateway: str, relays: int
) -> None:
    overlay = {
        **PINNED,
        "leanto:gpuMaximumNodes": nodes,
        "leanto:gpuSlots": slots,
        "leanto:gatewayReservedConcurrency": gateway,
    }
    settings = read_settings(stack_configuration(ROOT, "hybrid", overlay).values)
    size = relay_size(settings, serving(settings, catalogue()))
    assert size.reserved_concurrency == relays
    assert size.timeout_seconds > settings.request_timeout_seconds
