"""What the stand-in says: simulated text, plausible token counts, OpenAI's documents and chunks; pure.

Nothing of a prompt is repeated: the text tells only how long it was.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from leanto.embedded.provider.samples import sample

BYTES_PER_TOKEN = 4
TOKENS_PER_MESSAGE = 4
TOKENS_PER_PROMPT = 3
TOKENS_PER_IMAGE = 85
IMAGE_PARTS = ("image_url", "input_image")
WORDS_PER_CHUNK = 2
DEFAULT_MAXIMUM_TOKENS = 4096
LOGPROB = -0.25
"""Of every token, and a quarter less for each alternative to it: nothing was computed."""

TEXT = (
    "[simulated] No model was asked. This is leanto's provider stand-in, answering as {model}. It received {messages} "
    "of about {prompt_tokens} tokens in all, and this text comes back piece by piece, as a provider's answer would. "
    "With a real provider's key in the stack, a real model answers here."
)


@dataclass(frozen=True)
class Completion:
    """One simulated answer; `pieces` are the texts of its chunks, `finish_reason` is stop, length or tool_calls.

    With a `tool`, the text is the arguments of a call of it. `logprobs` is how many alternatives to each token were
    asked for, None for no probabilities at all.
    """

    completion_id: str
    created: int
    model: str
    pieces: tuple[str, ...]
    finish_reason: str
    choices: int
    prompt_tokens: int
    include_usage: bool
    tool: str = ""
    logprobs: int | None = None

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
        choices = [
            {
                "index": index,
                "message": self._message(index),
                "logprobs": self._logprobs(self.pieces),
                "finish_reason": self.finish_reason,
            }
            for index in range(self.choices)
        ]
        return self._head("chat.completion") | {"choices": choices, "usage": self.usage}

    def chunks(self) -> Iterator[dict[str, Any]]:
        """Yield the chunks of a streamed answer: role, pieces, end, and usage where it was asked for."""
        for index in range(self.choices):
            begin = {"tool_calls": [{"index": 0, **self._call(index, "")}]} if self.tool else {}
            content = None if self.tool else ""
            yield self._chunk(index, {"role": "assistant", "content": content, "refusal": None, **begin})
        for piece in self.pieces:
            delta: dict[str, Any] = {"content": piece}
            if self.tool:
                delta = {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
            for index in range(self.choices):
                yield self._chunk(index, delta, logprobs=self._logprobs((piece,)))
        for index in range(self.choices):
            yield self._chunk(index, {}, self.finish_reason)
        if self.include_usage:
            yield self._head("chat.completion.chunk") | {"choices": [], "usage": self.usage}

    def _message(self, index: int) -> dict[str, Any]:
        if not self.tool:
            return {"role": "assistant", "content": self.text, "refusal": None, "annotations": []}
        calls = [self._call(index, self.text)]
        return {"role": "assistant", "content": None, "refusal": None, "annotations": [], "tool_calls": calls}

    def _call(self, index: int, arguments: str) -> dict[str, Any]:
        name = f"call_simulated_{self.completion_id.rpartition('-')[2]}_{index}"
        return {"id": name, "type": "function", "function": {"name": self.tool, "arguments": arguments}}

    def _logprobs(self, pieces: tuple[str, ...]) -> dict[str, Any] | None:
        """Return made-up probabilities with each piece as one token."""
        if self.logprobs is None or self.tool:
            return None
        tokens = [_probable(piece, LOGPROB) for piece in pieces]
        others = range(self.logprobs)
        content = [
            token | {"top_logprobs": [_probable(token["token"], LOGPROB * (1 + other)) for other in others]}
            for token in tokens
        ]
        return {"content": content, "refusal": None}

    def _chunk(
        self, index: int, delta: dict[str, Any], finish_reason: str | None = None, logprobs: Any = None
    ) -> dict[str, Any]:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        usage = {"usage": None} if self.include_usage else {}
        return self._head("chat.completion.chunk") | {"choices": [choice]} | usage

    def _head(self, kind: str) -> dict[str, Any]:
        head = {"id": self.completion_id, "object": kind, "created": self.created, "model": self.model}
        return head | {"service_tier": "default", "system_fingerprint": "fp_simulated"}


def count_tokens(text: str) -> int:
    """Return a plausible number of tokens: one for four bytes of UTF-8, at least one for any text."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def count_prompt_tokens(messages: list[Any]) -> int:
    """Return a plausible number of tokens of a request's messages, whose images cost the same whatever their size."""
    return TOKENS_PER_PROMPT + sum(TOKENS_PER_MESSAGE + _tokens_of(message.get("content")) for message in messages)


