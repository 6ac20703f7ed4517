"""What nodes of the box start from: the tiny model and the stand-in image, in the pool's bucket as any stack's are."""

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog.open_models import OpenModel
from catalog.tables import catalogue
from infra.objects import engine_key, model_key
from leanto.artefacts.bucket import Bucket
from leanto.artefacts.watch import Watch
from leanto.embedded.instances.image import stand_in_image
from leanto.embedded.instances.tiny_model import write_tiny_model

PROD = "prod"


def tiny_model() -> OpenModel:
    """Return the catalogue's model for demos and tests."""
    return next(row for row in catalogue().open_models.values() if row.for_tests)


def artefact_settings(config: Mapping[str, str]) -> dict[str, object]:
    """Return the settings of a stack with a pool that have its nodes in the box run on this machine.

    The model is another one, with a context as long as it knows, wherever the stack names its own. A stack for
    production keeps its model, which has no use in the box: its nodes find no such file and say so.
    """
    pinned = stand_in_image().settings
    if config["leanto:environment"] == PROD:
        return pinned
    model = tiny_model()
    routes = [
        {**route, **({"localModel": model.id} if route.get("localModel") else {})}
        for route in json.loads(config["leanto:routes"])
    ]
    context = min(int(config["leanto:gpuContextTokens"]), model.context_tokens)
    return {
        **pinned,
        "leanto:gpuModel": model.id,
        "leanto:gpuEngine": model.engine,
        "leanto:gpuContextTokens": context,
        "leanto:routes": routes,
    }


def put_artefacts(bucket: Bucket, watch: Watch) -> None:
    """Put model and image into a stack's bucket, unless they are there."""
    (file,) = tiny_model().files
    image = stand_in_image()
    with TemporaryDirectory() as folder:
        made, archive = Path(folder) / file.name, Path(folder) / "engine.tar"
        write_tiny_model(made)
        archive.write_bytes(image.archive)
        wanted = (
            (made, model_key(file.sha256, file.name), file.sha256),
            (archive, engine_key(image.sha256), image.sha256),
        )
        for path, key, sha256 in wanted:
            if bucket.stored(key) is None:
                bucket.upload(path, key, sha256, watch)
