"""A machine of shell scripts: a PATH, a home and a cache of our own, and no way to the internet."""

import os
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from leanto.engine import gobuild, golang, installer
from leanto.engine.find import Engine, ensure


@dataclass
class Machine:
    """What the ladder sees; `lines` is what it reported."""

    home: Path
    bin: Path
    cache: Path
    lines: list[str] = field(default_factory=list)

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.home), "LEANTO_CACHE": str(self.cache)}

    @property
    def cached(self) -> Path:
        return self.cache / "engine" / "3.259.0" / "pulumi"

    def program(self, path: Path, script: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def pulumi(self, version: str, path: Path | None = None) -> Path:
        """Put a `pulumi` of that version on PATH, or elsewhere."""
        return self.program(path or self.bin / "pulumi", f"echo {version}")

    def go(self, version: str = "go1.26.0", build: str | None = None) -> Path:
        """Put a `go` on PATH that builds an engine which is a script."""
        make = build or 'printf "#!/bin/sh\\necho v3.259.0\\n" > "$out"; chmod +x "$out"'
        return self.program(
            self.bin / "go",
            f"""echo "$@" >> {self.home}/go.calls; env | grep -E '^(GO|CGO)' | sort > {self.home}/go.env
case "$1" in
  env) echo {version} ;;
  list) echo 'go: downloading a v1' >&2; printf 'a\\nb\\nc\\n' ;;
  build) while [ "$1" != -o ]; do shift; done; out=$2; mkdir -p "$(dirname "$out")"; echo a >&2; {make} ;;
esac""",
        )


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    home = tmp_path / "home"
    home.mkdir()
    made = Machine(home, tmp_path / "bin", tmp_path / "cache")
    made.bin.mkdir()
    monkeypatch.setattr(installer, "SCRIPT_URL", "http://127.0.0.1:9/install.sh")
    monkeypatch.setattr(gobuild, "DISK_BYTES_NEEDED", 1)
    # A uv that answers as one without network does; tests of the PyPI way replace it.
    monkeypatch.setattr(golang, "_uv", lambda environ: str(made.program(tmp_path / "uv", "echo no route >&2; exit 2")))
    for name in [key for key in os.environ if key.startswith(("PULUMI_", "LEANTO_"))]:
        monkeypatch.delenv(name)
    return made


def run_script(path: Path) -> str:
    return subprocess.run([path], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="session")
def real_engine() -> Engine:
    """Find the real engine, by the same ladder as a user."""
    return ensure(print)


@pytest.fixture
def toys(real_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    from toy_project import ToyProject

    return ToyProject(real_engine, tmp_path)
