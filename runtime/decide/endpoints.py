"""The paths of OpenAI's API by which models are asked, and where each has what the model reads; pure."""

from collections.abc import Mapping
from types import MappingProxyType

CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES = "chat/completions", "completions", "embeddings", "responses"
INPUTS: Mapping[str, str] = MappingProxyType(
    {CHAT: "messages", COMPLETIONS: "prompt", EMBEDDINGS: "input", RESPONSES: "input"}
)
"""Endpoint -> the field that a request must have besides its model."""

ENDPOINTS = tuple(INPUTS)
