"""An emulated group whose instances run on this machine, in the process of the tests."""

import base64
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest

from leanto.embedded.aws import AwsServer
from leanto.embedded.instances.addresses import Loopback
from leanto.embedded.instances.host import InstanceHost
from leanto.embedded.instances.instance import BoxInstance
from tests.runtime.background_loop import BackgroundLoop

REGION = "eu-west-1"
GROUP = "pool"
SECONDS = 30.0


def wait_for(check: Callable[[], Any], what: str, seconds: float = SECONDS) -> Any:
    """Return what `check` returns once it is true."""
    end = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < end, f"{what} did not come within {seconds} s"
        time.sleep(0.02)
    return found


@dataclass
class Cloud:
    """An account with instances; `user_data` becomes the boot script of the group."""

    aws: AwsServer
    host: InstanceHost
    folder: Path
    loopback: Loopback
    clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self.clients:
            session = boto3.Session("box", "box", region_name=REGION)
            self.clients[service] = session.client(service, endpoint_url=self.aws.url)
        return self.clients[service]

    def group(self, user_data: str, *, instance_type: str = "g6.xlarge", behaviour: str = "terminate") -> None:
        """Make a group at zero nodes, with a network of its own as a stack's pool has it."""
        ec2 = self.client("ec2")
        data = {
            "ImageId": "ami-0123456789abcdef0",
            "UserData": base64.b64encode(user_data.encode()).decode(),
            "InstanceInitiatedShutdownBehavior": behaviour,
        }
        template = ec2.create_launch_template(LaunchTemplateName=GROUP, LaunchTemplateData=data)["LaunchTemplate"]
        vpc = ec2.create_vpc(CidrBlock="10.42.0.0/20")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.42.0.0/24")["Subnet"]["SubnetId"]
        named = {"LaunchTemplateId": template["LaunchTemplateId"], "Version": "1"}
        overrides = [{"InstanceType": instance_type}]
        scaling = self.client("autoscaling")
        scaling.create_auto_scaling_group(
            AutoScalingGroupName=GROUP,
            MinSize=0,
            MaxSize=3,
            VPCZoneIdentifier=subnet,
            MixedInstancesPolicy={"LaunchTemplate": {"LaunchTemplateSpecification": named, "Overrides": overrides}},
        )
        scaling.suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["ReplaceUnhealthy"])

    def desire(self, count: int) -> None:
        self.client("autoscaling").set_desired_capacity(AutoScalingGroupName=GROUP, DesiredCapacity=count)

    def instances(self, count: int = 1) -> list[BoxInstance]:
        """Return the instances once there are so many."""
        wait_for(lambda: len(self.host.instances) == count, f"{count} instances")
        return list(self.host.instances.values())

    def state(self, instance: BoxInstance) -> str:
        found = self.client("ec2").describe_instances(InstanceIds=[instance.given.id])
        return str(found["Reservations"][0]["Instances"][0]["State"]["Name"])

    def log(self, instance: BoxInstance, name: str = "cloud-init-output") -> str:
        path = self.folder / instance.given.id / "log" / f"{name}.log"
        return path.read_text("utf-8") if path.exists() else ""

    def root(self, instance: BoxInstance) -> Path:
        return self.folder / instance.given.id / "root"

    def says(self, instance: BoxInstance, text: str, name: str = "cloud-init-output") -> None:
        """Wait until a log has a text."""
        wait_for(lambda: text in self.log(instance, name), f"{text!r} in {name}")


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    loopback = Loopback.claim()
    if loopback is None:
        pytest.skip("this system has no loopback address but 127.0.0.1: instances run on Linux")
    background = BackgroundLoop()
    with AwsServer() as aws:
        host = InstanceHost(aws, REGION, loopback, tmp_path)
        made = Cloud(aws, host, tmp_path, loopback)
        background.loop.call_soon_threadsafe(host.start)
        yield made
        background.run(host.close())
        for client in made.clients.values():
            client.close()
    background.close()
    loopback.close()
