"""How many text units the checks of an answer can take that nobody has seen yet; pure."""

from collections.abc import Sequence

from runtime.decide.guardrail import MAXIMUM_UNITS, UNIT_CHARACTERS
from runtime.gateway.chat_request import ChatRequest
from runtime.gateway.deployment import ProviderUpstream, Upstream
from runtime.gateway.spending import bounded

CHARACTERS_PER_TOKEN = 8
"""Twice what English has. A longer answer is checked all the same: what is missing is put aside before its check."""


def output_units(request: ChatRequest, upstreams: Sequence[Upstream], buffer_characters: int) -> int:
    """Return the units of the longest answer; of a stream, each part of `buffer_characters` begins units of its own."""
    demand = bounded(request)
    longest = [one.price.maximum_output_tokens or 0 for one in upstreams if isinstance(one, ProviderUpstream)]
    tokens = (max(longest, default=0) if demand.output_tokens is None else demand.output_tokens) * demand.choices
    characters = tokens * CHARACTERS_PER_TOKEN
    if request.stream and buffer_characters:
        return (1 + characters // buffer_characters) * (1 + buffer_characters // UNIT_CHARACTERS)
    return min(MAXIMUM_UNITS, demand.choices + characters // UNIT_CHARACTERS)
