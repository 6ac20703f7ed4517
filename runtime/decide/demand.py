"""How many tokens a request can use at most, read from the request alone, without a tokenizer; pure.

The bound of a prompt: a token of a byte-level tokenizer (byte-pair encoding over UTF-8, as in OpenAI's, Llama's, Qwen's
and Mistral's) stands for at least one byte, and one with byte fallback (SentencePiece, as in Gemini's) writes what it
does not know as its bytes. So a text has no more tokens than bytes, and in JSON it has no fewer bytes than in plain.
Some tokenizers first bring the text into Unicode's compatibility form (NFKC), which can be longer: then that counts.
What providers add around the text (roles, separators, their own instructions for tools and schemas) is covered by fixed
numbers of tokens; of those that are documented, Anthropic's for tools are the longest, about 530.

Images cost tokens by their own price (`runtime.decide.images`); what costs money in other ways than by tokens is
refused: see `check_priced`.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from runtime.decide.endpoints import CHAT, EMBEDDINGS, INPUTS
from runtime.decide.images import counted, flaw, image_parts, is_image
from runtime.decide.prices import Demand

REQUEST_TOKENS = 1024
MESSAGE_TOKENS = 16
TOOL_TOKENS = 64
IMAGE_TOKENS = 64
"""Around an image, besides what it costs itself."""

MAXIMUM_NAMES = ("max_tokens", "max_completion_tokens")
TEXT_PARTS = frozenset({"text", "refusal"})
PRICED_TOOLS = frozenset({"function", "custom"})

UNPRICED_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "audio": "spoken answers are priced by other tokens",
        "extra_body": "what it asks for is not known here",
        "google": "Google's own options can ask for tools that cost by the call",
        "inference_geo": "where a request is processed can change its price",
        "plugins": "they cost by the call",
        "prediction": "predicted text that is not used is billed as output",
        "speed": "faster answers have another price",
        "web_search_options": "searches cost by the call",
    }
)
"""Fields that can make a request cost more than its tokens, and why; absent and null are the same."""

PRICED_VALUES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "service_tier": frozenset({"auto", "default", "standard", "flex"}),
        "prompt_cache_retention": frozenset({"in_memory", "in-memory"}),
    }
)
"""Fields of which only some values are covered by the known prices: priority, and long retention, cost more."""

CACHE_MEMBERS: Mapping[str, frozenset[Any]] = MappingProxyType(
    {"mode": frozenset({"implicit", "explicit"}), "ttl": frozenset({"30m"})}
)
"""Of `prompt_cache_options`: what is kept for longer is counted apart by the provider, at a price not known here."""

COUNTED_FIELDS = (
    *MAXIMUM_NAMES, *INPUTS.values(),
    "background", "best_of", "conversation", "functions", "max_output_tokens", "modalities", "n",
    "previous_response_id", "store", "stream", "stream_options", "tools",
)  # fmt: skip
_NAMES = {name.lower() for name in (*COUNTED_FIELDS, *UNPRICED_FIELDS, *PRICED_VALUES)}


class UnpricedError(ValueError):
    """A request whose price has no bound; the text says why, and `param` which of its fields is the reason.

    `wrong_type` is true when the field has a value of a kind that no provider takes. The text repeats nothing of it.
    """

    def __init__(self, param: str, reason: str, *, wrong_type: bool = False):
        super().__init__(reason)
        self.param = param
        self.reason = reason
        self.wrong_type = wrong_type


def demand_of(fields: Mapping[str, Any], text: str) -> Demand:
    """Return the most that a chat request can use; `fields` are the members of the JSON object that `text` is.

    Raises UnpricedError for what has no bound or no known price.
    """
    check_priced(fields)
    messages = fields.get("messages") or ()
    tools = [*list_of(fields, "tools"), *list_of(fields, "functions")]
    images = counted(image_parts(fields, CHAT))
    overhead = REQUEST_TOKENS + MESSAGE_TOKENS * len(messages) + TOOL_TOKENS * len(tools) + IMAGE_TOKENS * images.count
    maxima = [value for name in MAXIMUM_NAMES if (value := number_of(fields, name)) is not None]
    # Providers differ in which of the two they follow, so the larger one counts.
    return Demand(
        prompt_tokens=text_tokens(text) - images.inline_bytes + overhead,
        output_tokens=max(maxima, default=None),
        choices=number_of(fields, "n") or 1,
        images=images,
    )


def demand_of_prompts(fields: Mapping[str, Any], text: str, endpoint: str) -> Demand:
    """Return the most that a request without messages can use: to complete plain text, or to embed it.

    Such servers follow `max_tokens` alone, and answer each of several prompts. Raises UnpricedError.
    """
    check_priced(fields)
    prompts = _prompts(INPUTS[endpoint], fields.get(INPUTS[endpoint]))
    tokens = text_tokens(text) + REQUEST_TOKENS + MESSAGE_TOKENS * prompts
    if endpoint == EMBEDDINGS:
        return Demand(tokens, output_tokens=0, prompts=prompts)
    choices = max(number_of(fields, "n") or 1, number_of(fields, "best_of") or 1)
    return Demand(tokens, number_of(fields, "max_tokens"), choices * prompts, prompts)


def _prompts(name: str, value: Any) -> int:
    """Return how many prompts a field holds: a text, tokens by number, or a list of either."""
    if isinstance(value, str) or _is_tokens(value):
        return 1
    if isinstance(value, list) and value and all(isinstance(each, str) or _is_tokens(each) for each in value):
        return len(value)
    raise UnpricedError(name, f"'{name}' must be text, numbers of tokens, or a list of them", wrong_type=True)


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(type(each) is int for each in value)


def text_tokens(text: str) -> int:
    """Return the most tokens that a request's text can have."""
    escaped = "\\u" in text
    if text.isascii() and not escaped:
        return len(text)
    plain = json.dumps(json.loads(text), ensure_ascii=False) if escaped else text
    return max(_bytes(text), _bytes(unicodedata.normalize("NFKC", plain)))


