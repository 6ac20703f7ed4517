"""Opens what a gateway that runs as a server stands on: a stack's table, or state in this process."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientSession

from leanto.gateway.aws_variables import AwsVariables
from leanto.gateway.errors import ServeError
from leanto.gateway.memory import MemoryBreakers, MemoryBudgets, MemoryItems, MemoryRates
from leanto.gateway.provider_keys import HeldKeys, held_keys
from runtime.aws import Aws
from runtime.connections import client_session
from runtime.gateway.allowances import Allowances
from runtime.gateway.breaker_lines import TellBreaker, write_breaker
from runtime.gateway.breakers import Breakers
from runtime.gateway.deployment import ROLE, Deployment, load_deployment
from runtime.gateway.local.node_book import NodeBook
from runtime.gateway.local.pool import Pool
from runtime.gateway.rate_limits import RateLimiter
from runtime.gateway.services import Services
from runtime.gateway.spending import Spending
from runtime.gateway.stop_switch import StopSwitch
from runtime.gateway.stores import BreakerStore, BudgetStore, ItemStore, RateStore
from runtime.state.breakers import BreakerItem
from runtime.state.budgets import Budgets
from runtime.state.keys import NewKey
from runtime.state.nodes import NodeItems
from runtime.state.rates import Rates
from runtime.state.table import Table

NOWHERE = "us-east-1"
"""The region of a client that nothing is asked of."""


@dataclass(frozen=True)
class Stand:
    """What a server is made of: the document, the providers' keys, and the table or else the one key of its own.

    `relay` is the name of the function that reaches the pool's nodes; without it none is asked.
    """

    deployment: Deployment
    provider_keys: HeldKeys
    variables: Mapping[str, str]
    table: str | None
    key: NewKey | None
    relay: str | None = None


@dataclass(frozen=True)
class Stores:
    """The four places of state."""

    items: ItemStore
    budgets: BudgetStore
    rates: RateStore
    breakers: BreakerStore


def stand_of(
    document: Path,
    table: str | None,
    relay: str | None,
    key: NewKey | None,
    region: str | None,
    provider_keys: Path | None,
    key_names: Mapping[str, str],
    environ: Mapping[str, str],
) -> Stand:
    """Read and check everything; raises ServeError, or ConfigurationError for what the document says."""
    if not document.is_file():
        raise ServeError(f"there is no deployment document {document}; `leanto gateway document` prints a stack's")
    deployment = load_deployment(document)
    keys = held_keys(deployment.providers, environ, key_names, provider_keys)
    signs = any(provider.auth == ROLE for provider in deployment.providers.values())
    signs = signs or any(route.content_check for route in deployment.routes.values())
    variables: Mapping[str, str] = {"AWS_REGION": NOWHERE}
    if table is not None or signs:
        variables = AwsVariables(environ, region)
    return Stand(deployment, keys, variables, table, key, relay)


@asynccontextmanager
async def opened(stand: Stand, tell_breaker: TellBreaker = write_breaker) -> AsyncIterator[tuple[Services, ItemStore]]:
    """Open the connections and the state; `tell_breaker` gets each change of a breaker."""
    async with client_session() as session:
        aws = Aws(session, stand.variables)
        stores = _stores(stand, aws)
        services = Services(
            deployment=stand.deployment,
            session=session,
            aws=aws,
            stop_switch=StopSwitch(stores.items),
            provider_keys=stand.provider_keys,
            spending=Spending(stores.budgets, stand.deployment.limits.monthly_spend_micro_usd),
            breakers=Breakers(stores.breakers, tell_breaker),
            allowances=Allowances(stores.items),
            rate_limiter=RateLimiter(stores.rates),
            pool=_pool(stand, session, aws),
        )
        yield services, stores.items


def _pool(stand: Stand, session: ClientSession, aws: Aws) -> Pool | None:
    if stand.table is None or not stand.relay:
        return None
    return Pool(NodeBook(NodeItems(Table(aws, stand.table))), stand.relay, session, aws)


def _stores(stand: Stand, aws: Aws) -> Stores:
    if stand.table is not None:
        table = Table(aws, stand.table)
        return Stores(table, Budgets(table), Rates(table), BreakerItem(table))
    if stand.key is None:
        raise ServeError("state in memory needs a key of its own")
    return Stores(MemoryItems(stand.key), MemoryBudgets(), MemoryRates(), MemoryBreakers())
