"""Starts the servers that are measured, each in a process of its own, and reads what they use from /proc."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Target
from infra.declarations import ROOT
from infra.rendering import render
from runtime.state.keys import make_key

START_SECONDS = 120.0
LITELLM_KEY = "sk-benchmark-7f3b19c4e8d2"
LIMITS = {
    "request_bytes": 1_000_000,
    "request_timeout_seconds": 60,
    "first_byte_timeout_seconds": 30,
    "monthly_spend_micro_usd": 10_000_000_000,
}
PRICE = {
    "input_micro_usd_per_million": 100_000,
    "output_micro_usd_per_million": 500_000,
    "context_tokens": 400_000,
    "maximum_output_tokens": 128_000,
}


@dataclass(frozen=True)
class Server:
    """A running server; `start_seconds` is from its process's start to its first answer of a model."""

    target: Target
    pid: int
    start_seconds: float

    def cpu_seconds(self) -> float:
        """Return the processor time that it and its children have used."""
        ticks = sum(sum(map(int, _stat(pid)[11:13])) for pid in _family(self.pid))
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident_mb(self) -> float:
        """Return its resident memory and its children's, in MB."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) for pid in _family(self.pid))
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def deployment(provider_port: int) -> dict[str, object]:
    """Return a document with one route of two upstreams, of which the second is there to be fallen back to."""
    base_url = f"http://127.0.0.1:{provider_port}/v1"
    upstreams = [{"kind": "provider", "provider": name, "model": "bench", "price": PRICE} for name in ("acme", "spare")]
    return {
        "schema": 2,
        "stack": "bench",
        "mode": "managed",
        "limits": LIMITS,
        "providers": {name: {"base_url": base_url, "auth": "bearer"} for name in ("acme", "spare")},
        "routes": [{"model": "bench", "created": 1_760_000_000, "upstreams": upstreams}],
    }


@contextmanager
def provider() -> Iterator[Server]:
    """Run the stand-in of a provider."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.provider_server", str(port)]
    with running(command, Target("direct", port, "sk-none"), {}, None) as server:
        yield server


@contextmanager
def gateway(work: Path, provider_port: int, **more: str) -> Iterator[Server]:
    """Run ours as `leanto gateway serve` does; with `table` among `more` on a table, else with state in memory."""
    port, key = free_port(), more.pop("key", "") or make_key().text
    document = work / "deployment.json"
    document.write_text(json.dumps(deployment(provider_port)), encoding="utf-8")
    table = more.pop("table", "")
    store = ["--table", table] if table else ["--store", "memory"]
    command = [sys.executable, "-m", "leanto", "gateway", "serve", "--document", str(document), "--port", str(port)]
    keys = {"ACME_API_KEY": "sk-acme", "SPARE_API_KEY": "sk-spare", "LEANTO_KEY": key}
    with running([*command, *store], Target("leanto", port, key), {**keys, **more}, work / "leanto.log") as server:
        yield server


@contextmanager
def litellm(work: Path, python: Path, provider_port: int, *, bare: bool) -> Iterator[Server]:
    """Run LiteLLM's proxy with one worker, a master key and no database; `bare` without what else ours does too."""
    port, name = free_port(), "litellm-bare" if bare else "litellm"
    config = work / f"{name}.json"  # JSON is YAML
    config.write_text(json.dumps(_litellm_config(provider_port, bare=bare)), encoding="utf-8")
    (work / "audit.py").write_text(render("benchmarks/litellm_audit.py.j2"), encoding="utf-8")
    command = [str(python.with_name("litellm")), "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    # Its table of prices comes with the package; else it is fetched at each start.
    variables = {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    target = Target(name, port, LITELLM_KEY)
    with running([*command, "--num_workers", "1"], target, variables, work / f"{name}.log") as server:
        yield server


def _litellm_config(provider_port: int, *, bare: bool) -> dict[str, object]:
    """Return a model, with its price and a second deployment to fall back to, a budget in memory and lines of audit.

    Those are what it has of these without a database; bare, there is the model alone.
    """
    base = {"model": "openai/bench", "api_base": f"http://127.0.0.1:{provider_port}/v1", "api_key": "sk-acme"}
    more = {
        "input_cost_per_token": PRICE["input_micro_usd_per_million"] / 1e12,
        "output_cost_per_token": PRICE["output_micro_usd_per_million"] / 1e12,
    }
    params = [base] if bare else [{**base, **more, "order": order} for order in (1, 2)]
    document: dict[str, object] = {
        "model_list": [{"model_name": "bench", "litellm_params": each} for each in params],
        "general_settings": {"master_key": LITELLM_KEY},
        "litellm_settings": {"telemetry": False} | ({} if bare else {"callbacks": ["audit.lines"]}),
    }
    if not bare:
        budget = {"openai": {"budget_limit": LIMITS["monthly_spend_micro_usd"] / 1e6, "time_period": "30d"}}
        document["router_settings"] = {"provider_budget_config": budget}
    return document


def free_port() -> int:
    """Return a port of loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(command: list[str], target: Target, variables: Mapping[str, str], log: Path | None) -> Iterator[Server]:
    """Run a server until the block ends; it is there once it has answered. Raises RuntimeError when it does not."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with (log or Path(os.devnull)).open("w", encoding="utf-8") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env={**environment, **variables}, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait(process, target, begun)
            yield Server(target, process.pid, time.perf_counter() - begun)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(process: subprocess.Popen[bytes], target: Target, begun: float) -> None:
    """Ask until the first answer; raises RuntimeError when the process ends or the time is over."""
    payload = target.request(stream=False).partition(b"\r\n\r\n")[2]
    headers = {"authorization": f"Bearer {target.key}", "content-type": "application/json", **target.headers}
    url = f"{'https' if target.tls else 'http'}://127.0.0.1:{target.port}{target.path}"
    while process.poll() is None and time.perf_counter() < begun + START_SECONDS:
        try:
            asked = urllib.request.Request(url, payload, headers)  # noqa: S310 - loopback
            with urllib.request.urlopen(asked, timeout=30, context=target.tls) as answer:  # noqa: S310 - loopback
                answer.read()
                return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"{target.name} has not started: {' '.join(process.args)}")  # type: ignore[arg-type]


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name, which may hold spaces."""
    return Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split():
        yield from _family(int(child))
