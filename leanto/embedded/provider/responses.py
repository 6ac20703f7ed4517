"""The stand-in's answers as the responses API shapes them, from the same simulated completions; pure."""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from leanto.embedded.provider.completion import Completion, complete
from leanto.embedded.provider.misreport import MISSING

Event = dict[str, Any]

DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "frequency_penalty": 0.0,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "presence_penalty": 0.0,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
    }
)
"""What an answer repeats of its request, with what holds where the request says nothing."""


def completed(request: Mapping[str, Any], serial: int) -> Completion:
    """Return the simulated answer to a request; raises LookupError or TypeError for what is no such request."""
    given = request["input"]
    messages = [{"role": "user", "content": given}] if isinstance(given, str) else [*given]
    if request.get("instructions"):
        messages.insert(0, {"role": "system", "content": request["instructions"]})
    chat: dict[str, Any] = {"model": request["model"], "messages": messages}
    chat["max_completion_tokens"] = request.get("max_output_tokens")
    chat["tools"] = [{"type": one["type"], "function": one} for one in request.get("tools") or ()]
    choice = request.get("tool_choice")
    chat["tool_choice"] = {"function": choice} if isinstance(choice, Mapping) else choice
    form = (request.get("text") or {}).get("format") or {}
    chat["response_format"] = {"type": form.get("type", "text"), "json_schema": form}
    return complete(chat, serial)


def response(request: Mapping[str, Any], completion: Completion, usage: str) -> Event:
    """Return the whole answer; `usage` says how its usage is told, which is left out or not."""
    cut = completion.finish_reason == "length"
    document = _head(request, completion) | {
        "completed_at": None if cut else completion.created,
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "output": [_item(completion, completion.text, "completed")],
    }
    return document | ({} if usage == MISSING else {"usage": _usage(completion)})


def events(request: Mapping[str, Any], completion: Completion, usage: str) -> Iterator[bytes]:
    """Yield the server-sent events of a streamed answer; the last one has the whole of it."""
    whole = response(request, completion, usage)
    for number, event in enumerate(_events(_head(request, completion), completion, whole)):
        numbered = event | {"sequence_number": number}
        yield f"event: {event['type']}\ndata: {json.dumps(numbered, separators=(',', ':'))}\n\n".encode()


def _events(head: Event, completion: Completion, whole: Event) -> Iterator[Event]:
    yield {"type": "response.created", "response": head}
    yield {"type": "response.in_progress", "response": head}
    item = _item(completion, "", "in_progress") | ({} if completion.tool else {"content": []})
    at: Event = {"output_index": 0, "item_id": item["id"]}
    yield {"type": "response.output_item.added", "item": item, "output_index": 0}
    said: Event
    if completion.tool:
        name, said = "response.function_call_arguments", {"arguments": completion.text, "name": completion.tool}
    else:
        name, said = "response.output_text", {"text": completion.text, "logprobs": []}
        at |= {"content_index": 0}
        yield {"type": "response.content_part.added", "part": _part(""), **at}
    for piece in completion.pieces:
        yield {"type": f"{name}.delta", "delta": piece, **({} if completion.tool else {"logprobs": []}), **at}
    yield {"type": f"{name}.done", **said, **at}
    if not completion.tool:
        yield {"type": "response.content_part.done", "part": _part(completion.text), **at}
    yield {"type": "response.output_item.done", "item": whole["output"][0], "output_index": 0}
    yield {"type": f"response.{whole['status']}", "response": whole}


def _head(request: Mapping[str, Any], completion: Completion) -> Event:
    """Return an answer that has only begun; what was asked for is repeated in it as OpenAI does."""
    told = {name: default if request.get(name) is None else request[name] for name, default in DEFAULTS.items()}
    return told | {
        "id": completion.completion_id.replace("chatcmpl", "resp"),
        "object": "response",
        "created_at": completion.created,
        "completed_at": None,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": completion.model,
        "output": [],
        "service_tier": "default",
        "tools": [{"description": None, "strict": True} | one for one in request.get("tools") or []],
        "usage": None,
    }


def _item(completion: Completion, text: str, status: str) -> Event:
    number = completion.completion_id.rpartition("-")[2]
    if completion.tool:
        call = {"id": f"fc_simulated_{number}", "call_id": f"call_simulated_{number}", "name": completion.tool}
        return call | {"type": "function_call", "arguments": text, "status": status}
    message = {"id": f"msg_simulated_{number}", "type": "message", "role": "assistant", "status": status}
    return message | {"content": [_part(text)]}


def _part(text: str) -> Event:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _usage(completion: Completion) -> Event:
    told = completion.usage
    return {
        "input_tokens": told["prompt_tokens"],
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": told["completion_tokens"],
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": told["total_tokens"],
    }
