"""An embedded AWS for all tests of the plugin, and a world to work in for each of them."""

from collections.abc import Iterator, Mapping

import pytest

from leanto.embedded.aws import AwsServer
from leanto.embedded.plugin.clients import ClientCache
from leanto.embedded.plugin.lifecycle import Backend
from leanto.embedded.plugin.registry import resource_of
from leanto.embedded.plugin.resource import Props
from leanto.embedded.plugin.side import MemorySideStore
from tests.embedded.plugin.sample import World


class StrictSideStore(MemorySideStore):
    """Refuses what a type keeps without having declared it in `side_stored`."""

    def put(self, token: str, resource_id: str, props: Mapping[str, object]) -> None:
        undeclared = props.keys() - resource_of(token).side_stored
        assert not undeclared, f"{token} keeps {sorted(undeclared)} without declaring it in side_stored"
        super().put(token, resource_id, props)

    def all(self) -> dict[tuple[str, str], Props]:
        """Return everything that is kept."""
        return dict(self._records)


@pytest.fixture(scope="session")
def aws() -> Iterator[AwsServer]:
    with AwsServer() as server:
        yield server


@pytest.fixture(scope="session")
def clients(aws: AwsServer) -> ClientCache:
    return ClientCache(aws.url)


@pytest.fixture
def side() -> StrictSideStore:
    return StrictSideStore()


@pytest.fixture
def world(aws: AwsServer, clients: ClientCache, side: StrictSideStore) -> Iterator[World]:
    made = World(Backend(clients, side, aws.account_id))
    yield made
    made.clear()
