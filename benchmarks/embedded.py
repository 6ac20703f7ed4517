"""Measures each preset in AWS in a box with the real engine and writes docs/benchmarks/embedded.md."""

import datetime as dt
import os
import platform
import tempfile
import time
from pathlib import Path

from infra.declarations import ROOT
from infra.rendering import render
from leanto.cli import box_place, runs
from leanto.cli.project import PRESETS
from leanto.engine.find import ensure

PAGE = ROOT / "docs" / "benchmarks" / "embedded.md"


def measure(preset: str, home: Path) -> dict[str, str]:
    """Return the seconds of each step of a preset's life, as texts for the table."""
    started = time.perf_counter()
    place = box_place.open_place(preset, home, start=True, watch_pid=os.getpid())
    box_seconds = time.perf_counter() - started
    try:
        runs.build_bundles(place)
        created = place.deployment.up()
        previewed = place.deployment.preview()
        refreshed = place.deployment.refresh()
        destroyed = place.deployment.destroy()
    finally:
        if place.box is not None:
            place.box.stop()
    aws = sum(change.type.startswith("aws:") for change in created.changes.values())
    return {
        "preset": preset,
        "resources": str(aws),
        "box": f"{box_seconds:.1f}",
        "up": f"{created.duration_seconds:.1f}",
        "preview": f"{previewed.duration_seconds:.1f}",
        "refresh": f"{refreshed.duration_seconds:.1f}",
        "destroy": f"{destroyed.duration_seconds:.1f}",
    }


def main() -> None:
    """Measure all presets and write the page."""
    engine = ensure(print)
    rows = []
    for preset in PRESETS:
        with tempfile.TemporaryDirectory(prefix="leanto-bench-") as folder:
            rows.append(measure(preset, Path(folder) / "box"))
        print(rows[-1])
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    date = dt.datetime.now(dt.UTC).date().isoformat()
    text = render("benchmarks/embedded.md.j2", rows=rows, machine=machine, date=date, engine=engine.version)
    PAGE.write_text(text.strip() + "\n", encoding="utf-8")
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
