"""Nodes with the real engine behind a gateway: each has a loopback address of its own, and all the same port."""

import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from leanto.embedded.instances.metadata import InstanceFacts, MetadataService
from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.certificates import Certificate, make_certificate
from tests.runtime.gateway.conftest import Gateway
from tests.runtime.node.conftest import ENGINE_KEY, Node, free_port, talk

_numbers = itertools.count(1)


@dataclass
class Answer:
    """What a client got: status, headers, the answer's text, and why its stream ended early, if it did."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def upstream(self) -> str:
        return self.headers.get("x-leanto-upstream", "")

    @property
    def events(self) -> list[Any]:
        """The data of a stream, read; the word that ends it is left out."""
        lines = [line[6:] for line in self.body.split(b"\n") if line.startswith(b"data: ")]
        return [json.loads(line) for line in lines if line != b"[DONE]"]

    @property
    def error(self) -> str:
        """The code of the error with which a stream or an answer ends, or nothing."""
        is_stream = self.headers.get("Content-Type", "").startswith("text/event-stream")
        last = (self.events[-1] if self.events else {}) if is_stream else json.loads(self.body)
        return str((last.get("error") or {}).get("code", ""))

    @property
    def is_whole(self) -> bool:
        """Whether it is an answer from begin to end, once."""
        if self.status != 200 or self.error:
            return False
        events = self.events or [json.loads(self.body)]
        ends = [choice["finish_reason"] for event in events for choice in event["choices"] if choice["finish_reason"]]
        return len(ends) == 1 and self.body.count(b"data: [DONE]") == bool(self.events)


async def ask(session: aiohttp.ClientSession, gateway: Gateway, tokens: int = 5, **fields: Any) -> Answer:
    """Ask the gateway; an answer that breaks off without a word is an error here."""
    body = talk(tokens) | {"model": "mixed"} | fields
    headers = {"authorization": "Bearer sk-lt-checked-by-the-authorizer"}
    async with session.post(f"{gateway.url}/v1/chat/completions", json=body, headers=headers) as response:
        return Answer(response.status, dict(response.headers), await response.read())


def renew(node: Node, folder: Path) -> Certificate:
    """Give a node a new certificate, as each boot makes one; it shows it from its next start on."""
    node.certificate = make_certificate(folder)
    node.configuration["certificate_file"] = str(node.certificate.certificate_file)
    node.configuration["key_file"] = str(node.certificate.key_file)
    return node.certificate


@contextmanager
def real_nodes(
    count: int,
    folder: Path,
    model: Path,
    name: str,
    table: str,
    dynamodb: Any,
    aws_url: str,
    background: BackgroundLoop,
) -> Iterator[list[Node]]:
    """Make nodes that nothing has been started of yet."""
    port, made, services = free_port(), [], []
    for number in range(count):
        place = folder / f"node-{number}"
        place.mkdir()
        address = f"127.89.{next(_numbers) % 250}.{number + 1}"
        facts = InstanceFacts(f"i-real{number}", "g6.xlarge", "eu-west-1a", address)
        service = MetadataService(facts)
        background.run(service.start())
        services.append(service)
        made.append(_node(place, facts, port, service.url, model, name, table, dynamodb, aws_url))
    try:
        yield made
    finally:
        for node in made:
            node.close()
        for service in services:
            background.run(service.close())


def _node(
    place: Path,
    facts: InstanceFacts,
    port: int,
    metadata_url: str,
    model: Path,
    name: str,
    table: str,
    dynamodb: Any,
    aws_url: str,
) -> Node:
    engine_port, certificate = free_port(), make_certificate(place)
    (place / "engine-key").write_text(ENGINE_KEY, encoding="ascii")
    configuration = {
        "table": table,
        "region": "eu-west-1",
        "model": name,
        "engine": "llama.cpp",
        "engine_url": f"http://127.0.0.1:{engine_port}",
        "engine_key_file": str(place / "engine-key"),
        "engine_restart_file": str(place / "restart"),
        "certificate_file": str(certificate.certificate_file),
        "key_file": str(certificate.key_file),
        "phases_file": str(place / "phases"),
        "address": facts.address,
        "listen": facts.address,
        "port": port,
        "slots": 2,
        "heartbeat_seconds": 0.2,
        "probe_seconds": 1.0,
    }
    variables = {"AWS_ENDPOINT_URL": aws_url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata_url}
    return Node(place, port, engine_port, facts, certificate, configuration, variables, dynamodb, model)
