"""The settings of a chat request, from Chat Completions to Converse; pure.

Each field is taken over, or stands in a table as one that may be given a value which asks for nothing special, or is
refused. A field that is null is one that is not given.
"""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from runtime.gateway.converse.refusals import invalid, only_fields, unsupported

TAKEN = frozenset(
    {
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "metadata",
        "model",
        "parallel_tool_calls",
        "reasoning_effort",
        "response_format",
        "service_tier",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
    }
)
NEUTRAL: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "frequency_penalty": (0,),
        "logit_bias": ({},),
        "logprobs": (False,),
        "modalities": (["text"],),
        "n": (1,),
        "presence_penalty": (0,),
        "prompt_cache_retention": ("in_memory", "in-memory"),
        "store": (False,),
        "top_logprobs": (0,),
        "verbosity": ("medium",),
    }
)
"""Fields without a counterpart, and the values of theirs that ask for what happens anyway."""

EFFORTS = ("low", "medium", "high", "xhigh")
TIERS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {"auto": {}, "default": {}, "standard": {}, "flex": {"serviceTier": {"type": "flex"}}}
)
METADATA = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{1,256}")
MAXIMUM_METADATA = 16


def without_unsupported(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that Converse has a place for, for a route that says that others are left out."""
    return {name: value for name, value in fields.items() if name in TAKEN}


def check_fields(fields: Mapping[str, Any]) -> None:
    """Raise GatewayError 400 for the first field that Converse has no place for."""
    for name, value in fields.items():
        if name in TAKEN or value is None:
            continue
        if name not in NEUTRAL:
            shown = name if name.isidentifier() and len(name) <= 64 else "a field of this name"
            raise unsupported(shown, "has no such field")
        if isinstance(value, bool) is not isinstance(NEUTRAL[name][0], bool) or value not in NEUTRAL[name]:
            raise unsupported(name, f"has no such field, so it may only be {json.dumps(NEUTRAL[name][0])}")
    options = fields.get("stream_options") or {}
    if options.get("include_obfuscation"):
        raise unsupported("stream_options", "does not pad the events of a stream (include_obfuscation)")
    only_fields("stream_options", options, frozenset({"include_usage", "include_obfuscation"}))


def inference_config(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return Converse's inferenceConfig; empty when the request sets none of it."""
    config: dict[str, Any] = {}
    maxima = {name: fields[name] for name in ("max_completion_tokens", "max_tokens") if fields.get(name) is not None}
    for name, value in maxima.items():
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < 2**31:
            raise invalid(name, "must be a whole number of at least 1")
        config["maxTokens"] = value
    if len(set(maxima.values())) > 1:
        raise invalid("max_tokens", "must not differ from 'max_completion_tokens'")
    for name, key in (("temperature", "temperature"), ("top_p", "topP")):
        if (number := fields.get(name)) is not None:
            config[key] = _share(name, number)
    if stops := _stops(fields.get("stop")):
        config["stopSequences"] = stops
    return config


def other_settings(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a Converse request for effort, format of the answer, tier and metadata."""
    output: dict[str, Any] = {}
    if (effort := fields.get("reasoning_effort")) is not None:
        if effort not in EFFORTS:
            raise unsupported("reasoning_effort", f"knows only {', '.join(EFFORTS)}")
        output["effort"] = effort
    if schema := _schema(fields.get("response_format")):
        output["textFormat"] = {"type": "json_schema", "structure": {"jsonSchema": schema}}
    tier = fields.get("service_tier")
    if tier is not None and (not isinstance(tier, str) or tier not in TIERS):
        raise unsupported("service_tier", f"is asked for {', '.join(sorted(TIERS))} only")
    metadata = _metadata(fields.get("metadata"))
    return (
        ({"outputConfig": output} if output else {})
        | (TIERS[tier] if tier else {})
        | ({"requestMetadata": metadata} if metadata else {})
    )


def _share(name: str, number: Any) -> float:
    if not isinstance(number, int | float) or isinstance(number, bool):
        raise invalid(name, "must be a number")
    if not 0 <= number <= 1:
        raise unsupported(name, "takes numbers from 0 to 1 only")
    return number


def _stops(stop: Any) -> list[str]:
    stops = [stop] if isinstance(stop, str) else stop or []
    if not isinstance(stops, list) or len(stops) > 2500 or not all(isinstance(text, str) and text for text in stops):
        raise invalid("stop", "must be text or a list of texts, none of them empty")
    return stops


def _schema(response_format: Any) -> dict[str, Any] | None:
    match response_format:
        case None | {"type": "text"}:
            return None
        case {"type": "json_schema", "json_schema": dict(given)} if isinstance(schema := given.get("schema"), dict):
            only_fields("response_format", given, frozenset({"schema", "name", "description", "strict"}))
            named = {name: given[name] for name in ("name", "description") if given.get(name) is not None}
            if not all(isinstance(value, str) for value in named.values()):
                raise invalid("response_format", "must have texts as name and description")
            return {"schema": json.dumps(schema, ensure_ascii=False), **named}
        case _:
            reason = "knows text and json_schema with a schema only: it cannot promise JSON of any form"
            raise unsupported("response_format", reason)


def _metadata(metadata: Any) -> dict[str, str]:
    """Return the pairs by which a request is found in the logs of its invocations."""
    if metadata is None:
        return {}
    if not isinstance(metadata, dict) or len(metadata) > MAXIMUM_METADATA:
        raise invalid("metadata", f"must be an object of at most {MAXIMUM_METADATA} members")
    for name, value in metadata.items():
        if not METADATA.fullmatch(name) or not isinstance(value, str) or (value and not METADATA.fullmatch(value)):
            raise unsupported("metadata", "takes texts of up to 256 letters, digits, spaces and : _ @ $ # = / + , - .")
    return metadata
