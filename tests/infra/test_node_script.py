"""The node's script, run for real with stand-ins for the commands of a node: it always ends in a shutdown."""

import base64
import os
import subprocess
from pathlib import Path

import pytest

from infra.rendering import render
from tests.infra.claims.stack import Stack
from tests.infra.synthesised import stack_of, synthesised

USER_DATA_MAXIMUM_BYTES = 16384
COMMANDS = ("aws", "curl", "shutdown", "tee", "timeout")
STUB = """#!/bin/bash
echo "{name} $*" >> "$CALLS"
{behaviour}
"""


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """Return a folder of stand-ins that note how they were called."""
    for name in COMMANDS:
        behaviour = {"curl": "echo answer", "timeout": 'shift; exec "$@"', "aws": "cat > /dev/null"}.get(name, "")
        stub(tmp_path, name, behaviour)
    return tmp_path


def stub(folder: Path, name: str, behaviour: str) -> None:
    path = folder / name
    path.write_text(STUB.format(name=name, behaviour=behaviour))
    path.chmod(0o755)


def run(node: Path, script: str) -> list[str]:
    """Run a script with the stand-ins before all else; return the calls it made."""
    path = node / "user-data"
    path.write_text(script)
    env = {"PATH": f"{node}:{os.environ['PATH']}", "CALLS": str(node / "calls")}
    subprocess.run(["bash", path], env=env, check=False, capture_output=True, timeout=30)
    return (node / "calls").read_text().splitlines()


def script() -> str:
    return render(
        "node/user-data.sh.j2", stack="s", region="eu-central-1", bucket="the-bucket", prefix="boot/", group="the-group"
    )


def test_a_node_leaves_its_reason_and_shuts_down(node: Path) -> None:
    calls = run(node, script())
    assert calls[-1] == "shutdown -h now"
    assert "aws s3 cp - s3://the-bucket/boot/answer.txt" in calls


def test_metadata_is_asked_with_a_token_only(node: Path) -> None:
    """The launch template refuses requests without one."""
    asked = [call for call in run(node, script()) if call.startswith("curl")]
    assert "-X PUT" in asked[0]
    assert all("X-aws-ec2-metadata-token: answer" in call for call in asked[1:])


@pytest.mark.parametrize("broken", ["aws", "curl", "tee", "timeout"])
def test_a_node_shuts_down_though_a_command_fails(node: Path, broken: str) -> None:
    stub(node, broken, "exit 1")
    assert run(node, script())[-1] == "shutdown -h now"


def test_a_node_shuts_down_though_the_script_ends_early(node: Path) -> None:
    """An unset variable ends a script under `set -u`; the trap is what is left then."""
    spoilt = script().replace("\nleave ", '\necho "${NOBODY_SETS_THIS}"\nleave ', 1)
    assert run(node, spoilt)[-1] == "shutdown -h now"


def test_the_script_fits_into_user_data() -> None:
    stack: Stack = stack_of(synthesised("hybrid"), "dev")
    data = base64.b64decode(stack.one("ec2/launchTemplate").get("userData"))
    assert data.startswith(b"#!/bin/bash\n")
    assert len(data) < USER_DATA_MAXIMUM_BYTES
