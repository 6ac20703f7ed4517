"""The guardrail of Bedrock that a stack's requests pass."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guardrail:
    """A guardrail of the stack's account and region, and the number of its version."""

    id: str
    version: str
