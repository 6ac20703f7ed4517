"""A preset deployed into AWS in a box by the real engine, once a module; the tests of a module look at it in turn."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI

from leanto.cli import box_place, runs
from leanto.cli.box_artefacts import give_artefacts
from leanto.cli.keytable import KeyTable
from leanto.cli.place import Place
from leanto.cli.provider_key import give_stand_in_keys
from leanto.engine.changes import Result

Overlay = Callable[[Place], Mapping[str, object]]
"""Returns settings of a place that win over what the box sets itself; the box runs by then."""


@dataclass(frozen=True)
class Deployed:
    """A stack in its box."""

    place: Place
    first: Result
    opened: list[OpenAI] = field(default_factory=list)

    @property
    def outputs(self) -> Mapping[str, Any]:
        return self.first.outputs

    @cached_property
    def base_url(self) -> str:
        return self.place.reachable(self.outputs["endpoint_url"])

    def client(self, service: str) -> Any:
        return self.place.client(service)

    def key(self, name: str = "test", **options: Any) -> str:
        """Return a new key of the endpoint."""
        table = KeyTable(self.client("dynamodb"), self.outputs["table_name"])
        return table.create(name, team="tests", **options).text

    def openai(self, key: str | None = None, **options: Any) -> OpenAI:
        """Return the stock client, without its own retries: each test looks at one answer."""
        self.opened.append(OpenAI(base_url=self.base_url, api_key=key or self.key(), max_retries=0, **options))
        return self.opened[-1]

    def with_overlay(self, **settings: object) -> Place:
        """Return the same stack with other settings, such as logRetentionDays=7."""
        changed = {f"leanto:{name}": value for name, value in settings.items()}
        return reopened(self.place, {**self.place.overlay, **changed})


def reopened(place: Place, overlay: Mapping[str, object]) -> Place:
    """Return a place that starts afresh, without what the old one has remembered."""
    fields = {name: getattr(place, name) for name in place.__dataclass_fields__}
    return Place(**{**fields, "overlay": dict(overlay)})


def deploy(stack: str, home: Path, overlay: Overlay | None = None) -> Deployed:
    """Deploy a stack into a box of its own, which ends with this process at the latest."""
    place = box_place.open_place(stack, home, start=True, watch_pid=os.getpid())
    if overlay:
        place = reopened(place, {**place.overlay, **overlay(place)})
    runs.build_bundles(place)
    done = place.deployment.up()
    give_stand_in_keys(place, done.outputs)
    give_artefacts(place, str(done.outputs.get("pool_bucket_name") or ""))
    return Deployed(place, done)


@pytest.fixture(scope="module")
def deploying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Deployed]]:
    """Return `deploy`; the boxes of a module end with it."""
    made: list[Deployed] = []

    def run(stack: str, overlay: Overlay | None = None) -> Deployed:
        made.append(deploy(stack, tmp_path_factory.mktemp(stack), overlay))
        return made[-1]

    yield run
    for deployed in made:
        for client in deployed.opened:
            client.close()
        if deployed.place.box is not None:
            deployed.place.box.stop()
