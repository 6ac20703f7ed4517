"""One instance of the emulated group: its metadata service, its stand-ins, and the boot script that it was given."""

import asyncio
import logging
import os
import shutil
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from catalog.tables import catalogue
from leanto.embedded.aws.instances import RunningInstance
from leanto.embedded.functions.watch import GroupWatch
from leanto.embedded.instances.containers import Docker
from leanto.embedded.instances.control import DOCKER, JOURNALCTL, SYSTEMCTL, Control
from leanto.embedded.instances.launching import Launcher, Running
from leanto.embedded.instances.machine import Machine
from leanto.embedded.instances.metadata import InstanceFacts, MetadataService
from leanto.embedded.instances.reply import Reply
from leanto.embedded.instances.service import Surroundings
from leanto.embedded.instances.systemd import Systemd
from leanto.embedded.processes import end_marked

logger = logging.getLogger(__name__)

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
FOLDERS = ("dev", "etc/systemd/system", "mnt", "opt", "root", "run", "tmp", "var/lib", "var/log")
SCRIPT = "var/lib/cloud/instance/scripts/part-001"
"""Where cloud-init puts user data that is a program."""
PROGRAMS = "bin"
OUTPUT = "cloud-init-output.log"
JOURNAL_LINES = 200


class AddressError(Exception):
    """The instance's address is not to be had on this machine."""


@dataclass(frozen=True)
class Host:
    """What instances share: where AWS is, who watches over their processes, and how one of them is taken away."""

    aws_url: str
    watch: GroupWatch
    shutdown: Callable[[RunningInstance], Awaitable[None]]


class BoxInstance:
    """An instance. `address` is its own loopback address; the folder holds its root and its logs."""

    def __init__(self, given: RunningInstance, address: str, folder: Path, host: Host) -> None:
        self.given, self.address = given, address
        self._host = host
        self._folder, self._root, self._logs = folder, folder / "root", folder / "log"
        facts = InstanceFacts(given.id, given.type, given.zone, address, given.market)
        self.metadata = MetadataService(facts)
        self._launcher = Launcher(host.watch)
        self._control = Control(self._answer)
        self._machine = Machine(catalogue().instances.get(given.type), self._shutdown)
        self._docker = Docker()
        self.systemd: Systemd | None = None
        self._boot: Running | None = None

    async def start(self) -> None:
        """Make the machine and run its boot script; raises AddressError."""
        check_address(self.address)
        for name in FOLDERS:
            (self._root / name).mkdir(parents=True, exist_ok=True)
        programs = self._folder / PROGRAMS
        for folder in (programs, self._logs):
            folder.mkdir(parents=True, exist_ok=True)
        await self.metadata.start()
        await self._control.start(programs)
        variables = {"PATH": f"{programs}:{SYSTEM_PATH}", "LANG": "C.UTF-8", "LEANTO_BOX": self._host.aws_url}
        around = Surroundings(self._root, self._logs, variables, self._launcher)
        self.systemd = Systemd(around, self._shutdown)
        await self._run_user_data(variables | self._seams())

    async def end(self, seconds: float) -> None:
        """Take the machine away as EC2 does: its processes are told to end, and later made to. Its logs stay."""
        if self.systemd is not None:
            await self.systemd.close()
        await self._launcher.close(seconds)
        await self._control.close()
        await self.metadata.close()
        # Also what has made itself a session of its own.
        await asyncio.to_thread(end_marked, f"{self._folder / PROGRAMS}:")
        await asyncio.to_thread(self._keep_logs)

    def _seams(self) -> dict[str, str]:
        """What a boot script finds otherwise than on EC2, and hands to its units."""
        return {
            "HOME": str(self._root / "root"),
            "LEANTO_ROOT": str(self._root),
            "LEANTO_LISTEN": self.address,
            "LEANTO_LOOPBACK": self.address,
            "AWS_ENDPOINT_URL": self._host.aws_url,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata.url,
        }

    async def _run_user_data(self, variables: dict[str, str]) -> None:
        if not self.given.user_data.startswith("#!"):
            logger.warning("the user data of %s is no program, and the box plays nothing else", self.given.id)
            return
        script = self._root / SCRIPT
        script.parent.mkdir(parents=True)
        script.write_text(self.given.user_data, encoding="utf-8")
        script.chmod(0o700)
        self._boot = await self._launcher.start([str(script)], variables, self._logs / OUTPUT, self._root)

    async def _answer(self, name: str, argv: list[str], pid: int) -> Reply:
        """Answer a stand-in."""
        if self.systemd is None:
            return Reply(stderr=f"{name}: the instance is starting", status=1)
        if name == SYSTEMCTL:
            return await self.systemd.systemctl(argv)
        if name == DOCKER:
            return await self._docker.command(argv, pid)
        return self._journal(argv) if name == JOURNALCTL else await self._machine.command(name, argv)

    def _journal(self, argv: Sequence[str]) -> Reply:
        """Return the last lines of the units that `--unit` names."""
        units = [value for flag, value in pairwise(argv) if flag in {"-u", "--unit"}]
        lines: list[str] = []
        for unit in units:
            with suppress(OSError):
                lines += (self._logs / f"{unit}.log").read_text("utf-8", "replace").splitlines()
        return Reply("\n".join(lines[-JOURNAL_LINES:]))

    async def _shutdown(self) -> None:
        await self._host.shutdown(self.given)

    def _keep_logs(self) -> None:
        """Remove the machine's files but for its logs, which outlive an instance nowhere else."""
        for log in (self._root / "var/log").glob("*.log"):
            shutil.copy2(log, self._logs / log.name)
        shutil.rmtree(self._root, ignore_errors=True)


def check_address(address: str) -> None:
    """Raise AddressError when this system has no such address to listen at."""
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError as error:
            raise AddressError(f"this system has no address {address} ({os.strerror(error.errno or 0)})") from None
