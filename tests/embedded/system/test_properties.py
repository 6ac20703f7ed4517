"""Claim: what the program deploys has each security and cost property, and each spoilt program breaks exactly its own.

The whole program is deployed into AWS in a box without an engine, and read back with boto3.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from unittest import mock

import pytest

from infra import program
from leanto.check.answers import Deployed
from leanto.check.project import stack_configuration
from leanto.check.results import Synthesis
from leanto.check.synthesis import synthesise
from leanto.embedded.aws import AwsServer
from leanto.embedded.plugin.clients import ClientCache
from leanto.embedded.plugin.lifecycle import Backend
from leanto.embedded.plugin.registry import INVOKES
from leanto.embedded.plugin.side import HttpSideStore
from tests.embedded.system.account import Account, Claim
from tests.embedded.system.claims.all import CLAIMS
from tests.embedded.system.extra_types import EXTRA_TYPES
from tests.embedded.system.mutate import Mutation, spoilt
from tests.embedded.system.mutations.all import FIRST, SECOND
from tests.infra.synthesised import BUNDLES, PINS, ROOT

REGION = "us-east-1"
IMAGE_PARAMETER = "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id"


@dataclass(frozen=True)
class Run:
    """A deployed program, and what was found of it so far."""

    account: Account
    synthesis: Synthesis
    found: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def violations(self, claim: Claim) -> tuple[str, ...]:
        """Return what breaks a claim."""
        if claim.__name__ not in self.found:
            self.found[claim.__name__] = tuple(claim(self.account))
        return self.found[claim.__name__]


def deploy(server: AwsServer, preset: str, environment: str, main: Callable[[], None]) -> Run:
    """Create everything that `main` declares on a server, by the plugin's handlers."""
    clients, side = ClientCache(server.url), HttpSideStore(server.url)
    image = clients.get("ssm", REGION).get_parameter(Name=IMAGE_PARAMETER)["Parameter"]["Value"]
    overlay = {"environment": environment, **PINS, "gpuAmiId": image, "alertEmails": ["team@example.com"]}
    values = stack_configuration(ROOT, preset, {f"leanto:{key}": value for key, value in overlay.items()})
    # Nothing reads what is in a function here: its code is no more than a file.
    with mock.patch.object(program, "load", return_value=BUNDLES):
        synthesis = synthesise(
            main,
            project=values.project,
            stack=preset,
            configuration=values.values,
            types=EXTRA_TYPES,
            answers=Deployed(Backend(clients, side, server.account_id), INVOKES),
        )
    return Run(Account(lambda service: clients.get(service, REGION), side, environment), synthesis)


SOUND = [
    pytest.param(("hybrid", "prod", ()), id="hybrid-prod"),
    pytest.param(("managed", "dev", ()), id="managed-dev", marks=pytest.mark.long),
]
SPOILT = [pytest.param(("hybrid", "prod", one), id=name) for name, one in (("first", FIRST), ("second", SECOND))]


@pytest.fixture(scope="module")
def run(request: pytest.FixtureRequest) -> Iterator[tuple[Run, tuple[Mutation, ...]]]:
    """One stack at a time: names of buckets are made up of those of resources, and are the same in each."""
    preset, environment, mutations = request.param
    with AwsServer() as server:
        yield deploy(server, preset, environment, spoilt(mutations) if mutations else program.main), mutations


@pytest.mark.parametrize("run", SOUND, indirect=True, scope="module")
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.__name__)
def test_the_deployed_stack_keeps_the_claim(claim: Claim, run: tuple[Run, tuple[Mutation, ...]]) -> None:
    assert run[0].violations(claim) == (), claim.__doc__


@pytest.mark.parametrize("run", SPOILT, indirect=True, scope="module")
@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.__name__)
def test_the_claim_breaks_for_what_is_spoilt_and_for_nothing_else(
    claim: Claim, run: tuple[Run, tuple[Mutation, ...]]
) -> None:
    """Each violation names what one of the claim's mutations spoilt, and each mutation is named by a violation."""
    spoilt_run, mutations = run
    names = [name for one in mutations if one.claim is claim for name in one.names(spoilt_run.synthesis)]
    assert len(names) == len(set(names)), "one mutation would hide the other"
    starts = {f"{name}{mark}": name for name in names for mark in " :"}
    violations = spoilt_run.violations(claim)
    found = {one: [name for start, name in starts.items() if one.startswith(start)] for one in violations}
    assert [violation for violation, named in found.items() if not named] == []
    assert set(names) - {name for named in found.values() for name in named} == set()


def test_each_claim_has_a_mutation() -> None:
    assert {claim.__name__ for claim in CLAIMS} == {mutation.claim.__name__ for mutation in (*FIRST, *SECOND)}
