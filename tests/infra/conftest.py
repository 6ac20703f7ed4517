"""One stack for each preset and environment; `--accept` writes the inventories anew."""

import pytest

from tests.infra.claims.stack import Stack
from tests.infra.synthesised import ENVIRONMENTS, PRESETS, stack_of, synthesised


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="write the inventories of tests/infra/snapshots anew")


@pytest.fixture(scope="session")
def accepting(pytestconfig: pytest.Config) -> bool:
    return bool(pytestconfig.getoption("--accept", default=False))


@pytest.fixture(params=[(preset, environment) for environment in ENVIRONMENTS for preset in PRESETS], ids="-".join)
def preset_stack(request: pytest.FixtureRequest) -> Stack:
    preset, environment = request.param
    return stack_of(synthesised(preset, environment), environment)
