"""Measures `leanto check` beside Checkov on the same stacks, and takes Checkov as a second opinion on them.

`python -m benchmarks.policies` writes docs/benchmarks/policies.md. It fails on a finding of Checkov on our own stacks
that benchmarks/checkov_explained.toml does not explain, and on an explanation that is no longer needed.
"""

import datetime as dt
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import terraform_plan
from benchmarks.exported import export
from infra.declarations import ROOT
from infra.rendering import render
from leanto.check.items import policy_stack
from leanto.check.pins import PINS
from leanto.check.programs import synthesise_program
from leanto.check.results import Synthesis
from leanto.cli.project import PRESETS
from policies.configuration import of_profile
from policies.pack import RULES, run_of
from policies.runner import evaluate
from policies.stack import Stack
from tests.policies.mutations import score

CHECKOV = "3.3.30"
PAGE = ROOT / "docs" / "benchmarks" / "policies.md"
EXPLAINED = ROOT / "benchmarks" / "checkov_explained.toml"
ENVIRONMENTS = ("dev", "prod")
RUNS = 5
RESOURCES = 200


@dataclass(frozen=True)
class Explained:
    """A finding of Checkov that stays, by check and Terraform type, with its reason."""

    check: str
    kind: str
    reason: str


def main() -> None:
    """Measure, compare and write the page."""
    with tempfile.TemporaryDirectory(prefix="leanto-bench-") as folder:
        work = Path(folder)
        print("installing Checkov in an environment of its own")
        checkov = _install(work / "checkov")
        stacks = {
            (preset, environment): _stack(preset, environment) for preset in PRESETS for environment in ENVIRONMENTS
        }
        findings = {key: _findings(checkov, work, key, synthesis) for key, synthesis in stacks.items()}
        explained, unexplained, unneeded = _compare(findings)
        times = _side_by_side(checkov, work, stacks["hybrid", "prod"])
    figures = {"pack": _pack_seconds(stacks["hybrid", "prod"]), **_cold(), **times}
    PAGE.write_text(_page(figures, findings, explained), encoding="utf-8")
    print(PAGE.relative_to(ROOT))
    print(json.dumps(figures, indent=1))
    for title, rows in (("not explained", unexplained), ("explained, but no longer found", unneeded)):
        for row in rows:
            print(f"{title}: {row}")
    if unexplained or unneeded:
        sys.exit(1)


def _install(folder: Path) -> Path:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, f"checkov=={CHECKOV}"], check=True)
    return python


def _stack(preset: str, environment: str) -> Synthesis:
    overlay = {
        "leanto:environment": environment,
        "leanto:alertEmails": ["team@example.com"],
        **({} if preset == "managed" else PINS),
    }
    return synthesise_program(ROOT, preset, overlay=overlay)


def _checkov(python: Path, plan: Path) -> list[str]:
    return [
        *(str(python), "-m", "checkov.main", "-f", str(plan), "--framework", "terraform_plan"),
        *("-o", "json", "--quiet", "--compact", "--skip-download"),
    ]


def _findings(python: Path, work: Path, key: tuple[str, str], synthesis: Synthesis) -> set[tuple[str, str]]:
    """Return Checkov's findings as (check, Terraform type)."""
    plan = work / f"{'-'.join(key)}.json"
    plan.write_text(terraform_plan.text(synthesis), encoding="utf-8")
    ran = subprocess.run(_checkov(python, plan), capture_output=True, text=True, check=False)
    document: Any = json.loads(ran.stdout)
    if document["summary"]["resource_count"] < len(synthesis.owned()) or document["summary"]["parsing_errors"]:
        raise RuntimeError(f"Checkov has not read all of {key}: {document['summary']}")
    return {(row["check_id"], row["resource"].split(".")[0]) for row in document["results"]["failed_checks"]}


