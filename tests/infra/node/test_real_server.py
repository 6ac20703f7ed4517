"""Claim: the real llama-server, as Debian packages it, starts with the command line that a boot writes, and serves."""

import contextlib
import json
import os
import platform
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.declarations import ROOT
from leanto.embedded.instances.tiny_model import write_tiny_model
from tests.infra.node.machine import Machine
from tests.infra.node.test_engine_line import arguments
from tests.runtime.node.conftest import free_port

KEPT = ROOT / "build" / "llama-server"
PACKAGES = "libc6 libgcc-s1 libstdc++6 libgomp1 libssl3t64 libzstd1 zlib1g libggml0 libllama0 llama.cpp-tools"
SUITE = "deb [arch=amd64] http://deb.debian.org/debian sid main\n"
KEY = "canary-engine-key"
PERMITTED_SECONDS = 240


@dataclass(frozen=True)
class Program:
    """The unpacked packages, run through their own loader beside an older system's libraries."""

    folder: Path

    def command(self, words: list[str]) -> list[str]:
        libraries = self.folder / "usr/lib/x86_64-linux-gnu"
        path = f"{libraries}:{libraries / 'llama'}"
        loader = [str(libraries / "ld-linux-x86-64.so.2"), "--library-path", path, "--argv0", "llama-server"]
        return [*loader, str(self.folder / "usr/bin/llama-server"), *words]

    @property
    def variables(self) -> dict[str, str]:
        kind = "haswell" if "avx2" in Path("/proc/cpuinfo").read_text("ascii", "replace") else "x64"
        backends = self.folder / "usr/lib/x86_64-linux-gnu/ggml/backends0"
        return {"GGML_BACKEND_PATH": str(backends / f"libggml-cpu-{kind}.so"), "PATH": os.environ["PATH"]}


@pytest.fixture(scope="module")
def program() -> Program:
    """Fetch the packages without touching the system's own, and keep them."""
    if platform.machine() != "x86_64" or shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        pytest.skip("Debian's llama-server needs apt-get and an x86_64 machine")
    if not (KEPT / "usr/bin/llama-server").is_file():
        try:
            _fetch(KEPT.with_name("llama-server.part"))
        except (subprocess.SubprocessError, OSError) as error:
            pytest.skip(f"Debian's llama-server cannot be had here ({type(error).__name__})")
        shutil.move(KEPT.with_name("llama-server.part"), KEPT)
    return Program(KEPT)


def _fetch(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name in ("apt/lists/partial", "apt/archives/partial", "apt/debs"):
        (folder / name).mkdir(parents=True)
    (folder / "apt/sources.list").write_text(SUITE, encoding="ascii")
    (folder / "apt/status").touch()
    options = {
        "Dir::Etc::sourcelist": folder / "apt/sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State": folder / "apt",
        "Dir::State::status": folder / "apt/status",
        "Dir::Cache": folder / "apt",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-q", *(word for name, value in options.items() for word in ("-o", f"{name}={value}"))]
    debs = folder / "apt/debs"
    subprocess.run([*apt, "update"], check=True, capture_output=True, timeout=PERMITTED_SECONDS)
    subprocess.run([*apt, "download", *PACKAGES.split()], cwd=debs, check=True, capture_output=True, timeout=120)
    for deb in debs.glob("*.deb"):
        subprocess.run(["dpkg", "-x", str(deb), str(folder)], check=True, capture_output=True, timeout=60)
    shutil.rmtree(folder / "apt")


@pytest.fixture
def served(program: Program, booted: Machine, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Start it with the line of the node's unit; only what is the container's or the GPU's is this machine's."""
    write_tiny_model(tmp_path / "tiny.gguf")
    (tmp_path / "key").write_text(KEY, encoding="ascii")
    words, port = arguments(booted), free_port()
    here = {
        "/models/tiny.gguf": str(tmp_path / "tiny.gguf"),
        "/run/engine-key": str(tmp_path / "key"),
        "8080": str(port),
    }
    words = [here.get(word, word) for word in words]
    words[words.index("--threads") + 1] = "1"  # with more, a busy machine makes it a hundred times slower
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(program.command(words), env=program.variables, stdout=log, stderr=log)
    try:
        yield f"http://127.0.0.1:{port}", tmp_path / "log"
    finally:
        process.kill()
        process.wait()


def _ask(url: str, document: dict[str, object] | None = None, key: str = KEY) -> tuple[int, bytes]:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    data = None if document is None else json.dumps(document).encode()
    try:
        asked = urllib.request.Request(url, data, headers)  # noqa: S310 - loopback
        with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310 - loopback
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.mark.long
def test_debians_llama_server_takes_the_line_and_serves(served: tuple[str, Path]) -> None:
    url, log = served
    end = time.monotonic() + 30
    status = 0
    while status != 200:
        assert time.monotonic() < end, log.read_text("utf-8", "replace")[-2000:]
        with contextlib.suppress(OSError):
            status, _ = _ask(f"{url}/health")
        time.sleep(0.1)
    body: dict[str, object] = {"messages": [{"role": "user", "content": "canary-prompt"}], "max_tokens": 4}
    status, answer = _ask(f"{url}/v1/chat/completions", body)
    assert (status, json.loads(answer)["usage"]["completion_tokens"]) == (200, 4)
    assert _ask(f"{url}/v1/chat/completions", body, "another")[0] == 401
    assert b"tokens_predicted_total" in _ask(f"{url}/metrics")[1]
    assert _ask(f"{url}/metrics", key="another")[0] == 401
    assert _ask(f"{url}/slots")[0] == 501
    assert _ask(f"{url}/")[0] == 404
    text = log.read_text("utf-8", "replace")
    assert "n_ctx_slot = 1024" in text or "n_ctx = 1024" in text, text[-3000:]
    assert "canary-prompt" not in text
    assert KEY not in text


@pytest.mark.long
def test_debians_llama_server_knows_no_other_flag(program: Program) -> None:
    command = program.command(["--model", "/nowhere.gguf", "--no-such-flag"])
    ended = subprocess.run(command, env=program.variables, capture_output=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert b"no-such-flag" in ended.stderr + ended.stdout
