"""A pool behind the gateway: nodes that answer as told, the relay that reaches them, an AWS that runs it."""

import asyncio
import json
import queue
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from leanto.embedded.aws import AwsServer
from leanto.embedded.aws.invocation import InvokeBrokenError, InvokeRefusedError
from leanto.embedded.instances.tiny_model import write_tiny_model
from runtime.lambda_asgi import _prelude
from runtime.lambda_events import asgi_request
from runtime.lambda_lifespan import AsgiApp, Lifespan
from runtime.relay.app import create_app
from tests.runtime.background_loop import BackgroundLoop
from tests.runtime.certificates import Certificate, make_certificate
from tests.runtime.conftest import clients_at, variables_at
from tests.runtime.gateway.conftest import Gateway, Provider
from tests.runtime.gateway.local.real_nodes import real_nodes
from tests.runtime.node.conftest import Node

MODEL = "qwen3-4b"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Invocation:
    """What the relay was asked, and how far it came; `status` is 0 before its answer, `ended` when that is whole."""

    function: str
    trace_id: str
    node: str
    status: int = 0
    ended: bool = False


class RelayHost:
    """Runs the relay as Lambda would, for whoever invokes it by a response stream; it is started once for a port."""

    def __init__(self, background: BackgroundLoop) -> None:
        self._background = background
        self._running: dict[int, tuple[AsgiApp, Lifespan]] = {}
        self._starting = asyncio.Lock()
        self.refuses: InvokeRefusedError | None = None
        self.invoked: list[Invocation] = []
        self.port = 0

    def close(self) -> None:
        for _, lifespan in self._running.values():
            self._background.run(lifespan.shutdown())

    def __call__(self, function: str, payload: bytes, region: str) -> Iterator[bytes]:
        event = json.loads(payload)
        trace_id = event["headers"]["traceparent"].split("-")[1]
        made = Invocation(function.rpartition(":")[2], trace_id, event["headers"]["x-leanto-node"])
        self.invoked.append(made)
        if self.refuses is not None:
            raise self.refuses
        pieces: queue.Queue[bytes | BaseException | None] = queue.Queue()
        asyncio.run_coroutine_threadsafe(self._run(event, pieces, made), self._background.loop)
        return self._given(pieces)

    @staticmethod
    def _given(pieces: "queue.Queue[bytes | BaseException | None]") -> Iterator[bytes]:
        while (piece := pieces.get(timeout=20)) is not None:
            if isinstance(piece, BaseException):
                raise InvokeBrokenError(type(piece).__name__, "")
            yield piece

    async def _run(
        self, event: dict[str, Any], pieces: "queue.Queue[bytes | BaseException | None]", made: Invocation
    ) -> None:
        app, lifespan = await self._started()
        scope, body = asgi_request(event, deadline=0, trace_id="")
        scope["state"] = lifespan.state

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                made.status = message["status"]
                pieces.put(_prelude(message))
                return
            made.ended = not message["more_body"]
            pieces.put(bytes(message["body"]))

        try:
            await app(scope, receive, send)
            pieces.put(None)
        except Exception as error:
            pieces.put(error)

    async def _started(self) -> tuple[AsgiApp, Lifespan]:
        async with self._starting:
            if self.port not in self._running:
                app = create_app({"LEANTO_NODE_NETWORKS": "127.0.0.0/8", "LEANTO_NODE_PORT": str(self.port)})
                lifespan = Lifespan(app)
                await lifespan.startup()
                self._running[self.port] = app, lifespan
            return self._running[self.port]


@pytest.fixture(scope="session")
def relay_host(background: BackgroundLoop) -> Iterator[RelayHost]:
    host = RelayHost(background)
    yield host
    host.close()


@pytest.fixture(scope="session")
def aws_url(relay_host: RelayHost) -> Iterator[str]:
    """An AWS that runs the relay; the state of these tests is in it too."""
    with AwsServer(on_invoke_stream=relay_host) as server:
        yield server.url


# Of their own, as the AWS is: those of other tests in the same process have another one.
@pytest.fixture(scope="session")
def aws_variables(aws_url: str) -> dict[str, str]:
    return variables_at(aws_url)


@pytest.fixture(scope="session")
def boto(aws_url: str) -> Any:
    return clients_at(aws_url)


