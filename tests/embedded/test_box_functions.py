"""A box runs what is deployed into it, and leaves no process of it behind, however it ends."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from leanto.embedded import boxfile
from leanto.embedded.aws import AwsServer
from leanto.embedded.box import Box
from leanto.embedded.processes import session_members
from tests.embedded.functions.deployed import REGION, Cloud

TELL_PID = """
import os
def handle(call):
    call.respond({"pid": os.getpid(), "session": os.getsid(0), "endpoint": os.environ["AWS_ENDPOINT_URL"]})
"""
NEVER_ENDING = """
import os, pathlib, time
def handle(call):
    pathlib.Path(call.event["note"]).write_text(str(os.getpid()))
    time.sleep(600)
"""


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    box = Box.start(tmp_path / "box", region=REGION)
    yield box
    box.stop()


@pytest.fixture
def cloud(box: Box) -> Cloud:
    return Cloud(cast("AwsServer", SimpleNamespace(url=box.aws_url)))


def exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def invoke(cloud: Cloud, name: str) -> Any:
    return json.loads(cloud.client("lambda").invoke(FunctionName=name)["Payload"].read())


def end(box: Box, way: str) -> None:
    if way == "stop":
        box.stop()
    else:
        os.kill(box.pid, signal.Signals[way])


def test_a_deployed_function_runs_in_the_box_and_sees_its_aws(box: Box, cloud: Cloud) -> None:
    cloud.deploy("teller", TELL_PID)
    told = invoke(cloud, "teller")
    assert told["endpoint"] == box.aws_url
    assert told["session"] == box.pid


@pytest.mark.parametrize("way", ["stop", "SIGTERM", "SIGKILL"])
def test_idle_and_busy_functions_end_with_the_box(box: Box, cloud: Cloud, tmp_path: Path, way: str) -> None:
    cloud.deploy("idle", TELL_PID)
    cloud.deploy("busy", NEVER_ENDING, Timeout=900)
    idle = int(invoke(cloud, "idle")["pid"])
    note = tmp_path / "note"
    payload = json.dumps({"note": str(note)}).encode()
    cloud.client("lambda").invoke(FunctionName="busy", InvocationType="Event", Payload=payload)
    wait_until(lambda: note.exists() and note.read_text() != "")
    busy = int(note.read_text())
    assert exists(idle)
    assert exists(busy)
    began = time.monotonic()
    end(box, way)
    wait_until(lambda: not boxfile.is_alive(box.home))
    assert time.monotonic() - began < 5
    wait_until(lambda: not exists(idle) and not exists(busy) and session_members(box.pid) == ())
