"""What the gateway holds open between requests."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from runtime.aws import Aws
from runtime.connections import client_session
from runtime.errors import ConfigurationError
from runtime.gateway.allowances import Allowances
from runtime.gateway.breaker_lines import breaker_teller
from runtime.gateway.breakers import Breakers
from runtime.gateway.deployment import Deployment, load_deployment
from runtime.gateway.local.node_book import NodeBook
from runtime.gateway.local.pool import Pool
from runtime.gateway.provider_keys import ProviderKeys
from runtime.gateway.rate_limits import RateLimiter
from runtime.gateway.spending import Spending
from runtime.gateway.stop_switch import StopSwitch
from runtime.gateway.stores import KeyRing
from runtime.state.breakers import BreakerItem
from runtime.state.budgets import Budgets
from runtime.state.nodes import NodeItems
from runtime.state.rates import Rates
from runtime.state.table import Table


@dataclass(frozen=True)
class Services:
    """The deployment's document, and the parts that remember something from one request to the next."""

    deployment: Deployment
    session: aiohttp.ClientSession
    aws: Aws
    stop_switch: StopSwitch
    provider_keys: KeyRing
    spending: Spending
    breakers: Breakers
    allowances: Allowances
    rate_limiter: RateLimiter
    pool: Pool | None = None


@asynccontextmanager
async def open_services(variables: Mapping[str, str]) -> AsyncIterator[Services]:
    """Open what the variables describe; raises ConfigurationError when they do not describe a gateway."""
    deployment = load_deployment(Path(_variable(variables, "LEANTO_DEPLOYMENT")))
    secret_arns = _secret_arns(_variable(variables, "LEANTO_PROVIDER_SECRETS"))
    table_name = _variable(variables, "LEANTO_TABLE")
    relay = variables.get("LEANTO_RELAY")
    async with client_session() as session:
        aws = Aws(session, variables)
        provider_keys = ProviderKeys(aws, secret_arns)
        provider_keys.require(deployment.providers)
        table = Table(aws, table_name)
        spending = Spending(Budgets(table), deployment.limits.monthly_spend_micro_usd)
        breakers = Breakers(BreakerItem(table), breaker_teller(variables))
        yield Services(
            deployment=deployment,
            session=session,
            aws=aws,
            stop_switch=StopSwitch(table),
            provider_keys=provider_keys,
            spending=spending,
            breakers=breakers,
            allowances=Allowances(table),
            rate_limiter=RateLimiter(Rates(table)),
            pool=Pool(NodeBook(NodeItems(table)), relay, session, aws) if relay else None,
        )


def _variable(variables: Mapping[str, str], name: str) -> str:
    if not variables.get(name):
        raise ConfigurationError(f"the environment variable {name} is not set; deploy the stack again to set it")
    return variables[name]


def _secret_arns(text: str) -> dict[str, str]:
    try:
        arns = json.loads(text)
    except ValueError:
        arns = None
    if not isinstance(arns, dict):
        raise ConfigurationError('LEANTO_PROVIDER_SECRETS must be JSON of the form {"provider": "secret ARN"}')
    return {str(name): str(arn) for name, arn in arns.items()}
