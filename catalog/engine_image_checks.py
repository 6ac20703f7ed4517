"""What must hold of the engines' images; `catalog.tables` refuses data that breaks it."""

import re
from collections.abc import Iterator

from catalog.engine_images import PATTERN, EngineImage, image_for
from catalog.engines import ENGINES
from catalog.figures import MARKS, one_of, positive
from catalog.rows import Catalogue

_SHA256 = re.compile(r"[0-9a-f]{64}")


def engine_image_problems(catalogue: Catalogue) -> Iterator[str]:
    """Yield every contradiction in the images of the engines."""
    for row in catalogue.engine_images.values():
        yield from _image(row)
    for engine in ENGINES:
        if image_for(engine, catalogue.engine_images.values()) is None:
            yield f"engine {engine}: no image serves it"


def _image(row: EngineImage) -> Iterator[str]:
    where = f"image {row.image}"
    yield from positive(where, cuda=row.cuda, driver=row.driver)
    yield from one_of(where, "engine", row.engine, frozenset(ENGINES))
    yield from one_of(where, "mark", row.mark, MARKS)
    if not re.fullmatch(PATTERN, row.image):
        yield f"{where}: it must be HOST/NAME:TAG@sha256: and 64 hexadecimal digits"
    if row.archive_sha256 and not _SHA256.fullmatch(row.archive_sha256):
        yield f"{where}: archive_sha256 must be 64 lower-case hexadecimal digits"
