"""Where things lie in the pool's bucket: each under a key that names its SHA-256, so that none is ever another."""

MODELS, ENGINES, AGENTS = "models/", "engines/", "agent/"


def model_key(sha256: str, name: str) -> str:
    """Return the key of one file of a model."""
    return f"{MODELS}{sha256}/{name}"


def engine_key(sha256: str) -> str:
    """Return the key of the archive that holds an engine's image."""
    return f"{ENGINES}{sha256}.tar"


def agent_key(sha256: str) -> str:
    """Return the key of the node agent's archive."""
    return f"{AGENTS}{sha256}.zip"
