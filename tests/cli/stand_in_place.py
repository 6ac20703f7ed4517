"""A deployed stack as the commands see one, on the embedded AWS."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any


@dataclass
class StandInPlace:
    """What commands that work on the table use of a place; the stack's limit is 50 USD a month."""

    client: Any
    outputs: dict[str, Any]
    options: str = "--stack dev"
    stack: str = "dev"
    box: None = None
    settings: Any = field(default_factory=lambda: SimpleNamespace(monthly_spend_usd=50))
