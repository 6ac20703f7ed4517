"""Claims about the demo: it shows a streamed answer and its price, and leaves nothing, whether it ends or is ended."""

import os
import platform
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.running import ROOT

pytestmark = pytest.mark.engine


def start(tmp_path: Path) -> subprocess.Popen[str]:
    """Start a demo whose temporary files all lie in `tmp_path`."""
    command = [sys.executable, "-m", "leanto", "demo", "--provider", "stand-in"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def processes_in(folder: Path) -> list[str]:
    """Return the command lines of the processes that were started for a demo in `folder`."""
    listed = subprocess.run(["ps", "-eo", "args="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line]


def test_the_demo_tells_the_whole_story(tmp_path: Path) -> None:
    with start(tmp_path) as demo:
        out, err = demo.communicate(timeout=280)
    assert demo.returncode == 0, err[-3000:]
    assert out.startswith("[simulated]")
    for told in ("Idle month", "Component", "nothing is left in any service", "the demo took"):
        assert told in err
    if platform.system() == "Linux":
        parts = re.findall(r"^  i-[0-9a-f]+: (\w+) [\d.]+ s$", err, re.MULTILINE)
        assert [part for part in parts if part != "system"] == [
            *("facts", "checks", "disk", "artefacts", "units", "engine_start", "first_token")
        ]
        answers = re.findall(r"answered by ([\w./-]+)", err)
        assert answers == ["openai/gpt-6-luna", "local/tiny-random", "openai/gpt-6-luna"]
        assert "the group is back at zero nodes" in err
    assert list(tmp_path.iterdir()) == []
    assert processes_in(tmp_path) == []


def test_an_interrupted_demo_leaves_nothing(tmp_path: Path) -> None:
    with start(tmp_path) as demo:
        assert demo.stderr is not None
        for line in demo.stderr:
            if line.startswith("up ..."):
                break
        time.sleep(3)  # the program is loaded by then, and resources are being created
        demo.send_signal(signal.SIGINT)
        _, err = demo.communicate(timeout=60)
    assert demo.returncode == 130
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
    assert processes_in(tmp_path) == []