def _compare(
    findings: dict[tuple[str, str], set[tuple[str, str]]],
) -> tuple[list[Explained], list[tuple[str, str]], list[tuple[str, str]]]:
    rows = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))["finding"]
    explained = [Explained(row["check"], kind, row["reason"]) for row in rows for kind in row["types"]]
    known = {(row.check, row.kind) for row in explained}
    found = set().union(*findings.values())
    return explained, sorted(found - known), sorted(known - found)


def _mutation() -> dict[str, str]:
    """Return how many single changes of our own stacks the rules meant for them notice."""
    found = score()
    return {
        "mutants": f"{found.mutants:,}",
        "caught": f"{found.caught:,}",
        "percent": f"{100 * found.share:.1f}",
        "mean": f"{100 * found.mean:.1f}",
        "rules": str(found.rules),
        "rules_catching_all": str(found.rules_catching_all),
    }


def _side_by_side(python: Path, work: Path, synthesis: Synthesis) -> dict[str, float]:
    """Return the seconds of both on the same stack, turn by turn, process by process, from a dump of it."""
    plan, state = work / "plan.json", work / "state.json"
    plan.write_text(terraform_plan.text(synthesis), encoding="utf-8")
    state.write_text(json.dumps(export(synthesis)), encoding="utf-8")
    ours = [str(Path(sys.executable).with_name("leanto")), "check", "--state", str(state)]
    seconds: dict[str, list[float]] = {"leanto": [], "checkov": []}
    for _ in range(RUNS):
        for name, command in (("leanto", ours), ("checkov", _checkov(python, plan))):
            started = time.perf_counter()
            subprocess.run(command, capture_output=True, check=False)
            seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(rows) for name, rows in seconds.items()}


def _pack_seconds(synthesis: Synthesis) -> float:
    """Return the seconds that all rules take over 200 resources, after imports."""
    stack = _widened(policy_stack(synthesis), RESOURCES)
    run = run_of("prod", dt.datetime.now(dt.UTC).date(), of_profile("prod", RULES).parameters)
    seconds = []
    for _ in range(RUNS):
        fresh = replace(stack, items=tuple(replace(row) for row in stack.items))  # nothing read before counts
        started = time.perf_counter()
        evaluate(RULES, fresh, run)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def _widened(stack: Stack, count: int) -> Stack:
    copies = (replace(row, urn=f"{row.urn}-{number}") for number in range(count) for row in stack.items)
    return replace(stack, items=tuple(row for row, _ in zip(copies, range(count), strict=False)))


def _cold() -> dict[str, float]:
    """Return seconds and memory of a check of the hybrid preset from its program, as a user calls it."""
    command = [str(Path(sys.executable).with_name("leanto")), "check", "--stack", "hybrid"]
    seconds = []
    for _ in range(RUNS):
        started = time.perf_counter()
        subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
        seconds.append(time.perf_counter() - started)
    return {"cold": statistics.median(seconds), "memory_mib": _memory_mib(command)}


def _memory_mib(command: Sequence[str]) -> float:
    """Return the most memory that the command's processes held together, looked at every 20 ms."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    while process.poll() is None:
        most = max(most, sum(_resident(pid) for pid in _family(process.pid)))
        time.sleep(0.02)
    return most * resource.getpagesize() / 2**20


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0


def _page(
    figures: dict[str, float], findings: dict[tuple[str, str], set[tuple[str, str]]], explained: list[Explained]
) -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    text = render(
        "benchmarks/policies.md.j2",
        machine=machine,
        date=dt.datetime.now(dt.UTC).date().isoformat(),
        checkov=CHECKOV,
        rules=len(RULES),
        resources=RESOURCES,
        runs=RUNS,
        figures={name: f"{value:.2f}" for name, value in figures.items()},
        ratio=f"{figures['checkov'] / figures['leanto']:.1f}",
        findings={" ".join(key): len(rows) for key, rows in findings.items()},
        explained=explained,
        mutation=_mutation(),
    )
    return text.strip() + "\n"


if __name__ == "__main__":
    main()
