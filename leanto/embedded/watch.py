"""Waits for the end of a process that is not a child."""

import asyncio
import os
from contextlib import suppress

POLL_SECONDS = 0.3


async def gone(pid: int) -> None:
    """Return once the process has ended, at once when there is none."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    except (AttributeError, OSError):  # no Linux, or a kernel without it
        await _poll(pid)
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


async def _poll(pid: int) -> None:
    with suppress(ProcessLookupError):
        while True:
            os.kill(pid, 0)
            await asyncio.sleep(POLL_SECONDS)
