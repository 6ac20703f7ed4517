"""How many tokens a request to the responses API can use at most, read from the request alone; pure.

The bound is that of chat requests (`runtime.decide.demand`): bytes for the prompt, `max_output_tokens` for the answer.
Thoughts that come back encrypted count by the bytes in which they come.

It holds only for what stands in the request. What the provider keeps has a length that the request does not tell, and
is kept for the stack's one account there: any key could name what another key's request left. So whatever refers to it
or has it kept is refused; requests go out with `store: false`.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from runtime.decide.demand import (
    IMAGE_TOKENS,
    MESSAGE_TOKENS,
    PRICED_TOOLS,
    REQUEST_TOKENS,
    TOOL_TOKENS,
    UnpricedError,
    is_of,
    list_of,
    number_of,
    text_tokens,
    unpriced_field,
    unpriced_options,
)
from runtime.decide.endpoints import RESPONSES
from runtime.decide.images import counted, flaw, image_parts, is_image
from runtime.decide.prices import Demand

MAXIMUM = "max_output_tokens"
OTHER_MAXIMA = ("max_tokens", "max_completion_tokens")
"""Of chat requests: servers that make one of a request to /responses may follow them."""

REFUSED_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "background_options": "an answer in the background is settled by nobody here",
        "context_management": "what the provider writes to compact a conversation has no bound in the request",
        "conversation": "what the provider keeps of a conversation has a length that the request does not tell",
        "previous_response_id": "nothing is kept at the provider; send the earlier input and output again",
        "prompt": "what a prompt kept at the provider holds is not known here",
    }
)
"""Fields whose cost or state has no bound, and why; absent and null are the same."""

REFUSED_UNLESS_FALSE: Mapping[str, str] = MappingProxyType(
    {
        "background": "an answer in the background would be settled by nobody here, and fetching it is not offered",
        "store": "answers are not kept at the provider, where any key could name another's, nor are they to be fetched",
    }
)

ITEMS: Mapping[str, str] = MappingProxyType(
    {
        "message": "content",
        "function_call": "",
        "function_call_output": "output",
        "custom_tool_call": "",
        "custom_tool_call_output": "output",
        "reasoning": "content",
    }
)
"""Items of the input that hold text and are priced by it, each with the member that may be a list of parts."""

PARTS = frozenset({"input_text", "output_text", "reasoning_text", "refusal", "text"})


def demand_of_response(fields: Mapping[str, Any], text: str) -> Demand:
    """Return the most that a request can use; `fields` are the members of the JSON object that `text` is.

    Raises UnpricedError for what has no bound or no known price.
    """
    for param, reason in _refused(fields):
        raise UnpricedError(param, reason)
    given = fields.get("input")
    items = given if isinstance(given, list) else (given,)
    images = counted(image_parts(fields, RESPONSES))
    overhead = REQUEST_TOKENS + MESSAGE_TOKENS * (1 + len(items)) + TOOL_TOKENS * len(list_of(fields, "tools"))
    maximum = number_of(fields, MAXIMUM)
    others = [value for name in OTHER_MAXIMA if (value := number_of(fields, name)) is not None]
    return Demand(
        prompt_tokens=text_tokens(text) - images.inline_bytes + overhead + IMAGE_TOKENS * images.count,
        output_tokens=None if maximum is None else max([maximum, *others]),
        choices=number_of(fields, "n") or 1,
        images=images,
    )


def _refused(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        yield from unpriced_field(name, value)
        if value is not None and name in REFUSED_FIELDS:
            yield name, REFUSED_FIELDS[name]
    for name, reason in REFUSED_UNLESS_FALSE.items():
        if fields.get(name) not in (None, False):
            yield name, reason
    yield from unpriced_options(fields)
    for tool in list_of(fields, "tools"):
        if not is_of(PRICED_TOOLS, tool):
            yield "tools", "a provider's own tools cost by the call; only those of type function and custom are priced"
    given = fields.get("input")
    for item in given if isinstance(given, list) else ():
        yield from _unpriced_item(item)
    yield from (("input", reason) for part in image_parts(fields, RESPONSES) if (reason := flaw(part)))


def _unpriced_item(item: Any) -> Iterator[tuple[str, str]]:
    if isinstance(item, str):
        return
    kind = item.get("type") if isinstance(item, Mapping) else ""
    if kind is None and item.get("role") is not None:
        kind = "message"
    if not isinstance(kind, str) or kind not in ITEMS:
        yield "input", "only messages, reasoning and calls of functions with their outputs are priced, each as a whole"
        return
    parts = item.get(ITEMS[kind]) if ITEMS[kind] else None
    if isinstance(parts, Mapping):
        yield "input", f"'{ITEMS[kind]}' must be text or a list of parts of text"
    for part in parts if isinstance(parts, list) else ():
        yield from _unpriced_part(part)


def _unpriced_part(part: Any) -> Iterator[tuple[str, str]]:
    if isinstance(part, str):
        return
    if not (is_image(part, RESPONSES) or is_of(PARTS, part)):
        yield "input", "only text and images have a known price: audio and files are not passed on"
        return
    breakpoint_ = part.get("prompt_cache_breakpoint")
    if isinstance(breakpoint_, Mapping) and breakpoint_.get("ttl") not in (None, "30m"):
        yield "input", "a prompt that is kept for longer than 30m has no known price"
