"""What the stand-in answers as Bedrock's Converse: a request held to the service's own description, and its events."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from leanto.embedded.provider.completion import Completion, complete

EXCEPTIONS: Mapping[int, str] = {
    400: "ValidationException",
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    500: "InternalServerException",
    503: "ServiceUnavailableException",
}
TOOL_ID = "tooluse_simulated"


def problems(model: str, body: Any, *, stream: bool) -> str:
    """Return what the service's description says against a request; empty when it is well."""
    if not isinstance(body, dict):
        return "the body is not a JSON object"
    shape = _service().operation_model("ConverseStream" if stream else "Converse").input_shape
    return str(ParamValidator().validate({"modelId": model, **body}, shape).generate_report())


@cache
def _service() -> Any:
    return botocore.session.get_session().get_service_model("bedrock-runtime")


def answer_to(model: str, body: Mapping[str, Any], serial: int) -> Completion:
    """Return the simulated answer, as text, that the chat surface would give too."""
    messages = [{"content": block} for block in [*body.get("system", ()), *body["messages"]]]
    fields: dict[str, Any] = {"model": model, "messages": messages}
    fields["max_tokens"] = body.get("inferenceConfig", {}).get("maxTokens")
    if body.get("outputConfig", {}).get("textFormat"):
        fields["response_format"] = {"type": "json_schema"}
    return complete(fields, serial)


def forced_tool(body: Mapping[str, Any]) -> str:
    """Return the name of the tool that the request makes the model call; empty for none."""
    config = body.get("toolConfig", {})
    choice = config.get("toolChoice", {})
    if "tool" in choice:
        return str(choice["tool"]["name"])
    return str(config["tools"][0]["toolSpec"]["name"]) if "any" in choice else ""


def document(completion: Completion, tool: str) -> dict[str, Any]:
    """Return the answer that is not streamed."""
    block: dict[str, Any] = {"text": completion.text}
    if tool:
        block = {"toolUse": {"toolUseId": TOOL_ID, "name": tool, "input": {"simulated": True}}}
    return {
        "output": {"message": {"role": "assistant", "content": [block]}},
        "stopReason": _stop_reason(completion, tool),
        "usage": _usage(completion),
        "metrics": {"latencyMs": 1},
    }


def events(completion: Completion, tool: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the events of a streamed answer: their kinds and documents."""
    yield "messageStart", {"role": "assistant"}
    pieces: list[dict[str, Any]] = [{"text": piece} for piece in completion.pieces]
    if tool:
        start = {"toolUse": {"toolUseId": TOOL_ID, "name": tool}}
        yield "contentBlockStart", {"start": start, "contentBlockIndex": 0}
        pieces = [{"toolUse": {"input": part}} for part in ('{"simu', 'lated": true}')]
    for piece in pieces:
        yield "contentBlockDelta", {"delta": piece, "contentBlockIndex": 0}
    yield "contentBlockStop", {"contentBlockIndex": 0}
    yield "messageStop", {"stopReason": _stop_reason(completion, tool)}
    yield "metadata", {"usage": _usage(completion), "metrics": {"latencyMs": 1}}


def failure(status: int, text: str, error: str = "") -> tuple[bytes, dict[str, str]]:
    """Return body and headers of one of the service's exceptions; `error` is its name if the status does not tell."""
    kind = error or EXCEPTIONS.get(status, "InternalServerException")
    return json.dumps({"message": text}).encode(), {"x-amzn-ErrorType": f"{kind}:http://internal.amazon.com/"}


def _stop_reason(completion: Completion, tool: str) -> str:
    if tool:
        return "tool_use"
    return "end_turn" if completion.finish_reason == "stop" else "max_tokens"


def _usage(completion: Completion) -> dict[str, int]:
    usage = completion.usage
    return {
        "inputTokens": usage["prompt_tokens"],
        "outputTokens": usage["completion_tokens"],
        "totalTokens": usage["total_tokens"],
        "cacheReadInputTokens": 0,
        "cacheWriteInputTokens": 0,
    }
