"""Plays systemd for one instance: the units that its boot script has written, and the command `systemctl`.

Played are services and path units, with what they require and what they start when they fail. What confines a process
(users, namespaces, filters, limits) is read over: everything runs as whoever runs the box.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from leanto.embedded.instances.reply import Reply
from leanto.embedded.instances.service import Service, Surroundings
from leanto.embedded.instances.units import Unit, UnitError, parse, specified

FOLDERS = ("etc/systemd/system", "run/systemd/system", "usr/lib/systemd/system")
WATCH_SECONDS = 0.2
WATCHES = ("PathChanged", "PathModified", "PathExists")
QUIET = frozenset(
    {"-q", "--quiet", "--no-block", "--now", "--no-pager", "--value", "--no-ask-password", "-f", "--force"}
)
NOT_RUNNING, NO_SUCH_UNIT = 3, 5
STARTING = frozenset({"start", "restart", "try-restart", "reload-or-restart"})
ASKING = MappingProxyType({"is-active": "active", "is-failed": "failed"})
ALWAYS_THERE = (".target", ".slice", "docker.service")
"""Units of the system itself are there, and have been reached. A slice only confines."""

PowerOff = Callable[[], Awaitable[None]]


class Systemd:
    """The units of an instance."""

    def __init__(self, around: Surroundings, power_off: PowerOff) -> None:
        self._around = around
        self._power_off = power_off
        self._services: dict[str, Service] = {}
        self._paths: dict[str, asyncio.Task[None]] = {}

    async def systemctl(self, argv: Sequence[str]) -> Reply:
        """Carry out one command line; what is not played is refused."""
        flags = {word for word in argv if word.startswith("-")}
        words = [word for word in argv if not word.startswith("-")]
        properties = [word.partition("=")[2] for word in flags if word.startswith("--property=")]
        if "-p" in flags and len(words) > 1:
            properties.append(words.pop(1))
        verb, names = (words[0], [_full(name) for name in words[1:]]) if words else ("", [])
        unknown = {flag for flag in flags if flag not in QUIET | {"-p"} and not flag.startswith("--property=")}
        if unknown:
            return Reply(stderr=f"systemctl: the box does not play {' '.join(sorted(unknown))}", status=1)
        if verb == "show":
            return self._show(names[0], properties, bare="--value" in flags)
        if verb in {"enable", "disable"} and "--now" not in flags:
            return self._known(names)
        played = {"enable": "start", "disable": "stop"}.get(verb, verb)
        try:
            return await self._carry_out(played, names, is_waited_for="--no-block" not in flags)
        except UnitError as error:
            return Reply(stderr=str(error), status=NO_SUCH_UNIT)

    async def _carry_out(self, verb: str, names: Sequence[str], *, is_waited_for: bool) -> Reply:
        if verb in STARTING:
            return await self._start_all(names, verb, is_waited_for=is_waited_for)
        if verb in ASKING:
            states = [self.state(name) for name in names]
            return Reply("\n".join(states), status=0 if ASKING[verb] in states else NOT_RUNNING)
        if verb not in ("daemon-reload", "stop", "kill", "reset-failed"):
            return Reply(stderr=f"systemctl: the box does not play {verb!r}", status=1)
        if verb == "stop":
            await asyncio.gather(*(self.stop(name) for name in names))
        for service in self._services.values():
            if verb == "kill" and service.unit.name in names:
                service.send(signal.SIGTERM)
            elif verb == "reset-failed":
                service.forget_failures()
        return Reply()

    async def start(self, name: str, extra: Mapping[str, str] | None = None) -> bool:
        """Start a unit and what it requires; returns whether it has started. Raises UnitError."""
        if name.endswith(ALWAYS_THERE):
            return True
        unit = self._load(name)
        required = {*unit.words("Unit", "Requires"), *unit.words("Unit", "BindsTo")}
        for other in (*required, *unit.words("Unit", "Wants")):
            if not await self.start(other) and other in required:
                return False
        if unit.kind == "path":
            if name not in self._paths:
                self._paths[name] = asyncio.ensure_future(self._watch(unit))
            return True
        if unit.kind != "service":
            raise UnitError(f"{name}: the box plays services and path units only")
        service = self._services.setdefault(name, Service(unit, self._around, self._start_failed))
        return await service.start(unit, extra or {})

    async def stop(self, name: str) -> None:
        """Stop a unit; no error when it does not run."""
        if name in self._paths:
            self._paths.pop(name).cancel()
        if name in self._services:
            await self._services[name].stop()

    def state(self, name: str) -> str:
        """Return a unit's ActiveState."""
        if name in self._services:
            return self._services[name].state
        return "active" if name in self._paths else "inactive"

    async def _start_failed(self, unit: Unit, told: Mapping[str, str]) -> None:
        """Start what a failed unit names for that."""
        if unit.one("Unit", "FailureAction").startswith("poweroff"):
            await self._power_off()
        for name in unit.words("Unit", "OnFailure"):
            asyncio.ensure_future(self.start(specified(name, {"n": unit.name}), told))  # noqa: RUF006 - kept by its service

    async def close(self) -> None:
        """Watch no path any more; services end with their processes."""
        for task in self._paths.values():
            task.cancel()
        await asyncio.gather(*(service.give_up() for service in self._services.values()))

    async def _start_all(self, names: Sequence[str], verb: str, *, is_waited_for: bool) -> Reply:
        for name in names:
            self._load(name)
        if verb == "try-restart":
            names = [name for name in names if self.state(name) == "active"]
        work = asyncio.gather(*(self._start_one(name, again=verb != "start") for name in names))
        if not is_waited_for:
            return Reply()
        failed = [name for name, started in zip(names, await work, strict=True) if not started]
        told = "\n".join(f"Job for {name} failed. See its log." for name in failed)
        return Reply(stderr=told, status=1 if failed else 0)

    async def _start_one(self, name: str, *, again: bool) -> bool:
        if again:
            await self.stop(name)
        return await self.start(name)

    async def _watch(self, unit: Unit) -> None:
        """Start a path unit's service whenever one of its files changes."""
        target = unit.one("Path", "Unit", f"{unit.name.rpartition('.')[0]}.service")
        paths = [Path(path) for key in WATCHES for path in unit.all("Path", key)]
        seen = [_mark(path) for path in paths]
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            now = [_mark(path) for path in paths]
            if now != seen:
                seen = now
                await self.start(target)

    def _load(self, name: str) -> Unit:
        for folder in FOLDERS:
            path = self._around.root / folder / name
            if path.is_file():
                return parse(name, path.read_text("utf-8"))
        if name.endswith(ALWAYS_THERE):
            return Unit(name, {})
        raise UnitError(f"Unit {name} not found.")

    def _known(self, names: Sequence[str]) -> Reply:
        try:
            for name in names:
                self._load(name)
        except UnitError as error:
            return Reply(stderr=str(error), status=1)
        return Reply()

    def _show(self, name: str, properties: Sequence[str], *, bare: bool) -> Reply:
        service = self._services.get(name)
        told = {
            "ActiveState": self.state(name),
            "Result": service.result if service else "success",
            "ExecMainStatus": str(abs(service.exit_status)) if service else "0",
            "ExecMainPID": str(service.pid) if service else "0",
            "MainPID": str(service.pid) if service else "0",
            "NRestarts": str(service.restarts) if service else "0",
        }
        wanted = [one for given in properties for one in given.split(",")] or list(told)
        return Reply("\n".join(told.get(key, "") if bare else f"{key}={told.get(key, '')}" for key in wanted))


def _full(name: str) -> str:
    return name if "." in name else f"{name}.service"


def _mark(path: Path) -> int:
    """Return what changes when a file does."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
