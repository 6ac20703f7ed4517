"""The engine's image of the box: an archive of a few kilobytes that names the program which stands in for the engine.

It is loaded as any other; what it starts is `leanto.embedded.instances.llama_server`, the real llama.cpp server on the
CPU. The box's stand-in for docker reads which from the label.
"""

import hashlib
import io
import json
from dataclasses import dataclass
from functools import cache

from catalog.engine_images import Reference
from leanto.artefacts.docker_archive import ArchiveWriter

PROGRAM_LABEL = "leanto.program"
"""Names the Python module that the box's docker runs with the container's arguments."""
PROGRAM = "leanto.embedded.instances.llama_server"
ENTRYPOINT = "/app/llama-server"
EMPTY_LAYER = bytes(1024)
"""A tar archive with nothing in it."""


@dataclass(frozen=True)
class StandInImage:
    """The archive, its checksum, and the image's name by its digest, as the settings pin them."""

    archive: bytes
    sha256: str
    reference: Reference

    @property
    def settings(self) -> dict[str, object]:
        """The settings of a stack in the box."""
        return {"leanto:gpuEngineImage": str(self.reference), "leanto:gpuEngineArchiveSha256": self.sha256}


@cache
def stand_in_image() -> StandInImage:
    """Return the image, the same on every machine."""
    layer = f"sha256:{hashlib.sha256(EMPTY_LAYER).hexdigest()}"
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Entrypoint": [ENTRYPOINT], "Labels": {PROGRAM_LABEL: PROGRAM}},
        "rootfs": {"type": "layers", "diff_ids": [layer]},
    }
    written = json.dumps(config, separators=(",", ":"), sort_keys=True).encode()
    named = Reference("box.invalid", "llama-server", f"sha256:{hashlib.sha256(written).hexdigest()}")
    file = io.BytesIO()
    writer = ArchiveWriter(file, named.node_name, written)
    writer.add_layer(layer, [EMPTY_LAYER])
    writer.close()
    archive = file.getvalue()
    return StandInImage(archive, hashlib.sha256(archive).hexdigest(), named)
