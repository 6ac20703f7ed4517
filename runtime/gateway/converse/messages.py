"""A conversation, from Chat Completions to Converse; pure.

Converse knows two speakers that take turns, so messages of one speaker in a row become one, and the results of tools
are the user's. Instructions of system and developer stand apart from the conversation, wherever they stood in it.
"""

import json
from typing import Any

from runtime.gateway.converse.parts import PARAM, Block, blocks, text_blocks
from runtime.gateway.converse.reasoning import reasoning_blocks
from runtime.gateway.converse.refusals import invalid, objects, only_fields, unsupported

INSTRUCTING = ("system", "developer")
MEMBERS = {
    "user": frozenset({"role", "content"}),
    "tool": frozenset({"role", "content", "tool_call_id"}),
    "assistant": frozenset({"role", "content", "tool_calls", "refusal", "reasoning_content", "thinking_blocks"}),
}


def conversation(given: Any) -> tuple[list[Block], list[Block]]:
    """Return the instructions and the messages of Converse; raises GatewayError 400 for what it has no place for."""
    system: list[Block] = []
    messages: list[Block] = []
    for message in objects(PARAM, given):
        role = message.get("role")
        if role in INSTRUCTING:
            only_fields(PARAM, message, MEMBERS["user"])
            system += text_blocks(message.get("content"))
            continue
        speaker, content = _turn(role, message)
        if messages and messages[-1]["role"] == speaker:
            messages[-1]["content"] += content
        elif content:
            messages.append({"role": speaker, "content": content})
    if not messages:
        raise invalid(PARAM, "must have a message of a user that is not blank")
    return system, messages


def has_tool_use(messages: list[Block]) -> bool:
    """Return whether a conversation holds calls of tools or their results."""
    return any("toolUse" in block or "toolResult" in block for message in messages for block in message["content"])


def _turn(role: Any, message: dict[str, Any]) -> tuple[str, list[Block]]:
    if not isinstance(role, str) or role not in MEMBERS:
        raise invalid(PARAM, "must have the roles system, developer, user, assistant or tool")
    if message.get("annotations") == []:
        message = {name: value for name, value in message.items() if name != "annotations"}
    only_fields(PARAM, message, MEMBERS[role])
    if role == "user":
        return "user", blocks(message.get("content"))
    if role == "tool":
        return "user", [_result(message)]
    return "assistant", _answer(message)


def _result(message: dict[str, Any]) -> Block:
    return {"toolResult": {"toolUseId": _name("tool_call_id", message), "content": text_blocks(message.get("content"))}}


def _answer(message: dict[str, Any]) -> list[Block]:
    """Return what the assistant said before: its thoughts come first, as models that sign them demand."""
    found = reasoning_blocks(message.get("thinking_blocks")) + text_blocks(message.get("content"))
    if message.get("refusal") is not None:
        found += text_blocks(message["refusal"])
    return found + [_call(call) for call in objects(PARAM, message.get("tool_calls"))]


def _call(call: dict[str, Any]) -> Block:
    only_fields(PARAM, call, frozenset({"id", "type", "function", "index"}))
    function = call.get("function")
    if call.get("type", "function") != "function" or not isinstance(function, dict):
        raise unsupported(PARAM, "knows calls of functions only")
    only_fields(PARAM, function, frozenset({"name", "arguments"}))
    tool_use = {"toolUseId": _name("id", call), "name": _name("name", function), "input": _arguments(function)}
    return {"toolUse": tool_use}


def _arguments(function: dict[str, Any]) -> dict[str, Any]:
    try:
        arguments = json.loads(function.get("arguments") or "{}", parse_constant=_refuse_constant)
    except (TypeError, ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict):
        raise invalid(PARAM, "has a tool call whose arguments are not a JSON object")
    return arguments


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _name(member: str, holder: dict[str, Any]) -> str:
    value = holder.get(member)
    if not isinstance(value, str) or not 1 <= len(value) <= 64 or not set(value) <= NAME_CHARACTERS[member]:
        raise invalid(PARAM, f"has a tool's {member} that is not 1 to 64 letters, digits and _ . : -")
    return value


_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
NAME_CHARACTERS = {"name": _LETTERS, "id": _LETTERS | {".", ":"}, "tool_call_id": _LETTERS | {".", ":"}}
