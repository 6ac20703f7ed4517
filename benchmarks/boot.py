"""Adds up how long a node takes from its start to its first answer: measured here what can be, documented the rest.

A GPU, EC2 and S3 are not here. What this machine can do like an instance (hashing, unpacking, keys, the commands of the
boot script, the agent's own start) is measured on it; what others published is named with its source; what nobody
published is an estimate and called one.
"""

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.function_start import here
from catalog.rows import Catalogue
from infra.bundles import NODE, load
from infra.declarations import ROOT
from leanto.bundles import build
from runtime.gateway.local.node_book import FRESH_SECONDS

INSTANCE, MODEL = "g6.xlarge", "qwen3-8b-q4_k_m"
IMAGE_GB = 2.76
BURST_GBPS = 10.0
LOADED_GB_PER_SECOND = 13 / 41
SAMPLE_BYTES = 1_000_000_000
DISK_BYTES = 250 * 10**9
MEASURED, DOCUMENTED, ESTIMATED, COMPUTED, OURS = "measured here", "documented", "estimated", "computed", "our setting"
IMPORT_AGENT = "import runtime.node.__main__"


@dataclass(frozen=True)
class Phase:
    """Seconds with the network's burst and at its baseline, and what they stand on."""

    name: str
    burst: float
    baseline: float
    basis: str
    note: str


@dataclass(frozen=True)
class Measured:
    """What this machine took; seconds, and gigabytes a second for the hash."""

    hash_gb_per_second: float
    mkfs: float
    certificate: float
    agent_unpacked: float
    agent_imported: float
    agent_mb: float
    agent_ready: float


def measure(work: Path, agent_ready: float) -> Measured:
    """Measure what an instance does with its processor and this machine can do too."""
    bundle, unpacked = _agent_bundle(), work / "agent"
    unpacking = _seconds([sys.executable, "-m", "zipfile", "-e", str(bundle), str(unpacked)])
    key = ["-keyout", str(work / "boot.key"), "-out", str(work / "boot.crt")]
    certificate = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    disk = work / "disk"
    with disk.open("wb") as file:
        file.truncate(DISK_BYTES)
    found = Measured(
        hash_gb_per_second=_hash_gb_per_second(work / "sample"),
        mkfs=_seconds(["mkfs.ext4", "-q", "-F", "-E", "nodiscard", str(disk)]),
        certificate=_seconds([*certificate, "-days", "30", "-subj", "/CN=i-1", *key]),
        agent_unpacked=unpacking,
        # The first import makes the bytecode, as on a new instance.
        agent_imported=_seconds([sys.executable, "-c", IMPORT_AGENT], unpacked, times=1),
        agent_mb=bundle.stat().st_size / 1e6,
        agent_ready=agent_ready,
    )
    disk.unlink()
    return found


def phases(found: Measured, tables: Catalogue) -> list[Phase]:
    """Return the phases of a boot one after the other; those that run side by side are one."""
    instance, model = tables.instances[INSTANCE], tables.open_models[MODEL]
    model_gb = float(model.weight_bytes) / 1e9
    engine, downloads = _artefacts(found, model_gb, float(instance.network_baseline_gbps))
    return [
        Phase("system", 25.8, 25.8, DOCUMENTED, "RunInstances until SSH answers, mean [brevdev/ec2-coldboot-research]"),
        Phase("GPU driver", 5.0, 5.0, ESTIMATED, "the first nvidia-smi; nobody published it for this machine image"),
        Phase("disk", found.mkfs, found.mkfs, MEASURED, "mkfs.ext4 on a sparse file of the size of the NVMe"),
        Phase("artefacts", *engine, COMPUTED, downloads),
        Phase("keys", found.certificate, found.certificate, MEASURED, "P-256 key and certificate by openssl"),
        Phase("units", 1.0, 1.0, ESTIMATED, "two units and a path written, systemd told, services started"),
        Phase(
            "engine_start", 6.0, 6.0, ESTIMATED, f"{model_gb:.1f} GB from NVMe and page cache onto the GPU, 4 to 8 s"
        ),
        Phase("agent", found.agent_ready, found.agent_ready, MEASURED, "process start to the first token through it"),
        Phase("seen", FRESH_SECONDS, FRESH_SECONDS, OURS, "at most until a gateway reads the table again"),
    ]


def _artefacts(found: Measured, model_gb: float, baseline_gbps: float) -> tuple[tuple[float, float], str]:
    """Return the seconds of the slower of engine and model at both speeds, and how they come about."""

    def both(gbps: float) -> float:
        share = gbps / 8 / 2  # two downloads at a time, until the smaller has ended
        small, large = min(IMAGE_GB, model_gb), max(IMAGE_GB, model_gb)
        small_done = small / share
        large_done = small_done + (large - small) / (gbps / 8)
        engine_done, model_done = (small_done, large_done) if model_gb >= IMAGE_GB else (large_done, small_done)
        engine = engine_done + IMAGE_GB / found.hash_gb_per_second + IMAGE_GB / LOADED_GB_PER_SECOND
        return max(engine, model_done + model_gb / found.hash_gb_per_second)

    speed, loading = f"{found.hash_gb_per_second:.2f} GB/s", f"{LOADED_GB_PER_SECOND:.2f} GB/s"
    note = (
        f"image {IMAGE_GB} GB [llama.cpp#13281] and model {model_gb:.2f} GB at once at {BURST_GBPS:g} or "
        f"{baseline_gbps:g} Gbit/s [AWS], hashed at {speed} (measured here), docker load at {loading} "
        f"[vertexcover: 13 GB uncompressed in 41 s]; the agent's {found.agent_mb:.1f} MB beside them, unpacked in "
        f"{found.agent_unpacked:.2f} s and first imported in {found.agent_imported:.2f} s (measured here)"
    )
    return (both(BURST_GBPS), both(baseline_gbps)), note


def _hash_gb_per_second(sample: Path) -> float:
    chunk = bytes(range(256)) * 4096
    with sample.open("wb") as file:
        for _ in range(SAMPLE_BYTES // len(chunk)):
            file.write(chunk)
    size = sample.stat().st_size
    seconds = _seconds(["openssl", "dgst", "-sha256", "-r", str(sample)])
    sample.unlink()
    return size / 1e9 / seconds


def _agent_bundle() -> Path:
    target = here(of_nodes=True)
    build(ROOT, target, print)
    return load(ROOT, target)[NODE].path


def _seconds(command: Sequence[str], folder: Path | None = None, times: int = 3) -> float:
    """Return the median time of a command that succeeds."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        taken.append(time.perf_counter() - begun)
    return median(taken)
