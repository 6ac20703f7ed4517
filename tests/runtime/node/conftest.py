"""A node as an instance has it: the real llama.cpp server on the CPU, the agent as a process, metadata and a table."""

import asyncio
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from leanto.embedded.instances.metadata import InstanceFacts, MetadataService
from leanto.embedded.instances.tiny_model import write_tiny_model
from runtime.state.attributes import from_item
from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.certificates import Certificate, make_certificate

ENGINE_KEY = "canary-engine-key"
START_SECONDS = 60.0
_numbers = itertools.count(1)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(check: Callable[[], Any], what: str, seconds: float = START_SECONDS) -> Any:
    """Return what `check` returns once it is true."""
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end, f"{what} did not come within {seconds} s"
        time.sleep(0.02)
    return found


@dataclass
class Node:
    """One node: its processes, and what the table says of it."""

    folder: Path
    port: int
    engine_port: int
    facts: InstanceFacts
    certificate: Certificate
    configuration: dict[str, Any]
    variables: dict[str, str]
    dynamodb: Any
    model: Path
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start_engine(self, slots: int = 2, context_tokens: int = 65536) -> None:
        """Start the engine, as its unit would."""
        key_file = self.folder / "engine-key"
        key_file.write_text(ENGINE_KEY, encoding="ascii")
        command = ["--model", str(self.model), "--port", str(self.engine_port), "--api-key-file", str(key_file)]
        command += ["--parallel", str(slots), "--ctx-size", str(slots * context_tokens), "--no-kv-unified", "--metrics"]
        self._start("engine", "leanto.embedded.instances.llama_server", command)

    def start_agent(self, **changes: Any) -> None:
        """Start the agent; `changes` are of its configuration."""
        path = self.folder / "agent.json"
        path.write_text(json.dumps(self.configuration | changes), encoding="utf-8")
        self._start("agent", "runtime.node", [str(path)])

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        self.processes[name].send_signal(number)

    def exit_status(self, name: str = "agent", seconds: float = 20.0) -> int:
        return self.processes[name].wait(seconds)

    def item(self) -> dict[str, Any]:
        """Return what the table says of the node."""
        key = {"pk": {"S": "NODES"}, "sk": {"S": self.facts.instance_id}}
        found = self.dynamodb.get_item(TableName=self.configuration["table"], Key=key, ConsistentRead=True)
        return from_item(found.get("Item") or {})

    def until(self, state: str, seconds: float = START_SECONDS) -> dict[str, Any]:
        """Wait until the table says that the node is in a state, and return its item."""
        item: dict[str, Any] = wait_for(
            lambda: one if (one := self.item()).get("state") == state else None, f"state {state}", seconds
        )
        return item

    def order(self, order: str) -> None:
        self.dynamodb.update_item(
            TableName=self.configuration["table"],
            Key={"pk": {"S": "NODES"}, "sk": {"S": self.facts.instance_id}},
            UpdateExpression="SET #order = :order",
            ExpressionAttributeNames={"#order": "order"},
            ExpressionAttributeValues={":order": {"S": order}},
        )

    def output(self, name: str = "agent") -> str:
        return (self.folder / f"{name}.out").read_text("utf-8", "replace")

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()

    def _start(self, name: str, module: str, arguments: list[str]) -> None:
        if earlier := self.processes.get(name):
            earlier.kill()
            earlier.wait()
        with (self.folder / f"{name}.out").open("ab") as out:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, *arguments], stdout=out, stderr=out, env=self.variables
            )

    def ask(self, fields: dict[str, Any], path: str = "/v1/chat/completions") -> tuple[int, dict[str, str], bytes]:
        """Ask the node as the relay does; returns status, headers and body."""

        async def run() -> tuple[int, dict[str, str], bytes]:
            async with self.session() as session, self.post(session, fields, path) as response:
                return response.status, dict(response.headers), await response.read()

        return asyncio.run(run())

    @staticmethod
    def session() -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    def post(self, session: aiohttp.ClientSession, fields: Any, path: str = "/v1/chat/completions") -> Any:
        pin = aiohttp.Fingerprint(bytes.fromhex(self.certificate.fingerprint))
        return session.post(f"https://127.0.0.1:{self.port}{path}", json=fields, ssl=pin)


def talk(tokens: int = 20, *, stream: bool = False, content: str = "hi") -> dict[str, Any]:
    """Return a request whose answer has exactly so many tokens."""
    fields = {"model": "tiny-random", "messages": [{"role": "user", "content": content}]}
    return {**fields, "max_tokens": tokens, "temperature": 0, "ignore_eos": True, "stream": stream}


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose context is long enough for answers that last for seconds."""
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    write_tiny_model(path, context_tokens=65536)
    return path


@pytest.fixture(scope="session")
def node_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def node(
    tmp_path: Path,
    background: BackgroundLoop,
    aws_url: str,
    boto: Any,
    table_name: str,
    tiny_model: Path,
    node_certificate: Certificate,
) -> Iterator[Node]:
    facts = InstanceFacts(f"i-{next(_numbers):08d}", "g6.xlarge", "eu-west-1a", "127.0.0.1")
    metadata = MetadataService(facts)
    background.run(metadata.start())
    port, engine_port = free_port(), free_port()
    configuration = {
        "table": table_name,
        "region": "eu-west-1",
        "model": "tiny-random",
        "engine": "llama.cpp",
        "engine_url": f"http://127.0.0.1:{engine_port}",
        "engine_key_file": str(tmp_path / "engine-key"),
        "engine_restart_file": str(tmp_path / "restart"),
        "certificate_file": str(node_certificate.certificate_file),
        "key_file": str(node_certificate.key_file),
        "phases_file": str(tmp_path / "phases"),
        "address": "127.0.0.1",
        "listen": "127.0.0.1",
        "port": port,
        "slots": 2,
        "heartbeat_seconds": 0.2,
        "probe_seconds": 0.5,
    }
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    variables = {"AWS_ENDPOINT_URL": aws_url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url, **kept}
    made = Node(
        tmp_path, port, engine_port, facts, node_certificate, configuration, variables, boto("dynamodb"), tiny_model
    )
    yield made
    made.close()
    background.run(metadata.close())
    assert metadata.refused == 0, "the agent asked the metadata service without a token"
