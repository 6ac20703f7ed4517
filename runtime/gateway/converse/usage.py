"""What Converse says of tokens and of the end of an answer, in the words of Chat Completions; pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from runtime.gateway.answers import GatewayError

FINISH_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "end_turn": "stop",
        "stop_sequence": "stop",
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "tool_use": "tool_calls",
        "content_filtered": "content_filter",
        "guardrail_intervened": "content_filter",
    }
)
MALFORMED = frozenset({"malformed_model_output", "malformed_tool_use"})


def finish_reason(stop_reason: Any) -> str:
    """Return why the answer ended; a reason that is new is a plain stop.

    Raises GatewayError 502 when the model's output made no sense to Bedrock: it must not pass for an answer.
    """
    if stop_reason in MALFORMED:
        message = f"The model's answer could not be read by Bedrock ({stop_reason}); the same request may succeed."
        raise GatewayError(502, "upstream_malformed", message)
    return FINISH_REASONS.get(str(stop_reason), "stop")


def usage(given: Any) -> dict[str, Any] | None:
    """Return the usage, or None when it is not whole.

    Converse counts the tokens of a prompt without those that it read from its cache or wrote there; Chat Completions
    counts all of them. Where a total says more, it stands: it may hold tokens that nothing else counts.
    """
    if not isinstance(given, Mapping):
        return None
    counts = [_count(given, name) for name in ("inputTokens", "outputTokens")]
    if counts[0] is None or counts[1] is None:
        return None
    read, written = _count(given, "cacheReadInputTokens") or 0, _count(given, "cacheWriteInputTokens") or 0
    prompt, completion = counts[0] + read + written, counts[1]
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": max(prompt + completion, _count(given, "totalTokens") or 0),
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
    }


def service_tier(given: Any) -> dict[str, str]:
    """Return the tier that an answer was served at, in the member that Chat Completions has for it."""
    kind = given.get("type") if isinstance(given, Mapping) else None
    return {"service_tier": kind} if isinstance(kind, str) else {}


def _count(values: Mapping[str, Any], name: str) -> int | None:
    value = values.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
