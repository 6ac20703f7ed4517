"""What the emulated group starts runs, as EC2 and systemd would run it, and ends when the group loses it."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.embedded.instances.conftest import GROUP, REGION, Cloud, wait_for

HELLO = """#!/bin/bash
printf '%s\\n' root=$LEANTO_ROOT listen=$LEANTO_LISTEN home=$HOME user=${SUDO_USER:-none}
metadata=$AWS_EC2_METADATA_SERVICE_ENDPOINT/latest
token=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token")
for name in instance-id instance-type local-ipv4 placement/availability-zone instance-life-cycle; do
  echo "$name=$(curl -sf -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/$name")"
done
echo "gpu=$(nvidia-smi --query-gpu=name,memory.total --format=csv,noheader,nounits)"
aws --region eu-west-1 sts get-caller-identity --query Account --output text | sed 's/^/account=/'
python3 -c 'import aiohttp' 2>&1 | tail -n 1
echo done
"""
SERVICE = """#!/bin/bash
mkdir -p "$LEANTO_ROOT/run/given"; echo secret >"$LEANTO_ROOT/run/given/key"
unit() { cat >"$LEANTO_ROOT/etc/systemd/system/$1"; }
unit worker.service <<END
[Unit]
OnFailure=told.service
StartLimitIntervalSec=60
StartLimitBurst=3
[Service]
Environment=GREETING=hello
LoadCredential=key:$LEANTO_ROOT/run/given/key
ExecStart=/bin/sh -c 'echo \\${GREETING} started; test -s %d/key && touch $LEANTO_ROOT/run/up; exec sleep 600'
Restart=always
RestartSec=50ms
TimeoutStopSec=5
END
unit told.service <<END
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo \\$\\$MONITOR_UNIT failed: \\$\\$MONITOR_SERVICE_RESULT'
END
unit again.path <<END
[Path]
PathModified=$LEANTO_ROOT/run/again
END
unit again.service <<END
[Service]
Type=oneshot
ExecStart=systemctl restart worker.service
END
systemctl daemon-reload
systemctl enable --now worker.service again.path
systemctl is-active worker.service
systemctl start nothing.service || echo "no such unit: $?"
systemctl isolate rescue.target || echo "not played: $?"
echo done
"""
SHUTDOWN = """#!/bin/bash
trap 'echo told to end' TERM
shutdown -h now
sleep 600 & wait; wait
"""
STUBBORN = """#!/bin/bash
trap '' TERM
setsid sleep 601 &
echo "pid=$$"
echo "away=$!"
while :; do sleep 1; done
"""


def lines(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def test_user_data_runs_with_what_an_instance_has_and_nothing_of_this_machine(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "somebody")
    cloud.group(HELLO)
    cloud.desire(1)
    (instance,) = cloud.instances()
    cloud.says(instance, "done")
    told = lines(cloud.log(instance))
    root = str(cloud.root(instance))
    assert (told["root"], told["home"]) == (root, f"{root}/root")
    assert told["user"] == "none"
    assert told["listen"] == told["local-ipv4"] == cloud.loopback.address(instance.given.address)
    assert (told["instance-id"], told["instance-type"]) == (instance.given.id, "g6.xlarge")
    assert told["placement/availability-zone"].startswith(REGION)
    assert told["instance-life-cycle"] == "on-demand"
    assert told["gpu"] == "NVIDIA L4, 23034"
    assert told["account"] == cloud.aws.account_id
    assert "No module named 'aiohttp'" in cloud.log(instance), "Python has what the bundle brings, and nothing else"
    assert instance.metadata.refused == 0


def test_units_are_run_restarted_and_given_up_as_systemd_does(cloud: Cloud) -> None:
    cloud.group(SERVICE)
    cloud.desire(1)
    (instance,) = cloud.instances()
    cloud.says(instance, "done")
    assert cloud.log(instance).splitlines() == [
        "active",
        "Unit nothing.service not found.",
        "no such unit: 5",
        "systemctl: the box does not play 'isolate'",
        "not played: 1",
        "done",
    ]
    up = cloud.root(instance) / "run" / "up"
    wait_for(up.exists, "the credential's reader")
    starts = lambda: cloud.log(instance, "worker.service").count("hello started")  # noqa: E731
    (cloud.root(instance) / "run" / "again").touch()
    wait_for(lambda: starts() == 2, "the restart by a path unit")
    assert instance.systemd is not None
    for expected in (3, 3):
        worker = instance.systemd._services["worker.service"]
        wait_for(lambda one=worker: one.pid, "the worker")
        os.kill(worker.pid, signal.SIGKILL)
        wait_for(lambda count=expected: starts() == count, f"start {expected}")
        wait_for(lambda one=worker: one.state in {"active", "failed"}, "the worker's rest")
    cloud.says(instance, "worker.service failed: start-limit-hit", "told.service")
    assert instance.systemd.state("worker.service") == "failed"


def test_a_shutdown_from_inside_terminates_the_instance_and_the_group_counts_it_as_unhealthy(cloud: Cloud) -> None:
    cloud.group(SHUTDOWN)
    cloud.desire(1)
    (instance,) = cloud.instances()
    cloud.instances(0)
    assert cloud.state(instance) == "terminated"
    cloud.says(instance, "told to end")
    wait_for(lambda: not cloud.root(instance).exists(), "the end of the machine's files")
    groups = cloud.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])
    (listed,) = groups["AutoScalingGroups"][0]["Instances"]
    assert (listed["InstanceId"], listed["HealthStatus"]) == (instance.given.id, "Unhealthy")


def test_a_template_that_stops_instances_has_them_stopped(cloud: Cloud) -> None:
    cloud.group(SHUTDOWN, behaviour="stop")
    cloud.desire(1)
    (instance,) = cloud.instances()
    cloud.instances(0)
    assert cloud.state(instance) == "stopped"


def test_two_instances_at_once_have_their_own_addresses_and_the_group_takes_them_away(cloud: Cloud) -> None:
    cloud.group(SERVICE)
    cloud.desire(2)
    first, second = cloud.instances(2)
    for one in (first, second):
        cloud.says(one, "done")
    assert first.address != second.address
    assert first.metadata.url != second.metadata.url
    cloud.client("autoscaling").terminate_instance_in_auto_scaling_group(
        InstanceId=first.given.id, ShouldDecrementDesiredCapacity=True
    )
    (left,) = cloud.instances(1)
    assert left is second
    assert second.systemd is not None
    assert second.systemd.state("worker.service") == "active"
    cloud.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=GROUP, MinSize=0, MaxSize=0, DesiredCapacity=0
    )
    cloud.instances(0)
    wait_for(lambda: not cloud.root(second).exists(), "the end of the machine's files")


def test_what_does_not_end_by_itself_is_killed(cloud: Cloud) -> None:
    cloud.host._end_seconds = 0.3
    cloud.group(STUBBORN)
    cloud.desire(1)
    (instance,) = cloud.instances()
    cloud.says(instance, "away=")
    told = lines(cloud.log(instance))
    processes = [Path(f"/proc/{told[name]}") for name in ("pid", "away")]
    began = time.monotonic()
    cloud.desire(0)
    wait_for(lambda: not processes[0].exists(), "the end of what ignores SIGTERM")
    wait_for(lambda: not processes[1].exists(), "the end of what has a session of its own")
    assert time.monotonic() - began >= 0.3


def test_an_unknown_type_has_no_gpu(cloud: Cloud) -> None:
    cloud.group('#!/bin/bash\nnvidia-smi || echo "status $?"\n', instance_type="m7i.large")
    cloud.desire(1)
    (instance,) = cloud.instances()
    cloud.says(instance, "status 6")
    assert "No devices were found" in cloud.log(instance)
