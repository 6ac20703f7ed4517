"""Claim: `leanto gateway serve` is the same gateway: a stock client, money put aside and settled, nothing told."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openai
import pytest

from leanto.cli.keytable import KeyTable
from runtime.state.keys import make_key
from tests.runtime.gateway.conftest import LIMITS, PRICE, Provider, routes
from tests.runtime.ledger import Ledger

ROOT = Path(__file__).resolve().parents[3]
MESSAGES: Any = [{"role": "user", "content": "canary-prompt: what is the capital of France?"}]
PROVIDER_KEY = "sk-canary-provider-key"
KEY = make_key().text


@dataclass
class Served:
    """A running `leanto gateway serve` and where it listens."""

    process: subprocess.Popen[str]
    url: str
    clients: list[openai.OpenAI] = field(default_factory=list)

    def client(self, key: str = KEY) -> openai.OpenAI:
        made = openai.OpenAI(base_url=self.url, api_key=key, max_retries=0, timeout=20)
        self.clients.append(made)
        return made

    def ask(self, key: str = KEY, **options: Any) -> Any:
        return self.client(key).chat.completions.create(**{"model": "small", "messages": MESSAGES} | options)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(self.url.removesuffix("/v1") + path, timeout=10) as answer:  # noqa: S310 - loopback
            return str(answer.read().decode())

    def end(self) -> tuple[int, list[dict[str, Any]], str]:
        """Tell it to end; returns its exit code, its lines, and all that it printed."""
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, [json.loads(line) for line in out.splitlines()], out + err


@pytest.fixture
def document(tmp_path: Path, provider: Provider) -> Path:
    path = tmp_path / "deployment.json"
    providers = {"acme": {"base_url": provider.stand_in.base_url, "auth": "bearer"}}
    described = {"schema": 2, "stack": "demo", "mode": "hybrid", "limits": LIMITS, "providers": providers}
    path.write_text(json.dumps(described | {"routes": routes(PRICE)}))
    return path


@pytest.fixture
def serve(document: Path) -> Iterator[Callable[..., Served]]:
    running: list[Served] = []

    def start(*arguments: str, **variables: str) -> Served:
        command = [sys.executable, "-m", "leanto", "gateway", "serve", "--document", str(document), "--port", "0"]
        environment = {**os.environ, "ACME_API_KEY": PROVIDER_KEY, "LEANTO_KEY": KEY, **variables}
        process = subprocess.Popen(
            [*command, *arguments], cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        served = Served(process, "")
        running.append(served)
        assert process.stderr is not None
        first = process.stderr.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/v1", first)
        assert found, first + process.stderr.read()
        served.url = found[0]
        return served

    yield start
    for served in running:
        for client in served.clients:
            client.close()
        served.process.kill()
        served.process.wait()
        for pipe in (served.process.stdout, served.process.stderr):
            if pipe is not None:
                pipe.close()


def test_a_stock_client_is_answered_and_the_requests_are_told_without_content(
    serve: Callable[..., Served], provider: Provider
) -> None:
    provider.control(delay_chunk_seconds=0.0, require_key=PROVIDER_KEY)
    served = serve("--store", "memory")
    assert served.ask().choices[0].message.content.startswith("[simulated]")
    assert "".join(chunk.choices[0].delta.content or "" for chunk in served.ask(stream=True)).startswith("[simulated]")
    with pytest.raises(openai.AuthenticationError):
        served.ask(make_key().text)
    with pytest.raises(openai.NotFoundError):
        served.ask(model="canary-model")
    assert json.loads(served.get("/health")) == {"status": "ok"}
    metrics = served.get("/metrics")
    code, lines, printed = served.end()
    assert code == 0
    assert [line["status"] for line in lines] == [200, 200, 401, 404]
    cost = sum(line.get("cost_micro_usd", 0) for line in lines)
    assert f'leanto_cost_micro_usd_total{{model="small",team="local"}} {float(cost)}' in metrics
    assert 'leanto_requests_total{model="small",status="200"} 2.0' in metrics
    assert "leanto_requests_running 0.0" in metrics
    for secret in (KEY, KEY[-43:], PROVIDER_KEY, "canary"):
        assert secret not in printed + metrics


def test_a_server_told_to_end_finishes_and_settles_what_is_under_way_in_the_stacks_table(
    serve: Callable[..., Served],
    provider: Provider,
    ledger: Ledger,
    boto: Any,
    table_name: str,
    aws_variables: dict[str, str],
) -> None:
    provider.control(delay_chunk_seconds=0.1)
    key = KeyTable(boto("dynamodb"), table_name).create("app", team="search").text
    served = serve("--table", table_name, **aws_variables)
    stream = served.client(key).chat.completions.create(model="small", messages=MESSAGES, stream=True)
    received = [next(stream).choices[0]]
    assert ledger.books()["open"]
    ended: list[Any] = []
    end = threading.Thread(target=lambda: ended.append(served.end()))
    end.start()
    received += [chunk.choices[0] for chunk in stream]
    end.join()
    code, (line,), _ = ended[0]
    assert received[-1].finish_reason == "stop"
    assert (code, line["status"], line["team"]) == (0, 200, "search")
    books = ledger.books()
    assert (books["committed"], books["spent"], books["open"]) == (line["cost_micro_usd"],) * 2 + ([],)


def test_what_outlasts_the_grace_is_cut_off_and_charged(
    serve: Callable[..., Served],
    provider: Provider,
    ledger: Ledger,
    boto: Any,
    table_name: str,
    aws_variables: dict[str, str],
) -> None:
    provider.control(delay_chunk_seconds=5.0)
    key = KeyTable(boto("dynamodb"), table_name).create("app", team="search").text
    served = serve("--table", table_name, "--grace", "0", **aws_variables)
    stream = served.client(key).chat.completions.create(model="small", messages=MESSAGES, stream=True)
    next(stream)
    reserved = ledger.books()["open"]
    code, lines, _ = served.end()
    books = ledger.books()
    assert (code, books["open"]) == (0, [])
    assert [books["spent"]] == [books["estimated"]] == reserved
    assert [line["cost_estimated"] for line in lines if line["event"] == "request"] == [True]


def refused(*arguments: str, **variables: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "leanto", "gateway", "serve", *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "LEANTO_"))}
    done = subprocess.run(
        command, cwd=ROOT, env=environment | variables, text=True, capture_output=True, timeout=30, check=False
    )
    return done.returncode, done.stderr


def test_what_is_wrong_is_said_in_words(document: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        local = ("--document", str(document), "--store", "memory", "--port", port)
        code, text = refused(*local, ACME_API_KEY=PROVIDER_KEY)
    assert (code, f"port {port} of 127.0.0.1 is in use" in text, "--port" in text) == (3, True, True)
    assert PROVIDER_KEY not in text
    code, text = refused("--document", f"{document}.no", "--store", "memory")
    assert (code, "there is no deployment document" in text, "Traceback" in text) == (3, True, False)
