"""Claims about runs that do not end by themselves: cancelled, killed, or met by another run of the same stack."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from leanto.engine.errors import StateLockedError

pytestmark = pytest.mark.engine

RUN = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
from toy_project import ToyProject
from leanto.engine.errors import EngineError
from leanto.engine.find import ensure
things = {{"slow": {{"seconds": 4, "name": "slow-1"}}, "quick": {{}}}}
project = ToyProject(ensure(lambda line: None), Path({folder!r}), things)
def told(event):
    print("started" if getattr(event, "phase", "") == "started" and event.change.name == "slow" else "", flush=True)
try:
    project.deployment().up(told)
except EngineError as error:
    print(type(error).__name__, flush=True)
"""


def command_in(folder: Path) -> subprocess.Popen[str]:
    """Start an `up` of a project in a process of its own and wait until it is busy creating."""
    script = RUN.format(here=str(Path(__file__).parent), folder=str(folder))
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "started":
            return process
    pytest.fail("the run never started to create")


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    direct = [child for child, parent in pairs if parent == pid]
    return direct + [deeper for child in direct for deeper in children_of(child)]


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def names_in_state(toys) -> set[str]:
    return {resource["urn"].rsplit("::", 1)[-1] for resource in toys.deployment().export()["resources"]}


def locks(toys) -> list[Path]:
    return list((toys.state / ".pulumi" / "locks").rglob("*.json"))


def names_begun(toys) -> list[str]:
    """Return what the state says has begun and not ended."""
    with contextlib.suppress(ValueError):
        latest = json.loads(toys.state_file.read_text())["checkpoint"]["latest"]
        return [pending["resource"]["urn"].rsplit("::", 1)[-1] for pending in latest.get("pending_operations", [])]
    return []


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_a_signal_cancels_in_order_and_leaves_no_lock_and_no_process(toys, number: signal.Signals) -> None:
    """What had begun is finished and in the state; the next run needs no unlock."""
    process = command_in(toys.folder)
    family = children_of(process.pid)
    process.send_signal(number)
    out, _ = process.communicate(timeout=30)
    assert out.split() == ["InterruptedRunError"]
    assert [pid for pid in family if is_alive(pid)] == []
    assert locks(toys) == []
    assert {"slow", "quick"} <= names_in_state(toys)
    toys.things = {"slow": {"seconds": 4, "name": "slow-1"}, "quick": {}}
    assert [change.name for change in toys.deployment().up().changed] == []


def test_when_our_own_process_is_killed_the_engine_ends_and_lets_go_of_the_lock(toys) -> None:
    process = command_in(toys.folder)
    family = children_of(process.pid)
    with process:
        process.kill()
    deadline = time.monotonic() + 20
    while any(map(is_alive, family)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [pid for pid in family if is_alive(pid)] == []
    assert locks(toys) == []
    toys.things = {"slow": {"seconds": 4, "name": "slow-1"}, "quick": {}}
    toys.deployment().up()
    assert toys.deployment().pending() == ()


def test_a_killed_engine_leaves_a_lock_that_is_named_with_its_remedy(toys) -> None:
    process = command_in(toys.folder)
    deadline = time.monotonic() + 5
    while names_begun(toys) != ["slow"] and time.monotonic() < deadline:
        time.sleep(0.05)
    (lock,) = locks(toys)
    pid = json.loads(lock.read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    out, _ = process.communicate(timeout=30)
    assert out.split() == ["DeploymentFailedError"]
    toys.things = {"slow": {}, "quick": {}}
    stack = toys.deployment()
    with pytest.raises(StateLockedError) as caught:
        stack.up()
    told = str(caught.value)
    assert str(lock) in told
    assert f"process {pid}" in told
    assert "(no longer running)" in told
    assert "leanto unlock --stack dev" in told
    stack.cancel()
    assert locks(toys) == []
    # The quick one may be pending as well: on a busy machine the engine notes its end late.
    assert "creating toy:index:Thing slow, in AWS slow-1" in map(str, stack.pending())
    (warning,) = stack.up().warnings
    assert warning.message.startswith("a killed run had begun these and not finished: ")
    assert "slow, interrupted while creating" in warning.message
    assert "pulumi" not in warning.message
    stack.refresh(forget_pending_creates=True)
    assert stack.pending() == ()
    assert {"slow", "quick"} <= names_in_state(toys)


def test_a_second_run_beside_a_working_one_is_told_that_it_still_runs(toys) -> None:
    process = command_in(toys.folder)
    with pytest.raises(StateLockedError, match=r"\(still running\)"):
        toys.deployment().up()
    out, _ = process.communicate(timeout=30)
    assert "Error" not in out
