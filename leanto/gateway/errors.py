"""What keeps a gateway from starting as a server."""


class ServeError(Exception):
    """The gateway cannot be served as asked; the message says what was wrong and the remedy."""