def _tokens_of(content: Any) -> int:
    parts = content if isinstance(content, list) else []
    texts = [part for part in parts if not isinstance(part, Mapping) or part.get("type") not in IMAGE_PARTS]
    images = len(parts) - len(texts)
    text = json.dumps(texts if images else content, ensure_ascii=False)
    return TOKENS_PER_IMAGE * images + count_tokens(text)


def complete(request: Mapping[str, Any], serial: int) -> Completion:
    """Return the simulated answer to a chat request; `serial` numbers the answers."""
    messages = request["messages"]
    prompt_tokens = count_prompt_tokens(messages)
    maximum_tokens = request.get("max_completion_tokens") or request.get("max_tokens") or DEFAULT_MAXIMUM_TOKENS
    count = f"{len(messages)} message" + ("s" if len(messages) != 1 else "")
    text = TEXT.format(model=request["model"], messages=count, prompt_tokens=prompt_tokens)
    tool = called_tool(request)
    schema = _schema_of(request.get("response_format"))
    if tool:
        text = json.dumps(sample(tool.get("parameters") or {"type": "object"}))
    elif schema is not None:
        text = json.dumps(sample(schema) if schema else {"simulated": True, "note": text})
    shown = text.encode()[: maximum_tokens * BYTES_PER_TOKEN].decode("utf-8", "ignore")
    words = shown.split(" ")
    spaced = [word if index == 0 else f" {word}" for index, word in enumerate(words)]
    pieces = tuple("".join(spaced[start : start + WORDS_PER_CHUNK]) for start in range(0, len(spaced), WORDS_PER_CHUNK))
    return Completion(
        completion_id=f"chatcmpl-simulated-{serial}",
        created=int(time.time()),
        model=str(request["model"]),
        pieces=pieces,
        finish_reason=_finish_reason(request, bool(tool), is_whole=shown == text),
        choices=int(request.get("n") or 1),
        prompt_tokens=prompt_tokens,
        include_usage=bool((request.get("stream_options") or {}).get("include_usage")),
        tool=str(tool.get("name", "")),
        logprobs=int(request.get("top_logprobs") or 0) if request.get("logprobs") else None,
    )


def called_tool(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the function that the answer calls; empty for none.

    The one that `tool_choice` names, the first if one is required, and else the first whose name is in the last message
    where that is the user's: a model would decide, this has to be foreseeable.
    """
    functions = [tool["function"] for tool in request.get("tools") or () if tool.get("type") == "function"]
    choice, last = request.get("tool_choice") or "auto", request["messages"][-1]
    if isinstance(choice, Mapping):
        return next((one for one in functions if one["name"] == choice["function"]["name"]), {})
    asked = str(last.get("content")) if last.get("role") == "user" else ""
    wanted = {"required": functions, "auto": [one for one in functions if one["name"] in asked]}.get(choice, [])
    return next(iter(wanted), {})


def _schema_of(response_format: Any) -> Mapping[str, Any] | None:
    """Return the schema that the answer is to keep to; empty for any JSON, None for text."""
    kind = (response_format or {}).get("type")
    if kind == "json_schema":
        schema: Mapping[str, Any] = response_format.get("json_schema", {}).get("schema") or {}
        return schema
    return {} if kind == "json_object" else None


def _finish_reason(request: Mapping[str, Any], calls: bool, *, is_whole: bool) -> str:
    """Return why the answer ends; as at OpenAI, a call that `tool_choice` names ends with stop."""
    if not is_whole:
        return "length"
    return "tool_calls" if calls and not isinstance(request.get("tool_choice"), Mapping) else "stop"


def _probable(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
