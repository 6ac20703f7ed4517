"""What stands for the pins of a stack file where nothing is deployed: a check and a page need some, not which."""

from collections.abc import Mapping
from types import MappingProxyType

PINS: Mapping[str, str] = MappingProxyType(
    {
        "leanto:gpuAmiId": "ami-00000000000000000",
        "leanto:gpuEngineImage": f"registry.invalid/engine@sha256:{64 * '0'}",
        "leanto:gpuEngineArchiveSha256": 64 * "0",
    }
)
"""By key; `leanto up` and the `pin` commands write the real ones."""


def missing_pins(values: Mapping[str, str]) -> dict[str, object]:
    """Return a stand-in for each pin that a stack with a pool does not have yet."""
    if values.get("leanto:mode") not in {"gpu", "hybrid"}:
        return {}
    return {key: value for key, value in PINS.items() if not values.get(key)}
