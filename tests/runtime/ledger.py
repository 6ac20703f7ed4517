"""The budgets of one table and the item that they are kept in, as tests look at them."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import aiohttp

from runtime.aws import Aws
from runtime.decide.limits import STACK, Counter
from runtime.decide.months import month_of
from runtime.state.attributes import from_item
from runtime.state.budgets import BUDGET_PARTITION, Budgets, Reservation
from runtime.state.table import Table

NOW = 1_795_000_000.0
MONTH = "2026-11"
LATER = 100.0


@dataclass
class Ledger:
    """One table and a boto3 client of its DynamoDB; `aws` makes our own client."""

    url: str
    client: Any
    name: str
    month: str = MONTH
    aws: type[Aws] = Aws

    def run(self, work: Callable[[Budgets], Coroutine[Any, Any, Any]]) -> Any:
        """Run a coroutine with the table's budgets and return its result."""
        variables = {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

        async def run() -> Any:
            async with aiohttp.ClientSession() as session:
                return await work(Budgets(Table(self.aws(session, variables), self.name)))

        return asyncio.run(run())

    def item(self) -> dict[str, Any]:
        """Return the month's item; empty when there is none."""
        key = {"pk": {"S": BUDGET_PARTITION}, "sk": {"S": f"stack#{self.month}"}}
        return from_item(self.client.get_item(TableName=self.name, Key=key, ConsistentRead=True).get("Item") or {})

    def books(self) -> dict[str, Any]:
        """Return the amounts of the month's item, those of open reservations without their names and times."""
        item = self.item()
        opened = sorted(entry[0] for name, entry in item.items() if name.startswith("r-"))
        sums = {name: item[name] for name in ("committed", "spent", "estimated") if name in item}
        return {**sums, "open": opened}

    def clear(self) -> None:
        """Delete all items."""
        for item in self.client.scan(TableName=self.name)["Items"]:
            self.client.delete_item(TableName=self.name, Key={name: item[name] for name in ("pk", "sk")})


async def reserve(budgets: Budgets, amount: int, limit: int = 1000, now: float = NOW) -> Reservation:
    """Reserve an amount in the stack's budget until LATER seconds after `now`."""
    whole = Counter(STACK, month_of(now), limit)
    return await budgets.reserve((whole,), amount, now=now, until=now + LATER)
