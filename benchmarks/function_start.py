"""Measures the gateway's bundle as Lambda would start it: its size, its imports, and its start on a part of a core."""

import json
import os
import platform
import resource
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

from benchmarks.servers import deployment
from infra.bundles import Target, load
from infra.declarations import ROOT
from leanto.bundles import build
from leanto.cli.box_place import ARCHITECTURES

HANDLER = "runtime.gateway.app:app"
IMPORTS = "import runtime.lambda_shim, runtime.gateway.app"
RUNS = 5
PERIOD_US = 100_000
MB_PER_CORE = 1769
"""The memory at which Lambda gives a function one core (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)."""
SLICES = Path("/sys/fs/cgroup/cpu")
"""Where version 1 of control groups has its quotas; with version 2 nothing is measured."""


def bundle_mb() -> float:
    """Return the size of the zip that is deployed by default, in MB."""
    deployed = Target("arm64", "3.13")
    build(ROOT, deployed, print)
    return load(ROOT, deployed)["gateway"].path.stat().st_size / 1e6


def here(*, of_nodes: bool = False) -> Target:
    """Return this machine's architecture and Python."""
    machine, python = platform.machine().lower(), f"{sys.version_info.major}.{sys.version_info.minor}"
    return Target(ARCHITECTURES.get(machine, machine), python, of_nodes=of_nodes)


def unpacked(work: Path) -> Path:
    """Build the bundle for this machine's architecture and Python, unpack it, return where."""
    target = here()
    build(ROOT, target, print)
    task = work / "task"
    with zipfile.ZipFile(load(ROOT, target)["gateway"].path) as bundle:
        bundle.extractall(task)
    return task


def import_cpu_seconds(task: Path) -> float:
    """Return the processor time of the imports from the bundle, less that of Python's own start; median."""

    def used(statement: str) -> float:
        before = _children_cpu()
        subprocess.run([_python(), "-c", statement], cwd=task, env={"PATH": os.environ["PATH"]}, check=True)
        return _children_cpu() - before

    used(IMPORTS)
    return median(used(IMPORTS) - used("pass") for _ in range(RUNS))


def init_seconds(task: Path, memory_mb: int) -> float | None:
    """Return the seconds from the start of the process to its first call for an event; None without a quota here."""
    with _quota(memory_mb) as group:
        return None if group is None else median(_init_once(task, group) for _ in range(RUNS))


def _init_once(task: Path, group: Path) -> float:
    document = task / "deployment.json"
    document.write_text(json.dumps(deployment(9)), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as runtime_api:
        runtime_api.settimeout(60)
        variables = {
            "PATH": os.environ["PATH"],
            "LAMBDA_TASK_ROOT": str(task),
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime_api.getsockname()[1]}",
            "_HANDLER": HANDLER,
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "LEANTO_DEPLOYMENT": str(document),
            "LEANTO_TABLE": "bench",
            "LEANTO_PROVIDER_SECRETS": json.dumps({"acme": "arn:acme", "spare": "arn:spare"}),
        }
        return _time_to_call(runtime_api, task, variables, group)


def _time_to_call(runtime_api: socket.socket, task: Path, variables: Mapping[str, str], group: Path) -> float:
    joined = f"echo $$ > {group}/cgroup.procs && exec sh {task / 'bootstrap'} {_python()}"
    begun = time.perf_counter()
    process = subprocess.Popen(["sh", "-c", joined], cwd=task, env=dict(variables))
    try:
        connection, _ = runtime_api.accept()
        with connection:
            connection.recv(100)
            return time.perf_counter() - begun
    finally:
        process.kill()
        process.wait()


@contextmanager
def _quota(memory_mb: int) -> Iterator[Path | None]:
    """Make a control group with the share of a core that Lambda gives at that memory, and take it away again."""
    group = SLICES / f"leanto-bench-{os.getpid()}"
    try:
        group.mkdir()
        (group / "cpu.cfs_period_us").write_text(str(PERIOD_US), "ascii")
        (group / "cpu.cfs_quota_us").write_text(str(PERIOD_US * memory_mb // MB_PER_CORE), "ascii")
    except OSError:
        group_or_none = None
    else:
        group_or_none = group
    try:
        yield group_or_none
    finally:
        with suppress(OSError):
            group.rmdir()


def _python() -> str:
    """Return the interpreter without our virtual environment, as a bundle must bring all that it imports."""
    return str(Path(sys.executable).resolve())


def _children_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
