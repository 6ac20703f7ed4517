"""Many clients ask a gateway on one key while it is killed, round after round on the same table; what comes of it."""

import asyncio
import json
import os
import random
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from leanto.cli.budget_lines import lines
from leanto.cli.keytable import KeyTable
from leanto.cli.limittable import LimitTable
from runtime.decide.limits import MONTH, STACK, key_scope, team_scope
from runtime.state.budgets import Budgets
from runtime.state.keys import NewKey
from tests.runtime.ledger import Ledger

ROOT = Path(__file__).resolve().parents[2]
CLIENTS = 64
MOST_TOKENS = 10_000
HALF = MOST_TOKENS // 2
CALLS = 10
MOST_ASKED = 30
DEPLOYED_LIMIT = 10**9
PER_TOKEN = {"input_micro_usd_per_million": 0, "output_micro_usd_per_million": 1_000_000}
"""A micro-dollar a token, so that `max_tokens` is what is put aside and the tokens told are what is billed."""
REQUEST_SECONDS = 1.5
TEAM = "search"


@dataclass(frozen=True)
class Death:
    """When the gateway is killed: at a point of its own for the n-th time, at the n-th bill, or after milliseconds."""

    at: str
    number: int

    @property
    def is_own(self) -> bool:
        """Whether the gateway kills itself."""
        return self.at not in {"billed", "milliseconds"}


