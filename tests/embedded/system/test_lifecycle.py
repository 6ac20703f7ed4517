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
from tests.embedded.system.clients import endpoint, with_models
from tests.runtime.gateway.endpoint_suite import CHECKS

pytestmark = pytest.mark.engine


PRESETS = ["hybrid", *(pytest.param(preset, marks=pytest.mark.long) for preset in ("managed", "gpu"))]
WITH_MORE = {"managed": with_models}
"""The presets that clients are tried at here, with what they are asked for; test_endpoint.py tries the other."""


@pytest.fixture(scope="module", params=PRESETS)
def deployed(request: pytest.FixtureRequest, deploying: Callable) -> Iterator:
    return deploying(request.param, WITH_MORE.get(request.param))


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


@pytest.mark.parametrize("deployed", PRESETS[1:2], indirect=True)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_client_finds_what_it_would_at_openai(check: Callable, deployed) -> None:
    check(endpoint(deployed))


def test_destroy_leaves_nothing(deployed) -> None:
    deployed.place.deployment.destroy()
    assert leftovers(deployed.place.box.aws_url, deployed.place.region) == ()
