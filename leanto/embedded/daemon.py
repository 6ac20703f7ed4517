"""The process of a box: the embedded AWS, functions with their front, instances, and the provider stand-in.

Started by `leanto.embedded.box` as `python -m leanto.embedded.daemon`. It tells its starter of each step by lines on
the file descriptor `--report-fd`, the last being `ready`, and lives until SIGTERM, SIGINT or the end of `--watch-pid`.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

from leanto.embedded import boxfile, parts
from leanto.embedded.aws.server import AwsServer, AwsServerError
from leanto.embedded.boxfile import BoxFile, BoxFileError
from leanto.embedded.processes import end_members, session_members
from leanto.embedded.watch import gone

logger = logging.getLogger("leanto.embedded.box")

STOP_SECONDS = 4.0
"""How long the parts may take to stop before what is left is killed; a caller waits 5 s in all."""
NO_INSTANCES = "no instances: this system has no loopback address but 127.0.0.1, as Linux has"


class Reporter:
    """Tells the starter of each step, if there is one."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def __call__(self, step: str) -> bool:
        """Report one step; False when the starter has gone."""
        logger.info("%s", step)
        if self._descriptor is None:
            return True
        try:
            os.write(self._descriptor, f"{step}\n".encode())
        except BrokenPipeError:
            return False
        return True

    def close(self) -> None:
        """Report nothing more."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


async def serve(home: Path, region: str, watch_pid: int | None, report: Reporter) -> None:
    """Run a box until it is told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    watchers = [] if watch_pid is None else [asyncio.create_task(_stop_with(watch_pid, stop))]
    stack = AsyncExitStack()
    try:
        content = await _start(stack, home, region, report)
        boxfile.write_sdk_config(home, region)
        boxfile.write(home, content)
        stack.callback(boxfile.remove, home)
        if not report("ready"):
            logger.warning("whoever started this box has gone before it was ready: it ends")
            stop.set()
        report.close()
        await stop.wait()
        logger.info("stopping")
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.wait_for(stack.aclose(), STOP_SECONDS)


async def _start(stack: AsyncExitStack, home: Path, region: str, report: Reporter) -> BoxFile:
    invoker = parts.Invoker(asyncio.get_running_loop())
    aws = AwsServer(on_invoke=invoker, on_invoke_stream=invoker.stream, warm_region=region)
    aws_url = aws.start()
    stack.push_async_callback(asyncio.to_thread, aws.stop)
    report(f"embedded AWS at {aws_url}")
    provider_url = await parts.start_provider(stack)
    report(f"provider stand-in at {provider_url}")
    loopback = parts.claim_addresses(stack)
    front_url = await parts.start_functions(stack, aws, invoker, loopback, home / "functions", region)
    report(f"functions and API front at {front_url}")
    parts.start_instances(stack, aws, loopback, home / "instances", region)
    report(f"instances at 127.{loopback.number}.0.0/16" if loopback else NO_INSTANCES)
    return BoxFile(
        pid=os.getpid(),
        aws_url=aws_url,
        front_url=front_url,
        provider_url=provider_url,
        account_id=aws.account_id,
        region=region,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )


async def _stop_with(pid: int, stop: asyncio.Event) -> None:
    await gone(pid)
    logger.info("process %d has ended", pid)
    stop.set()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a box; returns 0 after an orderly stop, 1 when it cannot start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--watch-pid", type=int)
    parser.add_argument("--report-fd", type=int)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    _forget_moto_settings()
    try:
        lock = boxfile.hold(options.home)
        report = Reporter(options.report_fd)
        report(f"box process {os.getpid()}, lock {lock.name}")
        asyncio.run(serve(options.home, options.region, options.watch_pid, report))
    except (AwsServerError, BoxFileError) as error:
        logger.error("%s", error)  # noqa: TRY400 - the text says it all
        return 1
    except TimeoutError:
        logger.warning("the parts of the box did not stop within %.0f s and are ended", STOP_SECONDS)
    return 0


def _forget_moto_settings() -> None:
    """A `MOTO_...` variable of the user's would change what the box is: its account, its regions, its port."""
    for name in [name for name in os.environ if name.startswith("MOTO_")]:
        del os.environ[name]


if __name__ == "__main__":
    with suppress(PermissionError):  # a session leader already, when a person starts it by hand
        os.setsid()
    status = main()
    end_members(session_members(os.getpid()))
    logging.shutdown()
    os._exit(status)  # threads that still serve a kept connection or run a function must not hold the box back
