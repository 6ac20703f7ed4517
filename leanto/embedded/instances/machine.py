"""Plays the machine of an instance: its GPU, its disks and its shutdown, as the catalogue knows the instance type."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from catalog.rows import Instance
from leanto.embedded.instances.reply import Reply

DRIVER = "box"
"""There is no driver: whoever reads the version sees that."""
ROOT_DISK, NVME_DISK = "/dev/nvme0n1", "/dev/nvme1n1"
ROOT_MODEL, NVME_MODEL = "Amazon Elastic Block Store", "Amazon EC2 NVMe Instance Storage"
ROOT_GB = 60
Shutdown = Callable[[], Awaitable[None]]


class Machine:
    """The hardware of one instance; `row` is None for a type that the catalogue does not know, which has no GPU."""

    def __init__(self, row: Instance | None, shutdown: Shutdown) -> None:
        self._row = row
        self._shutdown = shutdown
        self._label = ""
        self._mounted_at = ""

    async def command(self, name: str, argv: Sequence[str]) -> Reply:
        """Carry out one command line."""
        if name in {"shutdown", "poweroff"}:
            await self._shutdown()
            return Reply()
        if name.startswith("mkfs."):
            self._label = _after(argv, "-L")
            return self._on_nvme(argv[-1] if argv else "")
        return {"nvidia-smi": self._nvidia_smi, "lsblk": self._lsblk, "mount": self._mount, "df": self._df}[name](argv)

    def _nvidia_smi(self, argv: Sequence[str]) -> Reply:
        row = self._row
        if row is None or not row.gpu_count:
            return Reply("No devices were found", status=6)
        query = next((word.partition("=")[2] for word in argv if word.startswith("--query-gpu=")), "")
        layout = next((word.partition("=")[2].split(",") for word in argv if word.startswith("--format=")), [])
        if not query:
            gpus = [f"GPU {index}: NVIDIA {row.gpu} (stand-in)" for index in range(row.gpu_count)]
            return Reply("\n".join(gpus))
        told = {
            "name": f"NVIDIA {row.gpu}",
            "count": str(row.gpu_count),
            "driver_version": DRIVER,
            "memory.total": str(row.gpu_memory_mib) + ("" if "nounits" in layout else " MiB"),
        }
        if unknown := [key for key in query.split(",") if key not in told]:
            return Reply(f'Field "{unknown[0]}" is not a valid field to query.', status=2)
        line = ", ".join(told[key] for key in query.split(","))
        return Reply("\n".join(([] if "noheader" in layout else [query]) + [line] * row.gpu_count))

    def _lsblk(self, argv: Sequence[str]) -> Reply:
        """Answer the questions of a boot script: name and model of each disk, or one column of one disk."""
        if argv and argv[-1] == NVME_DISK:
            return Reply({"LABEL": self._label, "MOUNTPOINT": self._mounted_at}.get(argv[-2].rpartition(" ")[2], ""))
        if list(argv) != ["-dnpo", "NAME,MODEL"]:
            return Reply(stderr=f"lsblk: the box does not play {' '.join(argv)}", status=1)
        disks = [(ROOT_DISK, ROOT_MODEL)] + ([(NVME_DISK, NVME_MODEL)] if self._nvme_gb else [])
        return Reply("\n".join(f"{disk} {model}" for disk, model in disks))

    def _mount(self, argv: Sequence[str]) -> Reply:
        if len(argv) < 2:
            return Reply(stderr="mount: the box mounts one disk at one folder", status=1)
        disk, folder = argv[-2:]
        refusal = self._on_nvme(disk)
        if not refusal.status and Path(folder).is_dir():
            self._mounted_at = folder
        return refusal

    def _df(self, argv: Sequence[str]) -> Reply:
        """Tell the size of the disk on which a folder would lie: it is this machine's disk that fills."""
        on_nvme = bool(self._mounted_at) and argv[-1].startswith(self._mounted_at)
        return Reply(f"Avail\n{(self._nvme_gb if on_nvme else ROOT_GB) * 10**9}")

    def _on_nvme(self, disk: str) -> Reply:
        if disk == NVME_DISK and self._nvme_gb:
            return Reply()
        return Reply(stderr=f"{disk}: the box has no such disk", status=1)

    @property
    def _nvme_gb(self) -> int:
        return self._row.local_nvme_gb if self._row is not None else 0


def _after(argv: Sequence[str], flag: str) -> str:
    """Return the word after a flag, "" where there is none."""
    words = list(argv)
    return words[words.index(flag) + 1] if flag in words[:-1] else ""
