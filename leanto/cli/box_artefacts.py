"""In a box, nodes find what they start from without a push: the tiny model and the stand-in image."""

from leanto.artefacts.bucket import Bucket
from leanto.artefacts.watch import SILENT
from leanto.cli.place import Place
from leanto.embedded.instances.artefacts import put_artefacts


def give_artefacts(place: Place, bucket_name: str) -> None:
    """Put both into the pool's bucket, unless they are there; nothing for a stack without a pool."""
    if bucket_name:
        put_artefacts(Bucket(place.client("s3"), bucket_name), SILENT)
