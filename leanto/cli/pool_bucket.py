"""Finds the bucket that the nodes of a deployed stack start from."""

from leanto.artefacts.bucket import Bucket
from leanto.cli.exits import CommandError, Exit
from leanto.cli.place import Place


def pool_bucket(place: Place) -> Bucket:
    """Return the bucket of the stack's pool. Raises CommandError for a stack without one."""
    name = place.outputs.get("pool_bucket_name")
    if not name:
        raise CommandError(
            f"stack {place.stack!r} has no bucket for nodes: it is of mode managed, or not deployed yet. "
            f"`leanto up {place.options}` deploys a stack of mode gpu or hybrid, at zero nodes.",
            Exit.PREREQUISITE,
        )
    return Bucket(place.client("s3"), str(name))
