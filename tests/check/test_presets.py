"""Claim: each preset, in each environment, is synthesised whole and costs idle what the presets promise."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest

from catalog.charges import PRICED
from catalog.fleet import GROUP
from catalog.free import FREE
from catalog.idle import idle_month
from catalog.nodes import POOL
from catalog.pricing import Line, Total, total
from catalog.use import USED
from infra import program
from leanto.bundles import build
from leanto.check.cost import synthesised
from leanto.check.project import stack_configuration
from leanto.check.results import Synthesis
from leanto.check.synthesis import synthesise
from leanto.embedded.plugin.values import has_unknown
from tests.bundles.conftest import ROOT, host
from tests.infra.synthesised import PINS

TARGETS_USD = {"managed": Decimal(2), "gpu": Decimal(4), "hybrid": Decimal(5)}
"""What an idle month may cost at most."""
PRESETS = tuple(TARGETS_USD)
ENVIRONMENTS = ("dev", "prod")
EXTRA = frozenset({"cloudwatch.dashboard", "kms.key-rotation"})
"""Lines that the targets leave out in the upper bound: an account has three dashboards free, and a key's rotations come
in the second and third year."""

Synthesise = Callable[[str, str, bool], Synthesis]


@pytest.fixture(scope="module")
def stack() -> Synthesise:
    """Return a maker of synthesised presets, each made once."""
    for target in (host(), replace(host(), of_nodes=True)):
        build(ROOT, target, lambda line: None)

    @cache
    def make(preset: str, environment: str, preview: bool) -> Synthesis:
        overlay = {
            "environment": environment,
            "functionArchitecture": host().architecture,
            "functionPython": host().python,
            "gpuNodeArchitecture": host().architecture,
            "gpuNodePython": host().python,
            **PINS,
            "alertEmails": ["team@example.com"],
        }
        settings = stack_configuration(ROOT, preset, overlay)
        return synthesise(
            program.main,
            project=settings.project,
            stack=preset,
            configuration=settings.values,
            secret_keys=settings.secret_keys,
            preview=preview,
        )

    return make


def idle(synthesis: Synthesis) -> tuple[Line, ...]:
    return idle_month(synthesised(synthesis), str(synthesis.outputs["region"]))


def without_extra(lines: tuple[Line, ...]) -> Total:
    return total(line for line in lines if line.item not in EXTRA)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("preset", PRESETS)
def test_an_idle_month_stays_within_its_target(stack: Synthesise, preset: str, environment: str) -> None:
    """With the account's free quotas; and without them, but for the dashboard and the rotations of later years."""
    lines = idle(stack(preset, environment, False))
    assert total(lines).low <= TARGETS_USD[preset]
    high = without_extra(lines).high
    assert isinstance(high, Decimal)
    assert high <= TARGETS_USD[preset]


@pytest.mark.parametrize("preset", PRESETS)
def test_the_upper_bound_of_an_idle_month_is_known_and_its_extras_are_a_dashboard_and_rotations(
    stack: Synthesise, preset: str
) -> None:
    lines = idle(stack(preset, "prod", False))
    extra = {line.item: line.high for line in lines if line.item in EXTRA}
    keys = Decimal(1 if preset == "managed" else 2)
    assert extra == {"cloudwatch.dashboard": Decimal(3), "kms.key-rotation": 2 * keys}


@pytest.mark.parametrize("preset", PRESETS)
def test_no_node_runs_while_nobody_asks(stack: Synthesise, preset: str) -> None:
    nodes = [line for line in idle(stack(preset, "prod", False)) if line.item.startswith("ec2.")]
    assert [(line.quantity, line.high) for line in nodes] == ([] if preset == "managed" else [(Decimal(0), Decimal(0))])


def test_the_catalogue_says_of_every_type_whether_it_costs_anything(stack: Synthesise) -> None:
    used = {row.type for preset in PRESETS for row in stack(preset, "prod", False).owned()}
    assert used - FREE - set(USED) - set(PRICED) - POOL == set()


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preview_and_a_synthesis_see_the_same_resources(stack: Synthesise, preset: str) -> None:
    whole, planned = stack(preset, "prod", False), stack(preset, "prod", True)
    assert {row.urn for row in planned.resources} == {row.urn for row in whole.resources}
    assert planned.outputs.keys() == whole.outputs.keys()


@pytest.mark.parametrize("preset", ["gpu", "hybrid"])
def test_a_preview_knows_sizes_and_instance_types_before_anything_exists(stack: Synthesise, preset: str) -> None:
    """A cost cap can only refuse at preview what is known then."""
    (group,) = stack(preset, "prod", True).of_type(GROUP)
    policy = group.inputs["mixedInstancesPolicy"]
    known = [group.inputs["minSize"], group.inputs["maxSize"], policy["instancesDistribution"]]
    assert not has_unknown([*known, policy["launchTemplate"]["overrides"]])
    assert has_unknown(policy["launchTemplate"]["launchTemplateSpecification"]), "the template does not exist yet"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_resource_knows_the_line_that_made_it(stack: Synthesise, preset: str) -> None:
    strays = [
        row.urn for row in stack(preset, "prod", False).owned() if not row.source or "/infra/" not in row.source.file
    ]
    assert strays == []


def test_synthesis_of_a_preset_is_the_same_each_time(stack: Synthesise) -> None:
    first = stack("hybrid", "dev", False)
    assert stack.__wrapped__("hybrid", "dev", False) == first  # type: ignore[attr-defined]
