"""Tools and the choice among them, from Chat Completions to Converse; pure."""

from collections.abc import Mapping
from typing import Any

from runtime.gateway.converse.messages import NAME_CHARACTERS
from runtime.gateway.converse.refusals import invalid, objects, only_fields, unsupported

NO_PARAMETERS = {"type": "object", "properties": {}}


def tool_config(fields: Mapping[str, Any], *, uses_tools: bool) -> dict[str, Any] | None:
    """Return Converse's toolConfig, or None for none; `uses_tools` says that the conversation has calls already."""
    tools = [_tool(tool) for tool in objects("tools", fields.get("tools"))]
    choice = fields.get("tool_choice")
    if fields.get("parallel_tool_calls") not in (None, True) and tools:
        raise unsupported("parallel_tool_calls", "cannot keep a model from calling several tools at once")
    if uses_tools and not tools:
        raise unsupported("tools", "takes calls of tools in a conversation only together with the tools")
    if choice == "none":
        if uses_tools:
            raise unsupported("tool_choice", "cannot forbid tools in a conversation that used some")
        return None
    if not tools:
        if choice not in (None, "auto"):
            raise invalid("tool_choice", "needs tools to choose from")
        return None
    return {"tools": tools} | _choice(choice, [tool["toolSpec"]["name"] for tool in tools])


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    function = tool.get("function")
    if tool.get("type") != "function" or not isinstance(function, dict):
        raise unsupported("tools", "knows tools of type function only")
    only_fields("tools", tool, frozenset({"type", "function"}))
    only_fields("tools", function, frozenset({"name", "description", "parameters", "strict"}))
    parameters = function.get("parameters")
    if not isinstance(parameters, dict | None):
        raise invalid("tools", "must give a function's parameters as an object")
    if not isinstance(function.get("strict"), bool | None):
        raise invalid("tools", "must give a function's strict as true or false")
    spec: dict[str, Any] = {"name": _name(function), "inputSchema": {"json": parameters or NO_PARAMETERS}}
    if description := function.get("description"):
        if not isinstance(description, str):
            raise invalid("tools", "must give a function's description as text")
        spec["description"] = description
    if function.get("strict"):
        spec["strict"] = True
    return {"toolSpec": spec}


def _name(function: dict[str, Any]) -> str:
    name = function.get("name")
    if not isinstance(name, str) or not 1 <= len(name) <= 64 or not set(name) <= NAME_CHARACTERS["name"]:
        raise invalid("tools", "must name each function with 1 to 64 letters, digits, _ or -")
    return name


def _choice(choice: Any, names: list[str]) -> dict[str, Any]:
    match choice:
        case None:
            return {}
        case "auto":
            return {"toolChoice": {"auto": {}}}
        case "required":
            return {"toolChoice": {"any": {}}}
        case {"type": "function", "function": {"name": str(name)}}:
            if name not in names:
                raise invalid("tool_choice", "must name one of the tools")
            return {"toolChoice": {"tool": {"name": name}}}
        case _:
            raise unsupported("tool_choice", "knows none, auto, required and one function by name")
