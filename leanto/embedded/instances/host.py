"""The instances of a box: what the emulated EC2 starts is started here, and what it ends is ended."""

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import Protocol

from leanto.embedded.aws.instances import RunningInstance
from leanto.embedded.functions.watch import GroupWatch
from leanto.embedded.instances.addresses import Loopback
from leanto.embedded.instances.instance import AddressError, BoxInstance, Host
from leanto.embedded.plugin.clients import ClientCache

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
END_SECONDS = 10.0
"""How long processes of an instance that is taken away have from being told to end to being made to."""


class EmulatedInstances(Protocol):
    """Where the host finds the embedded AWS and its instances."""

    @property
    def url(self) -> str:
        """Where the embedded AWS listens."""
        ...

    def running_instances(self, region: str) -> tuple[RunningInstance, ...]:
        """Return the running instances of a region that have user data."""
        ...


class InstanceHost:
    """Runs the instances of one region. All methods belong to one event loop."""

    def __init__(
        self,
        aws: EmulatedInstances,
        region: str,
        loopback: Loopback | None,
        folder: Path,
        *,
        end_seconds: float = END_SECONDS,
    ) -> None:
        self.instances: dict[str, BoxInstance] = {}
        self._end_seconds = end_seconds
        self._aws, self._region, self._loopback, self._folder = aws, region, loopback, folder
        self._clients = ClientCache(aws.url)
        self._watch: GroupWatch | None = None
        self._look: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Follow the emulated EC2 from now on."""
        self._look = asyncio.ensure_future(self._follow())

    async def close(self) -> None:
        """End every instance at once."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.wait({self._look})
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))
        await asyncio.gather(*(one.end(0.0) for one in self.instances.values()))
        self.instances.clear()
        if self._watch is not None:
            await self._watch.close()

    async def _follow(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                found = await asyncio.to_thread(self._aws.running_instances, self._region)
            except Exception:
                logger.exception("the instances could not be looked at")
                continue
            running = {one.id: one for one in found}
            for instance_id in self.instances.keys() - running.keys():
                self._spawn(self._end(self.instances.pop(instance_id)))
            for instance_id in running.keys() - self.instances.keys():
                await self._begin(running[instance_id])

    async def _begin(self, given: RunningInstance) -> None:
        if self._watch is None:
            self._watch = GroupWatch()
            await self._watch.start()
        address = self._loopback.address(given.address) if self._loopback is not None else given.address
        host = Host(self._aws.url, self._watch, self._shutdown)
        instance = BoxInstance(given, address, self._folder / given.id, host)
        self.instances[given.id] = instance
        logger.info("the instance %s (%s) starts at %s", given.id, given.type, address)
        self._spawn(self._start(instance))

    async def _start(self, instance: BoxInstance) -> None:
        try:
            await instance.start()
        except (AddressError, OSError) as error:
            logger.error("the instance %s cannot run and is terminated: %s", instance.given.id, error)  # noqa: TRY400
            await self._shutdown(instance.given)

    async def _end(self, instance: BoxInstance) -> None:
        await instance.end(self._end_seconds)
        logger.info("the instance %s has ended", instance.given.id)

    async def _shutdown(self, given: RunningInstance) -> None:
        """Tell EC2 that an instance has shut itself down: by its launch template that ends it."""
        await asyncio.to_thread(self._tell_ec2, given)

    def _tell_ec2(self, given: RunningInstance) -> None:
        client = self._clients.get("ec2", given.region)
        if given.ends_with_shutdown:
            client.terminate_instances(InstanceIds=[given.id])
        else:
            client.stop_instances(InstanceIds=[given.id])

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
