"""Measures the gateway beside LiteLLM's proxy and beside the provider asked directly, and writes the page of it.

`python -m benchmarks.gateway [PYTHON]`, where PYTHON is that of an environment which has LiteLLM's proxy already; else
its newest release that can be installed is put into an environment of its own. An aim that is missed is a line of the
page, not a failure: figures are the machine's as well as ours.
"""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks import function_start, servers
from benchmarks.aims import Aim, adds, at_most, machine, today
from benchmarks.gateway_rounds import BARE, DIRECT, KINDS, OTHER, OURS, Samples, Spread, paired, rounds
from benchmarks.provider_server import CHUNKS, GAP_SECONDS
from benchmarks.table_writes import ALL_LIMITS, NO_LIMITS, table_writes
from infra.declarations import ROOT
from infra.rendering import render

PAGE = ROOT / "docs" / "benchmarks" / "gateway.md"
ROUNDS = 5
STARTS = 3
MEMORY_MB = 512


def main(arguments: Sequence[str]) -> None:
    """Measure and write the page."""
    with tempfile.TemporaryDirectory(prefix="leanto-bench-") as folder:
        work = Path(folder)
        python = Path(arguments[0]) if arguments else _install(work / "litellm")
        version, task = _version(python), function_start.unpacked(work)
        cold = [
            at_most("Bundle of the Lambda function, zipped", 6, function_start.bundle_mb(), "MB"),
            at_most("Processor time of its imports, with bytecode", 0.5, function_start.import_cpu_seconds(task), "s"),
            _init(function_start.init_seconds(task, MEMORY_MB)),
        ]
        with servers.provider() as provider:
            port = provider.target.port
            starts = [_start_seconds(work, port) for _ in range(STARTS)]
            writes = [table_writes(work, port, limits) for limits in (NO_LIMITS, ALL_LIMITS)]
            with (
                servers.gateway(work, port) as ours,
                servers.litellm(work, python, port, bare=False) as other,
                servers.litellm(work, python, port, bare=True) as bare,
            ):
                samples = rounds((provider, ours, other, bare), ROUNDS)
                memory = {server.target.name: server.resident_mb() for server in (ours, other)}
    aims = [
        *_side_by_side(samples),
        at_most("Resident memory after the load", 80, memory[OURS], "MB"),
        at_most("From the server's start to its first answer", 1.5, median(starts), "s"),
        *cold,
        *_writes(writes),
    ]
    facts = {
        "bare_rate": _spread(faster(samples, BARE)),
        "bare_cpu": _spread(less_cpu(samples, BARE)),
        "litellm_mb": f"{memory[OTHER]:.0f}",
        "litellm_start": f"{other.start_seconds:.1f}",
        "load": f"{os.getloadavg()[2]:.1f}",
    }
    PAGE.write_text(_page(version, samples, aims, facts), encoding="utf-8")
    for aim in aims:
        print(f"{aim.verdict}: {aim.what}: {aim.found} (aim: {aim.aim})")
    print(PAGE.relative_to(ROOT))


def _install(folder: Path) -> Path:
    print("installing LiteLLM's proxy in an environment of its own")
    uv, python = Path(sys.executable).with_name("uv"), folder / "bin" / "python"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    install = [str(uv), "pip", "install", "--quiet", "--compile-bytecode"]
    subprocess.run([*install, "--python", str(python), "litellm[proxy]"], check=True)
    return python


def _version(python: Path) -> str:
    command = [str(python), "-c", "from importlib.metadata import version; print(version('litellm'))"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def _start_seconds(work: Path, provider_port: int) -> float:
    with servers.gateway(work, provider_port) as server:
        return server.start_seconds


def faster(samples: Samples, other: str) -> Spread:
    """Return how many times the requests a second of another gateway ours answers at 64 connections."""
    return paired(samples, "many", OURS, other, lambda ours, theirs: ours.per_second / theirs.per_second)


def less_cpu(samples: Samples, other: str) -> Spread:
    """Return how many times our processor time per request another gateway uses at 64 connections."""
    return paired(samples, "many", OURS, other, lambda ours, theirs: theirs.cpu_ms / ours.cpu_ms)


def _side_by_side(samples: Samples) -> list[Aim]:
    sooner = paired(samples, "stream_many", OURS, OTHER, lambda ours, other: other.first_p50 / ours.first_p50)
    added = paired(samples, "one", OURS, DIRECT, lambda ours, direct: ours.p50 - direct.p50)
    later = paired(samples, "stream_one", OURS, DIRECT, lambda ours, direct: ours.first_p50 - direct.first_p50)
    return [
        _times("Requests a second at 64 connections, over LiteLLM's", 30, faster(samples, OTHER)),
        _times("LiteLLM's processor time per request at 64 connections, over ours", 30, less_cpu(samples, OTHER)),
        adds("Median that the gateway adds to an answer at 1 connection", 1.0, added),
        _times("LiteLLM's median time to the first chunk of 64 streams, over ours", 50, sooner),
        adds("Median that the gateway adds to the first chunk of 1 stream", 2.0, later),
    ]


def _times(what: str, aim: float, found: Spread) -> Aim:
    return Aim(what, f"≥ {aim} times", _spread(found), found.middle >= aim)


def _spread(found: Spread) -> str:
    return f"{found.middle:.1f} times ({found.least:.1f} to {found.most:.1f})"


def _init(found: float | None) -> Aim:
    what = f"Start of the function on the share of a core that Lambda gives at {MEMORY_MB} MB"
    return Aim(what, "≤ 1.2 s", "", None) if found is None else at_most(what, 1.2, found, "s")


def _writes(found: Sequence[Counter[str]]) -> list[Aim]:
    whose = ("without limits of its own", "with a budget, rates and concurrency of its own")
    return [
        Aim(
            f"Writes to the table per request of a key {words}",
            "≤ 4",
            f"{counts.total()}: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())),
            counts.total() <= 4,
        )
        for words, counts in zip(whose, found, strict=True)
    ]


def _page(version: str, samples: Samples, aims: Sequence[Aim], facts: dict[str, str]) -> str:
    def middle(kind: str, server: str, name: str) -> str:
        value = median(getattr(sample, name) for sample in samples[kind, server])
        return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"

    text = render(
        "benchmarks/gateway.md.j2",
        machine=machine(),
        date=today(),
        litellm=version,
        rounds=ROUNDS,
        chunks=CHUNKS,
        gap_ms=f"{1000 * GAP_SECONDS:.0f}",
        names={
            DIRECT: "the provider, asked directly",
            OURS: "leanto",
            OTHER: f"LiteLLM {version}",
            BARE: "LiteLLM, bare",
        },
        kinds=KINDS,
        middle=middle,
        aims=aims,
        **facts,
    )
    return text.strip() + "\n"


if __name__ == "__main__":
    main(sys.argv[1:])
