"""A machine on which the boot script runs for real: stand-ins only for what it must not touch or cannot have here.

Real are bash, curl, openssl, sed, df's caller and the metadata service's client side; stand-ins note how they were
called, and do what the case says.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from infra.node import Artefact, ModelObject, NodeValues, user_data
from leanto.embedded.instances.metadata import MetadataService
from runtime.state.attributes import from_item

RUN_SECONDS = 60
IMAGE_ID = "sha256:" + "1f" * 32
WEIGHTS, ARCHIVE = b"the weights", b"the engine's archive"

COMMANDS = Path(__file__).parent / "commands"
"""The stand-ins. Each notes its call; what it does stands in files of the store."""


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def agent_archive(path: Path, source: str = "") -> bytes:
    """Write an agent that can be imported, or cannot."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("runtime/__init__.py", "runtime/node/__init__.py"):
            archive.writestr(name, "")
        archive.writestr("runtime/node/__main__.py", source)
    return path.read_bytes()


def values_for(engine: str, agent: bytes) -> NodeValues:
    """Return values for which the machine's bucket has everything."""
    name = "tiny.gguf" if engine == "llama.cpp" else "tiny.safetensors"
    files = [ModelObject(name, digest(WEIGHTS), len(WEIGHTS))]
    if engine == "vllm":
        files.append(ModelObject("config.json", digest(b"{}"), 2))
    return NodeValues(
        stack="box",
        region="eu-west-1",
        group="leanto-box-pool",
        table="leanto-box",
        bucket="the-bucket",
        agent=Artefact(f"agent/{digest(agent)}.zip", digest(agent)),
        engine=engine,
        engine_image="ghcr.io/ggml-org/llama.cpp:server@sha256:" + "ab" * 32,
        engine_archive=Artefact(f"engines/{digest(ARCHIVE)}.tar", digest(ARCHIVE)),
        model="tiny-random",
        model_files=tuple(files),
        slots=2,
        context_tokens=1024,
        gpu_memory_mib=10_000,
    )


@dataclass
class Machine:
    """One instance: its root, its bucket and table, and everything that was called."""

    folder: Path
    metadata: MetadataService
    values: NodeValues
    script: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    output: str = ""

    @classmethod
    def make(cls, folder: Path, metadata: MetadataService, engine: str = "llama.cpp") -> "Machine":
        """Return a machine on which a boot goes well."""
        for name in ("store", "calls", "root/dev"):
            (folder / name).mkdir(parents=True)
        shutil.copytree(COMMANDS, folder / "bin")
        agent = agent_archive(folder / "agent.zip")
        made = cls(folder, metadata, values_for(engine, agent))
        made.script = user_data(made.values)
        made.put(made.values.agent.key, agent)
        made.put(made.values.engine_archive.key, ARCHIVE)
        for file in made.values.model_files:
            made.put(file.key, WEIGHTS if file.name.startswith("tiny") else b"{}")
        told = {"gpu": "23034", "disks": "", "mounted": "", "label": "", "off": "0", "image-id": IMAGE_ID}
        for name, text in (told | {"free": str(60 * 1024**3)}).items():
            made.put(name, f"{text}\n".encode())
        return made

    def change(self, **changes: Any) -> None:
        """Render the script anew for other values."""
        self.values = replace(self.values, **changes)
        self.script = user_data(self.values)

    def put(self, name: str, data: bytes) -> None:
        """Put something into the bucket, or tell a stand-in what to do."""
        path = self.folder / "store" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def without(self, *names: str) -> None:
        """Take stand-ins away, and put in their place what only fails."""
        for name in names:
            (self.folder / "bin" / name).write_text("#!/bin/bash\nexit 9\n")
            (self.folder / "bin" / name).chmod(0o755)

    def run(self, *arguments: str) -> int:
        """Run the script as cloud-init does; returns its exit status."""
        path = self.folder / "user-data"
        path.write_text(self.script)
        return self._run(path, *arguments)

    def run_again(self, *arguments: str) -> int:
        """Run what the first boot has left for further ones, as its units do."""
        return self._run(self.root / "opt/leanto/boot", *arguments)

    def forget(self) -> None:
        """Forget what was called so far."""
        shutil.rmtree(self.folder / "calls")
        (self.folder / "calls").mkdir()

    def _run(self, path: Path, *arguments: str) -> int:
        environment = {
            "PATH": f"{self.folder / 'bin'}:/usr/sbin:/usr/bin:/sbin:/bin",
            "PYTHON": sys.executable,
            "STORE": str(self.folder / "store"),
            "CALLS": str(self.folder / "calls"),
            "LEANTO_ROOT": str(self.root),
            "AWS_ENDPOINT_URL": self.metadata.url,
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.metadata.url,
            **self.variables,
        }
        done = subprocess.run(
            ["bash", path, *arguments], env=environment, check=False, capture_output=True, timeout=RUN_SECONDS
        )
        self.output = (done.stdout + done.stderr).decode()
        return done.returncode

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def calls(self) -> list[list[str]]:
        """What was called, in order."""
        paths = sorted((self.folder / "calls").iterdir())
        return [path.read_text().split("\0")[:-1] for path in paths]

    def called(self, *words: str) -> list[list[str]]:
        """Return the calls that begin with some words."""
        return [call for call in self.calls if tuple(call[: len(words)]) == words]

    @property
    def item(self) -> dict[str, Any]:
        """What the table says of the node after all updates, in the form in which the runtime reads it."""
        item: dict[str, Any] = {}
        for call in self.called("aws", "dynamodb", "update-item"):
            given = dict(zip(call[3::2], call[4::2], strict=True))
            names = json.loads(given["--expression-attribute-names"])
            written = json.loads(given["--expression-attribute-values"])
            for part in given["--update-expression"].removeprefix("SET ").split(","):
                name, _, value = part.partition("=")
                item[names[name]] = written[value]
            item |= json.loads(given["--key"])
        return from_item(item)

    @property
    def told(self) -> str:
        """What the node left in the bucket."""
        return (self.folder / f"store/boot/{self.metadata.facts.instance_id}.txt").read_text()

    @property
    def log(self) -> str:
        return (self.root / "var/log/leanto-boot.log").read_text()

    def unit(self, name: str) -> str:
        return (self.root / "etc/systemd/system" / name).read_text()

    def running(self) -> list[str]:
        """Return the command lines of what still runs on it."""
        done = subprocess.run(["pgrep", "-af", str(self.folder)], capture_output=True, check=False, text=True)
        return [line for line in done.stdout.splitlines() if "pgrep" not in line]
