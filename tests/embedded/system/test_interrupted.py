"""Claim: a run that is cut off, however rudely, is told in words and can be gone on from; nothing is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leanto.embedded.box import Box

pytestmark = pytest.mark.engine

ROOT = Path(__file__).resolve().parents[3]
LEANTO = Path(sys.executable).with_name("leanto")
CREATED_BEFORE_THE_CUT = 30


class Stack:
    """The managed preset in a box of its own, worked on as a person does: by the command."""

    def __init__(self, home: Path) -> None:
        self.options = ("--stack", "managed", "--embedded", "--box", str(home))
        self.home = home

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [LEANTO, *words, *self.options]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)

    def begin_up(self) -> subprocess.Popen[str]:
        """Start `up` and return once it has created a good part, while it still creates."""
        command = [LEANTO, "up", *self.options]
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        assert process.stdout is not None
        under_way, created = False, 0
        for line in process.stdout:
            under_way = under_way or line.startswith("up ...")
            created += under_way and line.startswith("  + ")
            if created >= CREATED_BEFORE_THE_CUT:
                return process
        pytest.fail(f"`up` ended with {process.wait()} after {created} resources: there was nothing to cut off")

    def engine_pids(self) -> list[int]:
        """Return the engines that work on this stack's state."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    is_ours = str(self.home).encode() in (entry / "environ").read_bytes()
                    is_engine = b"pulumi" in (entry / "cmdline").read_bytes().split(b"\0")[0]
                except OSError:
                    continue
                found += [int(entry.name)] if is_ours and is_engine else []
        return found


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    home = tmp_path / "box"
    made = Stack(home)
    yield made
    box = Box.attach(home)
    if box is not None:
        box.stop()


def finish(process: subprocess.Popen[str]) -> str:
    """Return what a run still said until it ended."""
    assert process.stdout is not None
    with process.stdout:
        rest = process.stdout.read()
    process.wait(timeout=60)
    return rest


def wait_for_engines_to_end(stack: Stack) -> None:
    deadline = time.monotonic() + 30
    while stack.engine_pids() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert stack.engine_pids() == []


def assert_goes_on(stack: Stack) -> None:
    """Up again, then no change, then destroy, and nothing is left."""
    again = stack.run("up")
    assert again.returncode == 0, again.stderr
    unchanged = stack.run("preview")
    assert "no change" in unchanged.stdout + unchanged.stderr
    destroyed = stack.run("destroy", "--yes")
    assert destroyed.returncode == 0, destroyed.stderr


def test_a_killed_command_is_gone_on_from(stack: Stack) -> None:
    process = stack.begin_up()
    os.killpg(process.pid, signal.SIGKILL)
    finish(process)
    wait_for_engines_to_end(stack)
    assert_goes_on(stack)


def ctrl_c(stack: Stack) -> None:
    process = stack.begin_up()
    os.killpg(process.pid, signal.SIGINT)
    said = finish(process)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "running it again goes on from there" in said
    wait_for_engines_to_end(stack)


def test_ctrl_c_ends_cleanly(stack: Stack) -> None:
    ctrl_c(stack)


@pytest.mark.long
def test_a_run_after_ctrl_c_goes_on(stack: Stack) -> None:
    ctrl_c(stack)
    assert_goes_on(stack)


def test_a_killed_engine_leaves_a_lock_that_is_told_with_its_remedy(stack: Stack) -> None:
    process = stack.begin_up()
    for pid in stack.engine_pids():
        os.kill(pid, signal.SIGKILL)
    said = finish(process)
    assert process.returncode not in {0, 4}, said
    assert "Traceback" not in said
    again = stack.run("up")
    assert again.returncode == 6
    assert "leanto unlock --stack managed" in again.stderr or ".pulumi/backups" in again.stderr
    assert "Traceback" not in again.stderr


def test_an_aws_that_dies_in_mid_run_is_told_readably(stack: Stack) -> None:
    process = stack.begin_up()
    box = json.loads((stack.home / "box.json").read_text())
    os.kill(box["pid"], signal.SIGKILL)
    said = finish(process)
    assert process.returncode == 1, said
    assert "does not answer" in said
    assert "Traceback" not in said
