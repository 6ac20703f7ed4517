"""What goes wrong while building bundles."""


class BundleError(Exception):
    """The bundles cannot be built. The message says what was wrong and what to do about it."""
