"""Claim: a function's response is given while it is written, as botocore reads it, and a failure stands at its end."""

import io
import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from leanto.embedded.aws import AwsServer, InvokeRefusedError
from leanto.embedded.aws.invocation import InvokeBrokenError

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}


class Host:
    """Stands where the function host stands."""

    def __init__(self) -> None:
        self.writes: Callable[[], Iterator[bytes]] = lambda: iter(())
        self.asked: list[tuple[str, Any, str]] = []

    def __call__(self, function: str, payload: bytes, region: str) -> Iterator[bytes]:
        self.asked.append((function.rpartition(":")[2], json.loads(payload), region))
        return self.writes()


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


@pytest.fixture(scope="module")
def client(connect: Callable[..., Any], host: Host) -> Iterator[Any]:
    with AwsServer(on_invoke_stream=host) as server:
        role = connect(server.url, "iam").create_role(RoleName="run", AssumeRolePolicyDocument=json.dumps(TRUST))
        client = connect(server.url, "lambda")
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("code.py", "")
        client.create_function(
            FunctionName="relay",
            Role=role["Role"]["Arn"],
            Runtime="python3.13",
            Handler="code.handle",
            Code={"ZipFile": code.getvalue()},
        )
        yield client


def ask(client: Any, name: str = "relay") -> Iterator[dict[str, Any]]:
    answer = client.invoke_with_response_stream(FunctionName=name, Payload=json.dumps({"a": 1}))
    yield from answer["EventStream"]


def test_pieces_come_while_the_function_writes(client: Any, host: Host) -> None:
    read = threading.Event()

    def writes() -> Iterator[bytes]:
        yield b"first"
        assert read.wait(10), "the first piece was not read before the second was written"
        yield b"\x00second"

    host.writes = writes
    events = ask(client)
    assert next(events) == {"PayloadChunk": {"Payload": b"first"}}
    read.set()
    assert list(events) == [{"PayloadChunk": {"Payload": b"\x00second"}}, {"InvokeComplete": {}}]
    assert host.asked[-1] == ("relay", {"a": 1}, client.meta.region_name)


def test_a_failure_stands_at_the_end(client: Any, host: Host) -> None:
    def writes() -> Iterator[bytes]:
        yield b"part"
        raise InvokeBrokenError("NodeBrokeOffError", "the node broke off")

    host.writes = writes
    end = {"InvokeComplete": {"ErrorCode": "NodeBrokeOffError", "ErrorDetails": "the node broke off"}}
    assert list(ask(client)) == [{"PayloadChunk": {"Payload": b"part"}}, end]


def test_what_is_not_run_is_refused(client: Any, host: Host) -> None:
    def throttled() -> Iterator[bytes]:
        raise InvokeRefusedError("TooManyRequestsException", "Rate Exceeded.", 429)

    host.writes = throttled
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        list(ask(client))
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        list(ask(client, "absent"))
