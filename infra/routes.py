"""A public model name and what answers for it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Route:
    """A name that clients ask for, with a model of a provider, a model of the GPU pool, or both; empty means none."""

    model: str
    provider: str = ""
    provider_model: str = ""
    local_model: str = ""
