"""Claim: a gateway that is killed at any moment, again and again, hides nothing that was billed and passes no limit.

64 clients ask on one key whose budget, like its team's and the stack's, is raised by ten calls before each round. The
provider is a process of its own that writes down what it bills; it is not always well.
"""

import asyncio
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.functions import started
from tests.runtime.killing import MOST_TOKENS, ROOT, TEAM, Death, Trial, new_key, write_document
from tests.runtime.ledger import Ledger
from tests.runtime.test_deployed import event_of

DEATHS = ("reserved", "sending", "billed", "answering", "settling", "settled", "milliseconds")


OLD_AGE = Death("milliseconds", 10**6)
"""Killed when all clients have been refused."""
MESSAGES = [{"role": "user", "content": "x"}]


def dice(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - repeatable, no secret


@pytest.fixture
def provider_url(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    bills = tmp_path / "bills"
    bills.touch()
    command = [sys.executable, "-m", "tests.runtime.billing_provider", str(bills), "7"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
        process.kill()


@pytest.fixture
def trial(
    boto: Any, aws_url: str, aws_variables: dict[str, str], table_name: str, tmp_path: Path, provider_url: str
) -> Trial:
    ledger = Ledger(aws_url, boto("dynamodb"), table_name, month=datetime.now(UTC).strftime("%Y-%m"))
    write_document(tmp_path, provider_url)
    return Trial(ledger, tmp_path, aws_variables, new_key(ledger), dice(7))


def kill_again_and_again(trial: Trial, deaths: list[Death]) -> None:
    left_open = 0
    for number, death in enumerate(deaths, 1):
        trial.allow(number)
        died = trial.round(death)
        assert died or not death.is_own, f"it never came to {death}"
        trial.check()
        left_open += len(trial.ledger.books().get("open", ()))
        if trial.chance.random() < 0.5:
            trial.sweep()
    trial.sweep()
    trial.balance()
    assert left_open, "no death left anything behind"
    assert trial.bills()


def test_two_deaths_hide_nothing_that_was_billed(trial: Trial) -> None:
    kill_again_and_again(trial, [Death("settling", 14), Death("billed", 18)])


@pytest.mark.long
@pytest.mark.parametrize("seed", range(4))
def test_seven_deaths_at_random_points_hide_nothing_that_was_billed(trial: Trial, seed: int) -> None:
    trial.chance = dice(seed)
    deaths = [Death(at, _number(trial.chance, at)) for at in DEATHS]
    trial.chance.shuffle(deaths)
    kill_again_and_again(trial, [*deaths, OLD_AGE])
    assert {"200", "gone", "budget_exceeded"} <= set(trial.outcomes)


@pytest.mark.long
def test_a_function_that_lambda_kills_at_each_point_hides_nothing_that_was_billed(trial: Trial, boto: Any) -> None:
    arn = boto("secretsmanager").create_secret(Name=f"killed/{trial.ledger.name}", SecretString="sk-canary")["ARN"]
    own = {
        "LEANTO_TABLE": trial.ledger.name,
        "LEANTO_DEPLOYMENT": str(trial.folder / "deployment.json"),
        "LEANTO_PROVIDER_SECRETS": json.dumps({"acme": arn}),
    }
    caller = {"keyId": trial.key.key_id, "team": TEAM, "models": "*", "limited": "true"}
    request = {"model": "small", "messages": MESSAGES, "max_tokens": MOST_TOKENS, "stream": True}

    async def live_until(death: str) -> None:
        variables = {**trial.variables, **own, "DIE_AT": death}
        async with started("tests.runtime.mortal:app", variables) as function, asyncio.timeout(30):
            dead = asyncio.ensure_future(function.process.wait())
            for _ in range(8):
                asked = asyncio.ensure_future(function.api.invoke(event_of(caller, request)))
                await asyncio.wait({asked, dead}, return_when=asyncio.FIRST_COMPLETED)
                asked.cancel()
                if dead.done():
                    break
            assert dead.done(), f"it never came to {death}"
            await function.process.communicate()

    for number, point in enumerate(("reserved", "sending", "answering", "settling", "settled"), 1):
        trial.allow(number)
        asyncio.run(live_until(f"{point}:2"))
        trial.check()
    assert trial.ledger.books()["open"]
    trial.sweep()
    trial.balance()


def _number(chance: random.Random, at: str) -> int:
    return chance.randrange(200, 4000) if at == "milliseconds" else chance.randint(1, 12)
