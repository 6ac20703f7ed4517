"""Starts one node as an instance has it, with a tiny model on the CPU: engine, agent, and the relay before them."""

import asyncio
import hashlib
import json
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from benchmarks.load import Target
from benchmarks.servers import Server, free_port, running
from benchmarks.table_writes import REGION, TABLE, create_table
from leanto.embedded.aws.server import AwsServer
from leanto.embedded.instances.metadata import InstanceFacts, MetadataService
from leanto.embedded.instances.tiny_model import write_tiny_model

ENGINE, AGENT, RELAY = "engine", "agent", "relay"
SLOTS, QUEUE = 4, 4
CLIENTS = SLOTS + QUEUE
CONTEXT_TOKENS = 65536
ENGINE_KEY = "engine-key-of-the-benchmark"
CERTIFICATE = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
Servers = tuple[Server, Server, Server]


@contextmanager
def node(work: Path) -> Iterator[Servers]:
    """Run engine, agent and relay, each in a process of its own."""
    model = work / "tiny.gguf"
    write_tiny_model(model, CONTEXT_TOKENS)
    (work / "engine-key").write_text(ENGINE_KEY, encoding="ascii")
    fingerprint = _make_certificate(work)
    with (
        _aws() as variables,
        _engine(work, model) as engine,
        _agent(work, engine.target.port, variables) as agent,
        _relay(work, agent.target.port, fingerprint) as relay,
    ):
        yield engine, agent, relay


def fields(tokens: int) -> dict[str, Any]:
    """Return the fields of a request whose answer has exactly so many tokens."""
    return {"model": "tiny-random", "max_tokens": tokens, "temperature": 0, "ignore_eos": True}


@contextmanager
def _engine(work: Path, model: Path) -> Iterator[Server]:
    port = free_port()
    command = [sys.executable, "-m", "leanto.embedded.instances.llama_server", "--model", str(model)]
    command += ["--port", str(port), "--api-key-file", str(work / "engine-key"), "--metrics", "--no-kv-unified"]
    command += ["--parallel", str(SLOTS), "--ctx-size", str(SLOTS * CONTEXT_TOKENS)]
    target = Target(ENGINE, port, ENGINE_KEY, fields=fields(1), keeps=False)
    with running(command, target, {}, work / "engine.log") as server:
        yield server


@contextmanager
def _agent(work: Path, engine_port: int, variables: Mapping[str, str]) -> Iterator[Server]:
    port = free_port()
    configuration = {
        "table": TABLE,
        "region": REGION,
        "model": "tiny-random",
        "engine": "llama.cpp",
        "engine_url": f"http://127.0.0.1:{engine_port}",
        "engine_key_file": str(work / "engine-key"),
        "engine_restart_file": str(work / "restart"),
        "certificate_file": str(work / "certificate.pem"),
        "key_file": str(work / "key.pem"),
        "phases_file": str(work / "phases"),
        "address": "127.0.0.1",
        "listen": "127.0.0.1",
        "port": port,
        "slots": SLOTS,
        "queue_per_slot": QUEUE // SLOTS,
    }
    (work / "agent.json").write_text(json.dumps(configuration), encoding="utf-8")
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # what is measured pins no fingerprint: the relay does
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    target = Target(AGENT, port, "none", fields=fields(1), tls=trusting)
    command = [sys.executable, "-m", "runtime.node", str(work / "agent.json")]
    with running(command, target, variables, work / "agent.log") as server:
        yield server


@contextmanager
def _relay(work: Path, node_port: int, fingerprint: str) -> Iterator[Server]:
    port = free_port()
    order = {
        "x-leanto-node": f"127.0.0.1:{node_port}",
        "x-leanto-fingerprint": fingerprint,
        "x-leanto-first-byte-seconds": "60",
        "x-leanto-deadline-seconds": "60",
    }
    variables = {"LEANTO_NODE_NETWORKS": "127.0.0.1/32", "LEANTO_NODE_PORT": str(node_port)}
    command = [sys.executable, "-m", "uvicorn", "runtime.relay.app:app", "--port", str(port), "--log-level", "error"]
    # The loop that Lambda's Python has; uvicorn would take a faster one that is not in the bundle.
    command += ["--no-access-log", "--loop", "asyncio", "--ws", "none"]
    target = Target(RELAY, port, "none", fields=fields(1), headers=order)
    with running(command, target, variables, work / "relay.log") as server:
        yield server


@contextmanager
def _aws() -> Iterator[dict[str, str]]:
    """Run what an instance finds around it: the stack's table, and its metadata."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    metadata = MetadataService(InstanceFacts("i-0123456789abcdef0", "g6.xlarge", "eu-west-1a", "127.0.0.1"))
    with AwsServer() as aws:
        keys = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench"}
        create_table(boto3.client("dynamodb", region_name=REGION, endpoint_url=aws.url, **keys))
        asyncio.run_coroutine_threadsafe(metadata.start(), loop).result(10)
        yield {"AWS_ENDPOINT_URL": aws.url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url}
        asyncio.run_coroutine_threadsafe(metadata.close(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def _make_certificate(work: Path) -> str:
    """Make a key and its certificate as the boot script does; returns the certificate's SHA-256."""
    files = ["-keyout", str(work / "key.pem"), "-out", str(work / "certificate.pem")]
    command = [*CERTIFICATE, "-days", "7", "-subj", "/CN=leanto node", *files]
    subprocess.run(command, check=True, capture_output=True, env={"PATH": os.environ["PATH"]})
    der = ssl.PEM_cert_to_DER_cert((work / "certificate.pem").read_text("ascii"))
    return hashlib.sha256(der).hexdigest()
