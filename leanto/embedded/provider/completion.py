"""What the stand-in says: simulated text, plausible token counts, OpenAI's documents and chunks; pure.

Nothing of a prompt is repeated: the text tells only how long it was.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BYTES_PER_TOKEN = 4
TOKENS_PER_MESSAGE = 4
TOKENS_PER_PROMPT = 3
WORDS_PER_CHUNK = 2
DEFAULT_MAXIMUM_TOKENS = 4096

TEXT = (
    "[simulated] No model was asked. This is leanto's provider stand-in, answering as {model}. It received {messages} "
    "of about {prompt_tokens} tokens in all, and this text comes back piece by piece, as a provider's answer would. "
    "With a real provider's key in the stack, a real model answers here."
)


@dataclass(frozen=True)
class Completion:
    """One simulated answer; `pieces` are the texts of its chunks, `finish_reason` is stop or length."""

    completion_id: str
    created: int
    model: str
    pieces: tuple[str, ...]
    finish_reason: str
    choices: int
    prompt_tokens: int
    include_usage: bool

    @property
    def text(self) -> str:
        """The whole text of one choice."""
        return "".join(self.pieces)

    @property
    def usage(self) -> dict[str, Any]:
        """Token counts as OpenAI reports them."""
        completion_tokens = self.choices * count_tokens(self.text)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": self.prompt_tokens + completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }

    def document(self) -> dict[str, Any]:
        """Return the answer to a request that is not streamed."""
        message = {"role": "assistant", "content": self.text, "refusal": None}
        choices = [
            {"index": index, "message": message, "logprobs": None, "finish_reason": self.finish_reason}
            for index in range(self.choices)
        ]
        return self._head("chat.completion") | {"choices": choices, "usage": self.usage}

    def chunks(self) -> Iterator[dict[str, Any]]:
        """Yield the chunks of a streamed answer: role, pieces, end, and usage where it was asked for."""
        for index in range(self.choices):
            yield self._chunk(index, {"role": "assistant", "content": "", "refusal": None})
        for piece in self.pieces:
            for index in range(self.choices):
                yield self._chunk(index, {"content": piece})
        for index in range(self.choices):
            yield self._chunk(index, {}, self.finish_reason)
        if self.include_usage:
            yield self._head("chat.completion.chunk") | {"choices": [], "usage": self.usage}

    def _chunk(self, index: int, delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        usage = {"usage": None} if self.include_usage else {}
        return self._head("chat.completion.chunk") | {"choices": [choice]} | usage

    def _head(self, kind: str) -> dict[str, Any]:
        head = {"id": self.completion_id, "object": kind, "created": self.created, "model": self.model}
        return head | {"service_tier": "default", "system_fingerprint": "fp_simulated"}


def count_tokens(text: str) -> int:
    """Return a plausible number of tokens: one for four bytes of UTF-8, at least one for any text."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def count_prompt_tokens(messages: list[Any]) -> int:
    """Return a plausible number of tokens of a request's messages."""
    texts = (json.dumps(message.get("content"), ensure_ascii=False) for message in messages)
    return TOKENS_PER_PROMPT + sum(TOKENS_PER_MESSAGE + count_tokens(text) for text in texts)


def complete(request: Mapping[str, Any], serial: int) -> Completion:
    """Return the simulated answer to a chat request; `serial` numbers the answers."""
    messages = request["messages"]
    prompt_tokens = count_prompt_tokens(messages)
    maximum_tokens = request.get("max_completion_tokens") or request.get("max_tokens") or DEFAULT_MAXIMUM_TOKENS
    count = f"{len(messages)} message" + ("s" if len(messages) != 1 else "")
    text = TEXT.format(model=request["model"], messages=count, prompt_tokens=prompt_tokens)
    if (request.get("response_format") or {}).get("type") in {"json_object", "json_schema"}:
        text = json.dumps({"simulated": True, "note": text})
    shown = text.encode()[: maximum_tokens * BYTES_PER_TOKEN].decode("utf-8", "ignore")
    words = shown.split(" ")
    spaced = [word if index == 0 else f" {word}" for index, word in enumerate(words)]
    pieces = tuple("".join(spaced[start : start + WORDS_PER_CHUNK]) for start in range(0, len(spaced), WORDS_PER_CHUNK))
    return Completion(
        completion_id=f"chatcmpl-simulated-{serial}",
        created=int(time.time()),
        model=str(request["model"]),
        pieces=pieces,
        finish_reason="stop" if shown == text else "length",
        choices=int(request.get("n") or 1),
        prompt_tokens=prompt_tokens,
        include_usage=bool((request.get("stream_options") or {}).get("include_usage")),
    )
