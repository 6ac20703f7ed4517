"""Claim: the stop flag and the providers' keys are remembered as long as said, and not a second longer."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from runtime.aws import AwsError
from runtime.errors import ConfigurationError
from runtime.gateway.answers import GatewayError
from runtime.gateway.deployment import Provider
from runtime.gateway.provider_keys import ProviderKeys
from runtime.gateway.stop_switch import StopSwitch
from runtime.state.table import StopFlag

UNREACHABLE = AwsError("dynamodb", "GetItem", "Unreachable", 0)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class FakeTable:
    """Only counts and answers: what the table itself does is tested against moto."""

    def __init__(self) -> None:
        self.answer: StopFlag | AwsError = StopFlag(False)
        self.reads = 0

    async def stop_flag(self) -> StopFlag:
        self.reads += 1
        await asyncio.sleep(0)
        if isinstance(self.answer, AwsError):
            raise self.answer
        return self.answer


class FakeAws:
    def __init__(self) -> None:
        self.key = "key-1"
        self.reads = 0

    async def json(self, service: str, target: str, body: dict[str, Any], *, version: str) -> dict[str, Any]:
        assert (service, target, version) == ("secretsmanager", "secretsmanager.GetSecretValue", "1.1")
        assert body == {"SecretId": "arn"}
        self.reads += 1
        await asyncio.sleep(0)
        return {"SecretString": self.key}


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(test())


async def refusal(work: Coroutine[Any, Any, Any]) -> str:
    with pytest.raises(GatewayError) as error:
        await work
    return error.value.code


def test_the_stop_flag_is_read_again_after_five_seconds_and_once_for_many_requests() -> None:
    async def test() -> None:
        table, clock = FakeTable(), Clock()
        switch = StopSwitch(table, clock)  # type: ignore[arg-type]
        await asyncio.gather(*(switch.check() for _ in range(10)))
        assert table.reads == 1
        table.answer = StopFlag(True, "r", "t")
        clock.now += 4.9
        await switch.check()
        clock.now += 0.2
        assert await refusal(switch.check()) == "stopped"
        table.answer = StopFlag(False)
        assert await refusal(switch.check()) == "stopped"
        clock.now += 5
        await switch.check()
        assert table.reads == 3

    run(test)


def test_an_old_flag_is_not_trusted_when_the_table_is_silent() -> None:
    async def test() -> None:
        table, clock = FakeTable(), Clock()
        switch = StopSwitch(table, clock)  # type: ignore[arg-type]
        await switch.check()
        table.answer = UNREACHABLE
        clock.now += 6
        assert await refusal(switch.check()) == "state_unavailable"
        assert await refusal(switch.check()) == "state_unavailable"
        table.answer = StopFlag(False)
        await switch.check()

    run(test)


def test_a_clock_that_was_set_back_does_not_prolong_a_flag() -> None:
    async def test() -> None:
        table, clock = FakeTable(), Clock()
        switch = StopSwitch(table, clock)  # type: ignore[arg-type]
        await switch.check()
        clock.now -= 3600
        table.answer = StopFlag(True, "r", "t")
        assert await refusal(switch.check()) == "stopped"

    run(test)


def test_a_provider_key_is_read_again_after_five_minutes_and_once_for_many_requests() -> None:
    async def test() -> None:
        aws, clock = FakeAws(), Clock()
        keys = ProviderKeys(aws, {"acme": "arn"}, clock)  # type: ignore[arg-type]
        assert await asyncio.gather(*(keys.get("acme") for _ in range(10))) == ["key-1"] * 10
        aws.key = "key-2"
        clock.now += 299
        assert await keys.get("acme") == "key-1"
        clock.now += 2
        assert await keys.get("acme") == "key-2"
        assert aws.reads == 2

    run(test)


def test_a_refused_key_is_read_again_at_the_next_request_but_not_more_often_than_every_half_minute() -> None:
    async def test() -> None:
        aws, clock = FakeAws(), Clock()
        keys = ProviderKeys(aws, {"acme": "arn"}, clock)  # type: ignore[arg-type]
        await keys.get("acme")
        keys.refused("acme")
        clock.now += 29
        keys.refused("acme")
        await keys.get("acme")
        assert aws.reads == 1
        aws.key = "key-2"
        clock.now += 2
        keys.refused("acme")
        assert await keys.get("acme") == "key-2"
        keys.refused("acme")
        await keys.get("acme")
        assert aws.reads == 2

    run(test)


def test_a_provider_without_a_secret_is_refused_at_start() -> None:
    keys = ProviderKeys(FakeAws(), {"acme": "arn"})  # type: ignore[arg-type]
    providers = {name: Provider(name, "https://x.example", "bearer") for name in ("acme", "b", "a")}
    with pytest.raises(ConfigurationError, match="LEANTO_PROVIDER_SECRETS names no secret for a, b"):
        keys.require(providers)
