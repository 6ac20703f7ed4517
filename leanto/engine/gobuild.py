"""The engine built from its Go module: a wrapper module pins every dependency, `go` does the rest.

`go install` cannot build it (its go.mod has `replace` lines), and without the linker flag the engine has no version.
"""

import os
import queue
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from leanto.engine import versions
from leanto.engine.cache import Report
from leanto.engine.errors import StepFailedError
from leanto.engine.golang import Toolchain, find

WRAPPER = Path(__file__).with_name("build")
PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
TAGS = "osusergo,grpcnotrace,disable_grpc_modules"
VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
DISK_BYTES_NEEDED = 4 * 10**9
"""Measured: 1.4 GB of modules, 1.5 GB of build cache, 0.25 GB of Go, 0.1 GB of engine."""
SAY_EVERY_SECONDS = 5.0


def build(workshop: Path, environ: Mapping[str, str], report: Report) -> Path:
    """Build the pinned engine inside `workshop` and return the folder that holds `pulumi`.

    Raises:
        StepFailedError: no Go, no space, no module proxy, or a compiler's error.
    """
    go = find(workshop, environ, report)
    _check_space(workshop)
    source, out = workshop / "module", workshop / "built"
    source.mkdir(exist_ok=True)
    for name in ("go.mod", "go.sum"):
        shutil.copyfile(WRAPPER / name, source / name)
    shutil.rmtree(out, ignore_errors=True)
    run = _Run(go, source, _environment(go, workshop, environ), report)
    total = len(run.go("fetching modules", ["list", "-deps", f"-tags={TAGS}", PACKAGE]))
    linker = f"-s -w -X {VERSION_VARIABLE}=v{versions.PINNED}"
    flags = ["-v", "-trimpath", "-buildvcs=false", f"-tags={TAGS}", "-ldflags", linker]
    run.go("compiling", ["build", *flags, "-o", str(out / "pulumi"), PACKAGE], total=total)
    return out


def _check_space(workshop: Path) -> None:
    free = shutil.disk_usage(workshop).free
    if free < DISK_BYTES_NEEDED:
        raise StepFailedError(
            f"{workshop} has {free / 1e9:.1f} GB free, the build needs {DISK_BYTES_NEEDED / 1e9:.0f} GB; "
            "free some, or set LEANTO_CACHE to a folder on a larger disk"
        )


def _environment(go: Toolchain, workshop: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the user's environment without what would build something else; private caches unless Go is theirs."""
    dropped = {"GOOS", "GOARCH", "GOROOT", "GOEXPERIMENT", "GO111MODULE"}
    environment = {key: value for key, value in environ.items() if key not in dropped}
    environment |= {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-mod=readonly"}
    if not go.has_own_caches:
        environment |= {
            "GOMODCACHE": str(workshop / "modules"),
            "GOCACHE": str(workshop / "objects"),
            "GOPATH": str(workshop / "gopath"),
            "GOFLAGS": "-mod=readonly -modcacherw",
        }
    return environment


@dataclass
class _Run:
    """Runs `go` and tells every few seconds how far it is."""

    toolchain: Toolchain
    source: Path
    environment: dict[str, str]
    report: Report
    said_at: float = field(default_factory=time.monotonic)

    def go(self, what: str, arguments: list[str], total: int = 0) -> list[str]:
        """Run one command to its end and return its standard output by lines."""
        started = time.monotonic()
        done: list[str] = []

        def tick(line: str | None) -> None:
            if line is not None:
                done.append(line)
            if time.monotonic() - self.said_at >= SAY_EVERY_SECONDS:
                self.said_at = time.monotonic()
                self.report(_progress(what, len(done), total, time.monotonic() - started))

        with subprocess.Popen(
            [self.toolchain.binary, *arguments],
            cwd=self.source,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as process:
            try:
                output = _follow(process, tick)
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            raise StepFailedError(f"`go {arguments[0]}` failed: {_last_words(done)}")
        return output


def _follow(process: subprocess.Popen[str], tick: Callable[[str | None], None]) -> list[str]:
    """Feed each line of standard error to `tick`, and None every second without one; return standard output."""
    lines: queue.Queue[str | None] = queue.Queue()
    output: list[str] = []

    def read_errors() -> None:
        for line in process.stderr or ():
            lines.put(line.rstrip())
        lines.put(None)

    readers = [
        threading.Thread(target=read_errors, daemon=True),
        threading.Thread(target=lambda: output.extend(process.stdout or ()), daemon=True),
    ]
    for reader in readers:
        reader.start()
    while True:
        try:
            line = lines.get(timeout=1)
        except queue.Empty:
            tick(None)
            continue
        if line is None:
            break
        tick(line)
    for reader in readers:
        reader.join()
    process.wait()
    return [line.rstrip() for line in output]


def _progress(what: str, done: int, total: int, elapsed_seconds: float) -> str:
    minutes, seconds = divmod(int(elapsed_seconds), 60)
    amount = f"{done} of at most {total} packages" if total else f"{done} modules"
    return f"engine: build: {what}: {amount}, {minutes}:{seconds:02d} elapsed"


def _last_words(lines: list[str]) -> str:
    """Return the compiler's or the proxy's complaint, without the progress before it."""
    telling = [line.strip() for line in lines if line.strip() and not line.startswith("go: downloading")]
    return " / ".join(telling[-3:])[:500] or "it said nothing"


def remove_caches(workshop: Path) -> None:
    """Delete what a build has left in `workshop`, read-only module folders included."""
    for folder, _, _ in os.walk(workshop):
        Path(folder).chmod(0o755)
    shutil.rmtree(workshop, ignore_errors=True)