def _bytes(text: str) -> int:
    """Return the size of a text in UTF-8; half a surrogate pair, which JSON may hold, counts as one character."""
    return len(text.encode("utf-8", "surrogatepass"))


def check_priced(fields: Mapping[str, Any]) -> None:
    """Raise UnpricedError for the first thing in a request that the prices of text tokens do not cover."""
    for param, reason in _unpriced(fields):
        raise UnpricedError(param, reason)


def _unpriced(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        yield from unpriced_field(name, value)
    yield from unpriced_options(fields)
    if any(modality != "text" for modality in list_of(fields, "modalities")):
        yield "modalities", "only text has a known price"
    for tool in list_of(fields, "tools"):
        if not is_of(PRICED_TOOLS, tool):
            yield "tools", "a provider's own tools cost by the call; only those of type function are priced"
    for message in list_of(fields, "messages"):
        yield from _unpriced_message(message)
    yield from (("messages", reason) for part in image_parts(fields, CHAT) if (reason := flaw(part)))


def unpriced_field(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield a field's name and the reason, if the field can make a request cost more than its tokens."""
    if name not in _NAMES and name.casefold() in _NAMES:
        yield name.casefold(), "some servers take the name in any case, so it must be written in small letters"
    if value is None:
        return
    if name in UNPRICED_FIELDS:
        yield name, UNPRICED_FIELDS[name]
    if name in PRICED_VALUES and not (isinstance(value, str) and value in PRICED_VALUES[name]):
        yield name, f"only {' and '.join(sorted(PRICED_VALUES[name]))} have a known price"


def unpriced_options(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the options of known fields that can cost more than the request's tokens at the known prices."""
    reasoning, cache = fields.get("reasoning"), fields.get("prompt_cache_options")
    if isinstance(reasoning, Mapping) and reasoning.get("mode") not in (None, "standard"):
        yield "reasoning", "modes other than standard may write more than the request's maximum"
    if cache is None:
        return
    known = isinstance(cache, Mapping) and all(
        value is None or (isinstance(value, str) and value in CACHE_MEMBERS.get(name, ()))
        for name, value in cache.items()
    )
    if not known:
        yield "prompt_cache_options", "only its mode and a ttl of 30m have a known price"


def _unpriced_message(message: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(message, Mapping):
        return
    if message.get("audio") is not None:
        yield "messages", "audio has no known price"
    content = message.get("content")
    for part in content if isinstance(content, list) else ():
        if not (isinstance(part, str) or is_image(part, CHAT) or is_of(TEXT_PARTS, part)):
            yield "messages", "only text and images have a known price: audio and files are not passed on"
    if isinstance(content, Mapping):
        yield "messages", "content must be text or a list of parts of text"


def is_of(types: frozenset[str], part: Any) -> bool:
    """Return whether a part of a request is an object of one of several types."""
    kind = part.get("type") if isinstance(part, Mapping) else None
    return isinstance(kind, str) and kind in types


def list_of(fields: Mapping[str, Any], name: str) -> list[Any]:
    """Return a field that is a list, empty where there is none; raises UnpricedError for anything else."""
    value = fields.get(name)
    if value is not None and not isinstance(value, list):
        raise UnpricedError(name, f"'{name}' must be a list", wrong_type=True)
    return value or []


def number_of(fields: Mapping[str, Any], name: str) -> int | None:
    """Return a number of the request; zero is refused, as servers exist that take it for no limit."""
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise UnpricedError(name, f"'{name}' must be a whole number of at least 1", wrong_type=True)
    return value
