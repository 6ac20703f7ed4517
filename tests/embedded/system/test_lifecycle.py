"""Claim, for each preset: up, then nothing to change, nothing drifted, and after destroy nothing left."""

from collections.abc import Callable, Iterator

import pytest

from leanto.embedded.leftovers import leftovers

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.fixture(scope="module", params=["managed", "gpu", "hybrid"])
def deployed(request: pytest.FixtureRequest, deploying: Callable) -> Iterator:
    return deploying(request.param)


def operations(result) -> dict[str, str]:
    """Return logical name -> operation of everything that changed."""
    return {change.name: change.operation for change in result.changed}


def test_up_creates_every_resource_and_nothing_else(deployed) -> None:
    assert set(deployed.first.counts()) == {"create"}


def test_a_second_preview_changes_nothing(deployed) -> None:
    assert operations(deployed.place.deployment.preview()) == {}


def test_a_refresh_sees_no_drift(deployed) -> None:
    assert operations(deployed.place.deployment.refresh()) == {}


def test_a_second_up_changes_nothing(deployed) -> None:
    assert operations(deployed.place.deployment.up()) == {}


def test_destroy_leaves_nothing(deployed) -> None:
    deployed.place.deployment.destroy()
    assert leftovers(deployed.place.box.aws_url, deployed.place.region) == ()
