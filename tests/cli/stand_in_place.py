"""A deployed stack as the commands see one, on the embedded AWS."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

POOL_KEY = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
"""What the pool's bucket is encrypted with."""


@dataclass
class StandInPlace:
    """What commands that work on the table use of a place; the stack's limit is 50 USD a month."""

    client: Any
    outputs: dict[str, Any]
    options: str = "--stack dev"
    stack: str = "dev"
    box: None = None
    root: Path = Path()
    overlay: dict[str, object] = field(default_factory=dict)
    settings: Any = field(default_factory=lambda: SimpleNamespace(monthly_spend_usd=50))
