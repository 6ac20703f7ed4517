"""The units as a boot writes them: systemd takes them, they are confined, and none is started again for ever."""

import shlex
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from runtime.node.__main__ import GAVE_UP, WRONG_CONFIGURATION
from runtime.node.configuration import load_configuration
from tests.infra.node.machine import Machine

EXPOSURE = {"leanto-engine.service": 15, "leanto-agent.service": 15}
"""What `systemd-analyze security` may say, times ten; the others change the machine, which is what they are for."""
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze on this machine")
BOTH = pytest.mark.parametrize("fixture", ["booted", "booted_with_vllm"])


def folder(machine: Machine) -> Path:
    return machine.root / "etc/systemd/system"


def settings(machine: Machine, name: str) -> dict[str, list[str]]:
    """Return the settings of a unit, by key."""
    found: dict[str, list[str]] = {}
    for line in machine.unit(name).splitlines():
        key, separator, value = line.partition("=")
        if separator:
            found.setdefault(key, []).append(value)
    return found


def verified(*units: Path) -> str:
    """Return what systemd has to say of units. A directive that it does not know is a word on stderr only."""
    words = ["systemd-analyze", "verify", "--man=no", *map(str, units)]
    done = subprocess.run(words, capture_output=True, check=False, text=True)
    return done.stdout + done.stderr + ("" if done.returncode == 0 else f"status {done.returncode}")


@needs_systemd
@BOTH
def test_systemd_has_nothing_to_say_of_the_units(request: pytest.FixtureRequest, fixture: str) -> None:
    assert verified(*sorted(folder(request.getfixturevalue(fixture)).iterdir())) == ""


@needs_systemd
def test_a_mistyped_directive_would_be_seen(booted: Machine, tmp_path: Path) -> None:
    for unit in folder(booted).iterdir():
        (tmp_path / unit.name).write_text(unit.read_text().replace("ProtectSystem=", "ProtectSytem="))
    assert "ProtectSytem" in verified(*sorted(tmp_path.iterdir()))


@needs_systemd
@pytest.mark.parametrize("name", EXPOSURE)
@BOTH
def test_a_unit_is_confined(request: pytest.FixtureRequest, fixture: str, name: str) -> None:
    unit = folder(request.getfixturevalue(fixture)) / name
    words = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={EXPOSURE[name]}", str(unit)]
    done = subprocess.run(words, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout[-200:]


def test_engine_and_agent_take_the_node_away_when_they_end_for_good(booted: Machine) -> None:
    for name in ("leanto-engine.service", "leanto-agent.service"):
        found = settings(booted, name)
        assert found["OnFailure"] == ["leanto-leave.service"]
        assert (found["StartLimitIntervalSec"], int(found["StartLimitBurst"][0]) <= 5) == (["600"], True)
    assert settings(booted, "leanto-leave.service")["FailureAction"] == ["poweroff"]
    assert settings(booted, "leanto-leave.service")["ExecStart"] == [f"/bin/bash {booted.root}/opt/leanto/boot leave"]


def test_an_agent_that_gave_up_is_not_started_again(booted: Machine) -> None:
    kept = settings(booted, "leanto-agent.service")["RestartPreventExitStatus"][0].split()
    assert kept == [str(WRONG_CONFIGURATION), str(GAVE_UP)]


def test_requests_may_end_before_the_engine_is_stopped(booted: Machine) -> None:
    agent = settings(booted, "leanto-agent.service")
    assert agent["After"] == ["leanto-engine.service"]
    assert int(agent["TimeoutStopSec"][0]) > booted.values.drain_seconds


def test_the_agents_wish_for_another_engine_is_heard(booted: Machine) -> None:
    wish = load_configuration(booted.root / "run/leanto/agent.json").engine_restart_file
    assert settings(booted, "leanto-engine-restart.path")["PathModified"] == [str(wish)]
    assert settings(booted, "leanto-agent.service")["RuntimeDirectory"] == [wish.parent.name]
    assert settings(booted, "leanto-engine-restart.service")["ExecStart"][0].endswith("restart leanto-engine.service")


@BOTH
def test_the_engine_reaches_loopback_and_nothing_else(request: pytest.FixtureRequest, fixture: str) -> None:
    """So not the metadata service, and with it not the node's role."""
    machine: Machine = request.getfixturevalue(fixture)
    rules = settings(machine, "leanto.slice")
    assert (rules["IPAddressDeny"], rules["IPAddressAllow"]) == (["any"], ["localhost"])
    assert settings(machine, "leanto-engine.service")["Slice"] == ["leanto.slice"]
    assert "--cgroup-parent leanto.slice" in machine.unit("leanto-engine.service")


@BOTH
def test_the_container_can_change_and_become_nothing(request: pytest.FixtureRequest, fixture: str) -> None:
    words = shlex.split(settings(request.getfixturevalue(fixture), "leanto-engine.service")["ExecStart"][0])
    options = dict(pairwise(words))
    assert {"--read-only", "--rm", "--no-healthcheck"} <= set(words)
    assert (options["--cap-drop"], options["--security-opt"]) == ("ALL", "no-new-privileges")
    assert options["--user"] == "10001:10001"
    assert options["--log-driver"] == "none"
    assert options["--memory"] == options["--memory-swap"]
    assert int(options["--pids-limit"]) <= 4096
    mounts = [after for word, after in pairwise(words) if word == "--mount"]
    assert [mount for mount in mounts if not mount.endswith(",readonly")] == []
    targets = {part for mount in mounts for part in mount.split(",") if part.startswith("target=")}
    assert targets <= {"target=/models", "target=/run/engine-key"}
    assert not {"--privileged", "--publish", "-p", "--pid", "--device", "--volume", "-v"} & set(words)


def test_a_restart_of_the_machine_boots_it_again(booted: Machine) -> None:
    found = settings(booted, "leanto-boot.service")
    assert found["ExecStart"] == [f"/bin/bash {booted.root}/opt/leanto/boot"]
    assert found["OnFailure"] == ["leanto-leave.service"]
    assert ["systemctl", "enable", "leanto-boot.service"] in booted.calls
