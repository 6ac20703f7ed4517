"""Claim, for each preset: up, nothing to change, nothing drifted, all properties kept, after destroy nothing left.

The preset `hybrid` has every part of the other two.
"""

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from leanto.embedded.leftovers import leftovers
from leanto.embedded.plugin.side import HttpSideStore
from tests.embedded.system.account import Account, Claim
from tests.embedded.system.claims.all import CLAIMS
from tests.embedded.system.claims.data import secrets_are_empty

pytestmark = pytest.mark.engine


PRESETS = ["hybrid", *(pytest.param(preset, marks=pytest.mark.long) for preset in ("managed", "gpu"))]


@pytest.fixture(scope="module", params=PRESETS)
def deployed(request: pytest.FixtureRequest, deploying: Callable) -> Iterator:
    return deploying(request.param)


@pytest.fixture(scope="module")
def account(deployed) -> Account:
    place = deployed.place
    return Account(cache(deployed.client), HttpSideStore(place.box.aws_url), place.settings.environment)


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


# The fixture has put the stand-in's keys into the secrets by now, as `leanto demo` does.
@pytest.mark.parametrize("claim", [one for one in CLAIMS if one is not secrets_are_empty], ids=lambda one: one.__name__)
def test_what_the_engine_deployed_keeps_the_claim(claim: Claim, account: Account) -> None:
    assert list(claim(account)) == [], claim.__doc__


def test_destroy_leaves_nothing(deployed) -> None:
    deployed.place.deployment.destroy()
    assert leftovers(deployed.place.box.aws_url, deployed.place.region) == ()