@pytest.fixture(scope="session")
def relay_name(boto: Any) -> str:
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}
    role = boto("iam").create_role(RoleName="relay", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    code = {"ZipFile": b"PK\x05\x06" + bytes(18)}
    boto("lambda").create_function(
        FunctionName="leanto-demo-relay", Role=role, Runtime="python3.13", Handler="code.handle", Code=code
    )
    return "leanto-demo-relay"


@dataclass
class PoolNode:
    """One node: what it answers, and what it was asked."""

    id: str
    address: str
    answer: Answer
    asked: list[bytes] = field(default_factory=list)


@dataclass
class TestPool:
    """The nodes of one test's gateway; `port` is the same for all, each has a loopback address of its own."""

    __test__ = False
    certificate: Certificate
    dynamodb: Any
    table: str
    port: int
    nodes: dict[str, PoolNode] = field(default_factory=dict)

    def write(self, node: PoolNode, **changes: Any) -> None:
        """Write a node's item as the node would."""
        item = {
            "state": "ready",
            "model": MODEL,
            "address": node.address,
            "port": self.port,
            "fingerprint": self.certificate.fingerprint,
            "slots": 2,
            "busy": 0,
            "heartbeat": int(time.time()),
            "started": int(time.time()) - 60,
            **changes,
        }
        key = {"pk": {"S": "NODES"}, "sk": {"S": node.id}}
        values = {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in item.items()}
        self.dynamodb.put_item(TableName=self.table, Item=key | values)


@pytest.fixture(scope="session")
def pool_certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("pool"))


@pytest.fixture
def start_pool(
    background: BackgroundLoop,
    relay_host: RelayHost,
    pool_certificate: Certificate,
    boto: Any,
    table_name: str,
) -> Iterator[Callable[..., TestPool]]:
    """Start a pool with a node for each answer given; the first is the least busy, the last the busiest."""
    runners: list[web.AppRunner] = []

    async def serve(answers: tuple[Answer, ...]) -> tuple[int, list[PoolNode]]:
        made, port = [], 0
        for number, answer in enumerate(answers, start=1):
            node = PoolNode(f"i-{number}", f"127.88.0.{number}", answer)

            async def handle(request: web.Request, node: PoolNode = node) -> web.StreamResponse:
                node.asked.append(await request.read())
                return await node.answer(request)

            app = web.Application()
            app.router.add_post("/{path:.*}", handle)
            runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, node.address, port, ssl_context=pool_certificate.context()).start()
            port = port or int(runner.addresses[0][1])
            runners.append(runner)
            made.append(node)
        return port, made

    def start(*answers: Answer) -> TestPool:
        relay_host.port, nodes = background.run(serve(answers))
        pool = TestPool(pool_certificate, boto("dynamodb"), table_name, relay_host.port)
        for number, node in enumerate(nodes):
            pool.nodes[node.id] = node
            pool.write(node, slots=10, busy=number)
        return pool

    relay_host.refuses = None
    relay_host.invoked.clear()
    yield start
    relay_host.refuses = None
    for runner in runners:
        background.run(runner.cleanup())


StartNodes = Callable[..., tuple[Gateway, list[Node]]]


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    write_tiny_model(path, context_tokens=65536)
    return path


@pytest.fixture
def start_nodes(
    tmp_path: Path,
    background: BackgroundLoop,
    aws_url: str,
    boto: Any,
    table_name: str,
    tiny_model: Path,
    relay_host: RelayHost,
    relay_name: str,
    provider: Provider,
    start_gateway: Callable[..., Gateway],
) -> Iterator[StartNodes]:
    """Start a gateway before so many ready nodes with the real engine, two at most."""
    provider.control(delay_chunk_seconds=0.0)
    relay_host.refuses = None
    relay_host.invoked.clear()
    with real_nodes(2, tmp_path, tiny_model, MODEL, table_name, boto("dynamodb"), aws_url, background) as nodes:

        def begin(count: int = 1, context_tokens: int = 4096) -> tuple[Gateway, list[Node]]:
            used = nodes[:count]
            relay_host.port = used[0].port
            for node in used:
                node.start_engine(context_tokens=context_tokens)
                node.start_agent()
            for node in used:
                node.until("ready")
            return start_gateway(variables={"LEANTO_RELAY": relay_name}), used

        yield begin
