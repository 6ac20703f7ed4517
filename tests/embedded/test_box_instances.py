"""What an emulated instance runs ends with the box, however that ends."""

import os
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from leanto.embedded import boxfile
from leanto.embedded.box import Box
from leanto.embedded.instances.addresses import Loopback
from leanto.embedded.processes import session_members
from tests.embedded.instances.conftest import REGION, Cloud, wait_for

BOOT = """#!/bin/bash
printf '%s\\n' '[Service]' 'ExecStart=/bin/sh -c "trap : TERM; while :; do sleep 1; done"' Restart=always \
  >"$LEANTO_ROOT/etc/systemd/system/stubborn.service"
systemctl start stubborn.service
sleep 602 &
echo "$(systemctl show -p MainPID --value stubborn.service) $! $$" >"$LEANTO_ROOT/run/pids"
trap '' TERM
while :; do sleep 1; done
"""


def exists(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("way", [pytest.param("stop", marks=pytest.mark.long), "SIGKILL"])
def test_processes_of_instances_end_with_the_box(tmp_path: Path, way: str) -> None:
    loopback = Loopback.claim()
    if loopback is None:
        pytest.skip("this system has no loopback address but 127.0.0.1: instances run on Linux")
    loopback.close()
    box = Box.start(tmp_path, region=REGION)
    try:
        found: Any = SimpleNamespace(url=box.aws_url)
        cloud = Cloud(found, found, tmp_path, loopback)
        cloud.group(BOOT)
        cloud.desire(1)
        (told,) = wait_for(lambda: list(tmp_path.glob("instances/*/root/run/pids")), "the instance's processes")
        pids = [int(word) for word in wait_for(told.read_text, "their numbers").split()]
        assert len(pids) == 3
        assert all(exists(pid) for pid in pids)
        if way == "stop":
            box.stop()
        else:
            os.kill(box.pid, signal.SIGKILL)
            wait_for(lambda: not boxfile.is_alive(tmp_path), "the end of the box")
        wait_for(lambda: not any(map(exists, pids)), "the end of the instance's processes")
        wait_for(lambda: session_members(box.pid) == (), "the end of the box's session")
        for client in cloud.clients.values():
            client.close()
    finally:
        box.stop()
