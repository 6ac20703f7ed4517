"""Counts what the gateway asks of its table for one request, at a relay between the two."""

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.request import Request, urlopen

import boto3

from benchmarks import servers
from benchmarks.load import load
from leanto.cli.keytable import KeyTable
from leanto.embedded.aws.server import AwsServer
from runtime.decide.limits import CONCURRENCY, MONTH, REQUESTS, TOKENS

REGION, TABLE = "eu-west-1", "bench"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
WRITES = frozenset({"UpdateItem", "PutItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})
SECONDS = 2.0
NO_LIMITS: dict[str, int] = {}
ALL_LIMITS = {MONTH: 1_000_000_000, REQUESTS: 1_000_000, TOKENS: 1_000_000_000, CONCURRENCY: 1_000}


def table_writes(work: Path, provider_port: int, limits: dict[str, int]) -> Counter[str]:
    """Return the writes that one request makes by operation, as a mean over some seconds on one connection."""
    with AwsServer() as aws, _relay(aws.url) as (url, counts), mock.patch.dict(os.environ, CREDENTIALS):
        dynamodb = boto3.client("dynamodb", region_name=REGION, endpoint_url=aws.url)
        create_table(dynamodb)
        key = KeyTable(dynamodb, TABLE).create("bench", team="bench", limits=limits).text
        variables = {"AWS_ENDPOINT_URL": url, "AWS_REGION": REGION, "key": key, "table": TABLE}
        with servers.gateway(work, provider_port, **variables) as server:
            load(server.target, 1, SECONDS / 4, stream=False)
            before = counts.copy()
            requests = len(load(server.target, 1, SECONDS, stream=False).whole)
            after = counts.copy()
    written = Counter({name: after[name] - before[name] for name in after if name in WRITES})
    return Counter({name: round(count / requests) for name, count in written.items() if count >= requests / 2})


def create_table(dynamodb: Any) -> None:
    """Make a table as a stack has it."""
    keys = ("pk", "HASH"), ("sk", "RANGE")
    dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name, _ in keys],
        BillingMode="PAY_PER_REQUEST",
    )


@contextmanager
def _relay(url: str) -> Iterator[tuple[str, Counter[str]]]:
    """Pass requests on to AWS in a box and count them by operation."""
    counts: Counter[str] = Counter()

    class Relay(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            counts[self.headers["x-amz-target"].rpartition(".")[2]] += 1
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            with urlopen(Request(url, body, headers), timeout=30) as answer:  # noqa: S310 - loopback
                content = answer.read()
            self.send_response(200)
            self.send_header("content-type", "application/x-amz-json-1.0")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Relay) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", counts
        server.shutdown()
