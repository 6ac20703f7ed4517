"""One service as systemd runs it: its commands, its restarts with their limit, and what happens when it fails."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from leanto.embedded.instances.launching import EXEC_FAILED, Launcher, Running
from leanto.embedded.instances.restarts import SECTION, StartLimit, is_clean, is_restarted, result
from leanto.embedded.instances.units import Command, Unit, UnitError, assignments, command, environment_file, specified

DEFAULT_STOP_SECONDS, DEFAULT_RESTART_SECONDS = 90.0, 0.1


@dataclass(frozen=True)
class Surroundings:
    """What every service of an instance shares."""

    root: Path
    logs: Path
    variables: Mapping[str, str]
    launcher: Launcher


OnFailure = Callable[[Unit, Mapping[str, str]], Awaitable[None]]
"""Starts the units that a failed one names, with what they are told of it."""


class Service:
    """A service; `state` and `result` are systemd's ActiveState and Result, `extra` are variables of one start."""

    def __init__(self, unit: Unit, around: Surroundings, on_failure: OnFailure) -> None:
        self.unit = unit
        self.state, self.result = "inactive", "success"
        self.restarts, self.exit_status = 0, 0
        self._around = around
        self._on_failure = on_failure
        self._main: Running | None = None
        self._task: asyncio.Task[None] | None = None
        self._limit = StartLimit()
        self._stopping = False
        self._extra: Mapping[str, str] = {}

    @property
    def log(self) -> Path:
        """Where its output goes; stands for its part of the journal."""
        return self._around.logs / f"{self.unit.name}.log"

    @property
    def pid(self) -> int:
        """The main process, 0 when there is none."""
        return self._main.pid if self._main is not None else 0

    async def start(self, unit: Unit, extra: Mapping[str, str]) -> bool:
        """Start it as its unit says by now; returns whether it has started, at once where it runs already."""
        if self.state in {"active", "activating"}:
            return True
        await self.stop()
        self.unit, self._extra, self._stopping, self.result = unit, extra, False, "success"
        started = asyncio.Event()
        self._task = asyncio.ensure_future(self._live(started))
        waiting = asyncio.ensure_future(started.wait())
        await asyncio.wait({self._task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        return self.result == "success"

    async def stop(self) -> None:
        """Stop it and wait until it has; no error when it does not run."""
        self._stopping = True
        if self._main is not None:
            self.state = "deactivating"
            seconds = self.unit.seconds(SECTION, "TimeoutStopSec", DEFAULT_STOP_SECONDS)
            await self._run_all("ExecStop")
            if self._main is not None:
                number = signal.Signals[self.unit.one(SECTION, "KillSignal", "SIGTERM")]
                whole = self.unit.one(SECTION, "KillMode", "control-group") == "control-group"
                await self._main.end(seconds, number=number, whole=whole)
        if self._task is not None and self._task is not asyncio.current_task():
            if self._main is None and not self._task.done():
                self._task.cancel()  # it waits for its next restart
            await asyncio.wait({self._task})
        self.state = "failed" if self.state == "failed" else "inactive"

    def send(self, number: int) -> None:
        """Send a signal to the main process; no error when there is none."""
        if self._main is not None:
            self._main.send(number, whole=False)

    async def give_up(self) -> None:
        """Start nothing any more; its processes are ended by others."""
        self._stopping = True
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait({self._task})

    def forget_failures(self) -> None:
        """Start afresh with the limit of starts (`reset-failed`)."""
        self._limit = StartLimit()
        self.state = "inactive" if self.state == "failed" else self.state

    async def _live(self, started: asyncio.Event) -> None:
        try:
            await self._repeat(started)
        except (UnitError, OSError) as error:
            with self.log.open("a", encoding="utf-8") as log:
                log.write(f"{error}\n")
            await self._fail("resources")

    async def _repeat(self, started: asyncio.Event) -> None:
        """Run it until it is over, restarts included."""
        while True:
            if not self._limit.allows(self.unit):
                await self._fail("start-limit-hit")
                return
            status = await self._once(started)
            if self._stopping or self.state == "inactive":
                return
            self.result = "success" if is_clean(self.unit, status) else result(status)
            started.set()
            if not is_restarted(self.unit, status):
                if not is_clean(self.unit, status):
                    await self._fail(self.result)
                elif self.unit.one(SECTION, "RemainAfterExit") != "yes":
                    self.state = "inactive"
                return
            self.state = "activating"
            await asyncio.sleep(self.unit.seconds(SECTION, "RestartSec", DEFAULT_RESTART_SECONDS))
            self.restarts += 1

    async def _once(self, started: asyncio.Event) -> int:
        """Run its commands once; returns the exit status that counts."""
        self.state = "activating"
        self._prepare()
        is_oneshot = self.unit.one(SECTION, "Type", "simple") == "oneshot"
        status = await self._run_all("ExecStartPre")
        if not status:
            for line in self.unit.all(SECTION, "ExecStart"):
                status = await self._run_main(self._command(line), None if is_oneshot else started)
                if status:
                    break
            else:
                if is_oneshot:
                    self.state = "active" if self.unit.one(SECTION, "RemainAfterExit") == "yes" else "inactive"
                    started.set()
        self.exit_status = status
        await self._run_all("ExecStopPost")
        return status

    async def _run_main(self, wanted: Command, started: asyncio.Event | None) -> int:
        self._main = await self._launch(wanted)
        if self._main is None:
            return EXEC_FAILED
        if started is not None:
            self.state = "active"
            started.set()
        if self._stopping:
            self._main.send(signal.SIGTERM)
        status = await self._around.launcher.finished(self._main)
        self._main = None
        return 0 if wanted.may_fail else status

    async def _run_all(self, key: str) -> int:
        for line in self.unit.all(SECTION, key):
            wanted = self._command(line)
            running = await self._launch(wanted)
            status = EXEC_FAILED if running is None else await self._around.launcher.finished(running)
            if status and not wanted.may_fail:
                return status
        return 0

    def _command(self, line: str) -> Command:
        return command(line, self._variables(), self._specifiers())

    async def _launch(self, wanted: Command) -> Running | None:
        around = self._around
        folder = self.unit.one(SECTION, "WorkingDirectory", str(around.root)).lstrip("-")
        return await around.launcher.start(wanted.argv, self._variables(), self.log, Path(folder))

    def _variables(self) -> dict[str, str]:
        lines = tuple(specified(line, self._specifiers()) for line in self.unit.all(SECTION, "Environment"))
        variables = {**self._around.variables, **self._extra, **assignments(lines)}
        for path in self.unit.all(SECTION, "EnvironmentFile"):
            try:
                variables |= environment_file(Path(path.lstrip("-")).read_text("utf-8"))
            except OSError:
                if not path.startswith("-"):
                    raise UnitError(f"{self.unit.name}: the file {path} cannot be read") from None
        if self.unit.all(SECTION, "LoadCredential"):
            variables["CREDENTIALS_DIRECTORY"] = str(self._credentials)
        return variables

    def _prepare(self) -> None:
        """Make the folders that are there while it runs, one with copies of the files that `LoadCredential=` names."""
        for name in self.unit.words(SECTION, "RuntimeDirectory"):
            (self._run / name).mkdir(parents=True, exist_ok=True)
        for entry in self.unit.all(SECTION, "LoadCredential"):
            name, _, path = entry.partition(":")
            self._credentials.mkdir(mode=0o700, parents=True, exist_ok=True)
            target = self._credentials / name
            target.touch(mode=0o600)
            target.write_bytes(Path(path).read_bytes())

    @property
    def _run(self) -> Path:
        return self._around.root / "run"

    @property
    def _credentials(self) -> Path:
        return self._run / "credentials" / self.unit.name

    def _specifiers(self) -> dict[str, str]:
        bare = self.unit.name.rpartition(".")[0]
        return {"n": self.unit.name, "N": bare, "p": bare, "t": str(self._run), "d": str(self._credentials)}

    async def _fail(self, result: str) -> None:
        self.state, self.result = "failed", result
        told = {
            "MONITOR_UNIT": self.unit.name,
            "MONITOR_SERVICE_RESULT": result,
            "MONITOR_EXIT_CODE": "killed" if self.exit_status < 0 else "exited",
            "MONITOR_EXIT_STATUS": str(abs(self.exit_status)),
        }
        await self._on_failure(self.unit, told)
