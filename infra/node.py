"""What a node is told at its start: the values of its boot script, and the script itself as user data."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from catalog.engines import ENGINES, LLAMA_CPP, VLLM, Engine
from catalog.sizing import need
from infra.naming import Names
from infra.objects import agent_key, engine_key, model_key
from infra.rendering import render
from infra.serving import Serving

MAXIMUM_BYTES = 16 * 1024
"""What EC2 takes as user data, before base64."""

BOOT_PREFIX = "boot/"
"""Where in the pool's bucket nodes leave why they went."""

NODE_PORT = 8443
ENGINE_PORTS: Mapping[str, int] = MappingProxyType({LLAMA_CPP: 8080, VLLM: 8000})
QUEUE_PER_SLOT = 1
DRAIN_SECONDS, SPOT_DRAIN_SECONDS = 120, 90
"""How long requests are left to end: after the order to drain, and after the notice of two minutes for a spot node."""

ENGINE_SPACE_GIB: Mapping[str, int] = MappingProxyType({LLAMA_CPP: 8, VLLM: 40})
"""Disk space for the archive of an engine's image and for what stands beside it, by engine."""

_WORD = re.compile(r"[A-Za-z0-9._:/@-]+")


@dataclass(frozen=True)
class Artefact:
    """An object of the pool's bucket, known to the byte."""

    key: str
    sha256: str


@dataclass(frozen=True)
class ModelObject:
    """One file of the model, by its name in the model's folder."""

    name: str
    sha256: str
    bytes: int

    @property
    def key(self) -> str:
        """The object of the bucket that it is fetched from."""
        return model_key(self.sha256, self.name)


@dataclass(frozen=True)
class NodeValues:
    """Everything that the boot script holds. No value is a secret: each node makes its keys by itself.

    `gpu_memory_mib` is what the model takes of the GPUs with all slots in use; `engine_image` is what the archive was
    made from, with its digest, for people to read; `drain_seconds` and `spot_drain_seconds` are how long running
    requests are left to end.
    """

    stack: str
    region: str
    group: str
    table: str
    bucket: str
    agent: Artefact
    engine: str
    engine_image: str
    engine_archive: Artefact
    model: str
    model_files: tuple[ModelObject, ...]
    slots: int
    context_tokens: int
    gpu_memory_mib: int
    boot_prefix: str = BOOT_PREFIX
    port: int = NODE_PORT
    queue_per_slot: int = QUEUE_PER_SLOT
    drain_seconds: int = DRAIN_SECONDS
    spot_drain_seconds: int = SPOT_DRAIN_SECONDS

    @property
    def server(self) -> Engine:
        """What is known of the engine."""
        return ENGINES[self.engine]

    @property
    def engine_port(self) -> int:
        """Where the engine listens, on loopback."""
        return ENGINE_PORTS[self.engine]

    @property
    def weights(self) -> str:
        """The file that llama.cpp is started with: the first, where a model is split over several."""
        return next(file.name for file in self.model_files if file.name.endswith(self.server.weights))

    @property
    def space_bytes(self) -> int:
        """How much room the node must have before it fetches anything."""
        return sum(file.bytes for file in self.model_files) + ENGINE_SPACE_GIB[self.engine] * 1024**3


def node_values(
    names: Names,
    serving: Serving,
    bucket: str,
    agent_sha256: str,
    engine_image: str,
    engine_archive_sha256: str,
) -> NodeValues:
    """Return the values for the nodes of a stack. Hashes are hex digits; keys of objects hold them."""
    model = serving.model
    return NodeValues(
        stack=names.stack,
        region=names.place.region,
        group=names.group,
        table=names.table,
        bucket=bucket,
        agent=Artefact(agent_key(agent_sha256), agent_sha256),
        engine=serving.engine,
        engine_image=engine_image,
        engine_archive=Artefact(engine_key(engine_archive_sha256), engine_archive_sha256),
        model=model.id,
        model_files=tuple(ModelObject(file.name, file.sha256, file.bytes) for file in model.files),
        slots=serving.slots,
        context_tokens=serving.context_tokens,
        gpu_memory_mib=int(need(model, serving.context_tokens, serving.slots).total),
    )


def user_data(values: NodeValues) -> str:
    """Return the boot script, as text; raises ValueError for a name that units and shells would read otherwise."""
    names = (values.model, values.engine_image, *(file.name for file in values.model_files))
    for name in names:
        if not _WORD.fullmatch(name):
            raise ValueError(f"{name!r} cannot stand in a node's units; allowed are letters, digits and . _ : / @ -")
    return _without_comments(render("node/boot.sh.j2", node=values))


def _without_comments(script: str) -> str:
    """Leave out the comments but for those at its head: who reads it reads the templates, and space is short."""
    head, _, body = script.partition("\n\n")
    lines = [line for line in body.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    return "\n".join([head, "", *lines, ""])