@dataclass
class Trial:
    """One table with one key, and the file in which the provider writes what it bills."""

    ledger: Ledger
    folder: Path
    variables: Mapping[str, str]
    key: NewKey
    chance: random.Random
    limits: dict[str, int] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)

    @property
    def scopes(self) -> tuple[str, ...]:
        """The three scopes that each request counts for."""
        return (key_scope(self.key.key_id), team_scope(TEAM), STACK)

    def bills(self) -> list[int]:
        """Return what the provider has billed up to now, in micro-dollars: each is half a reservation, and a little."""
        return [int(line) for line in (self.folder / "bills").read_text().split()]

    def allow(self, number: int) -> None:
        """Raise all limits by ten calls; which of the three is the tightest changes from round to round."""
        table = LimitTable(self.ledger.client, self.ledger.name)
        for place, scope in enumerate(self.scopes):
            self.limits[scope] = number * CALLS * MOST_TOKENS + (place + number) % 3 * HALF // 2
            table.set(scope, {MONTH: self.limits[scope]})

    def round(self, death: Death) -> bool:
        """Have all clients ask until they are refused or the gateway is dead; returns whether it died as it was to."""
        return asyncio.run(self._round(death))

    def check(self) -> None:
        """Hold the books, as they are now, to what the provider billed before they were read, and to the limits."""
        bills, item = self.bills(), self.ledger.item()
        aside = sum(entry[0] for name, entry in item.items() if name.startswith("r-"))
        for scope in self.scopes:
            committed = item.get("committed" if scope == STACK else scope, 0)
            assert sum(bills) <= committed <= self.limits[scope], scope
            assert committed == item.get("spent", 0) + aside, scope
        not_known = item.get("estimated", 0) + aside
        known = (item.get("spent", 0) - item.get("estimated", 0)) // HALF
        assert not_known % MOST_TOKENS == 0
        assert len(bills) - known <= not_known // MOST_TOKENS, (
            "each bill has its usage in the books or all of its money"
        )

    def sweep(self) -> None:
        """Do what requests do an hour later; by itself, as it may be another month then."""

        async def find(budgets: Budgets) -> None:
            while self.ledger.books().get("open"):
                item = self.ledger.item()
                await budgets._sweep(f"stack#{self.ledger.month}", item, item_time(item) + 3600)

        self.ledger.run(find)

    def balance(self) -> None:
        """Hold the books after a sweep, as an operator is shown them, to their limits and to what was billed."""
        item = self.ledger.item()
        book = LimitTable(self.ledger.client, self.ledger.name).book()
        shown = {line.scope: line for line in lines(book, item, self.ledger.month, "", DEPLOYED_LIMIT)}
        for scope in self.scopes:
            assert (shown[scope].spent or 0) + (shown[scope].left or 0) == self.limits[scope], scope
            assert shown[scope].spent == shown[scope].committed == item["spent"], scope
        assert item["spent"] - item["estimated"] <= sum(self.bills()) <= item["spent"]

    async def _round(self, death: Death) -> bool:
        async with self._gateway(death) as (url, process):
            asking = asyncio.ensure_future(self._clients(url))
            watching = asyncio.ensure_future(self._watch())
            died = await self._kill(death, process, asking)
            self.outcomes += await asking
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            return died

    @asynccontextmanager
    async def _gateway(self, death: Death) -> AsyncIterator[tuple[str, asyncio.subprocess.Process]]:
        command = ("serve", "--document", str(self.folder / "deployment.json"), "--port", "0")
        plan = f"{death.at}:{death.number}" if death.is_own else ""
        own = {"ACME_API_KEY": "sk-canary", "DIE_AT": plan} if plan else {"ACME_API_KEY": "sk-canary"}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.runtime.mortal", *command, "--table", self.ledger.name),
            cwd=ROOT,
            env={**os.environ, **self.variables, **own},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        try:
            said = await asyncio.wait_for(process.stderr.readline(), 30)
            found = re.search(r"http://127\.0\.0\.1:\d+/v1", said.decode())
            assert found, said.decode() + (await process.stderr.read()).decode()
            yield found[0], process
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.communicate()

    async def _kill(
        self, death: Death, process: asyncio.subprocess.Process, asking: "asyncio.Future[list[str]]"
    ) -> bool:
        """Wait until the gateway is dead or has nothing to do any more, and kill it at its time; returns if it is."""
        loop, before = asyncio.get_running_loop(), len(self.bills())
        begun = loop.time()
        while process.returncode is None and not asking.done():
            passed = (loop.time() - begun) * 1000 if death.at == "milliseconds" else len(self.bills()) - before
            if not death.is_own and passed >= death.number:
                process.kill()
                await process.wait()
            await asyncio.sleep(0.002)
        if death.is_own:  # the clients may hear of its death first
            with suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 5)
        return process.returncode == -signal.SIGKILL

    async def _watch(self) -> None:
        """Look at the books again and again while it runs."""
        while True:
            await asyncio.to_thread(self.check)
            await asyncio.sleep(0.2)

    async def _clients(self, url: str) -> list[str]:
        headers = {"Authorization": f"Bearer {self.key.text}"}
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, headers=headers) as session:
            ended = await asyncio.gather(*(self._ask(session, url) for _ in range(CLIENTS)))
        return [outcome for one in ended for outcome in one]

    async def _ask(self, session: aiohttp.ClientSession, url: str) -> list[str]:
        """Ask until the budget is spent or the gateway is gone; return what came of each request."""
        told: list[str] = []
        while len(told) < MOST_ASKED and not {"budget_exceeded", "gone"} & set(told):
            fields = {"model": "small", "messages": [{"role": "user", "content": "x"}], "max_tokens": MOST_TOKENS}
            body = json.dumps(fields | {"stream": self.chance.random() < 0.6})
            try:
                async with session.post(f"{url}/chat/completions", data=body.encode()) as response:
                    text = await response.text()
            except aiohttp.ClientError:
                told.append("gone")
                continue
            error = re.search(r'"code": ?"(\w+)"', text)
            told.append(error[1] if error else str(response.status))
        return told


def item_time(item: Mapping[str, Any]) -> float:
    """Return the latest time until which a reservation of a month's item is left alone."""
    return float(max(entry[1] for name, entry in item.items() if name.startswith("r-")))


def write_document(folder: Path, base_url: str) -> None:
    """Write a deployment document whose only model is that provider's."""
    upstream = {"kind": "provider", "provider": "acme", "model": "m", "price": PER_TOKEN}
    limits = {
        "request_bytes": 100_000,
        "request_timeout_seconds": REQUEST_SECONDS,
        "first_byte_timeout_seconds": REQUEST_SECONDS,
        "monthly_spend_micro_usd": DEPLOYED_LIMIT,
    }
    document = {
        "schema": 2,
        "stack": "demo",
        "mode": "managed",
        "limits": limits,
        "providers": {"acme": {"base_url": base_url, "auth": "bearer"}},
        "routes": [{"model": "small", "created": 1, "upstreams": [upstream]}],
    }
    (folder / "deployment.json").write_text(json.dumps(document))


def new_key(ledger: Ledger) -> NewKey:
    """Make the key that all clients have."""
    return KeyTable(ledger.client, ledger.name).create("app", team=TEAM, limits={MONTH: 1})
