"""What can go wrong between a model or an image and the bucket, each with the remedy in its message."""


class ArtefactError(Exception):
    """Something needed for nodes could not be fetched, checked or stored; the message is written for the user."""


class SourceError(ArtefactError):
    """Whoever has the file does not give it: not there, not allowed, or not reachable."""


class WrongContentError(ArtefactError):
    """What was fetched or found is not what is pinned; it is not used."""


class NoRoomError(ArtefactError):
    """There is not enough room on the disk."""
