"""A client's request: read as far as routing and pricing need, sent on unchanged but for two values; pure.

The two are the model's name and, of a stream, `stream_options`: without the usage in it nobody knows what it cost. The
responses API tells it anyway; there the second is `store: false`, without which OpenAI keeps requests and answers.
Where a provider names fields otherwise, or would not act upon them, those are changed too.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from runtime.decide.endpoints import CHAT, EMBEDDINGS, INPUTS, RESPONSES
from runtime.decide.fields import Changes
from runtime.gateway.answers import GatewayError


@dataclass(frozen=True)
class Member:
    """One member of a JSON object and where in the text its value stands."""

    value: Any = field(repr=False)
    start: int
    end: int


@dataclass(frozen=True)
class ChatRequest:
    """A request that names a model; `text` is the body, `members` are those of the JSON object that it is.

    `endpoint` is the path that it was sent to, below /v1.
    """

    model: str
    stream: bool
    text: str = field(repr=False)
    members: Mapping[str, Member] = field(repr=False)
    endpoint: str = CHAT

    @property
    def fields(self) -> dict[str, Any]:
        """The values of the members."""
        return {name: member.value for name, member in self.members.items()}

    @property
    def wants_usage(self) -> bool:
        """Whether the client asked for the usage at the end of its stream."""
        return bool((_value(self.members, "stream_options") or {}).get("include_usage"))

    def body_for(self, model: str) -> bytes:
        """Return the body with another model's name, the usage asked for of a stream, and nothing to be kept."""
        member = self.members["model"]
        edits = [(member.start, member.end, json.dumps(model))]
        if self.endpoint == RESPONSES:
            edits.append(self._with("store", False, edits[0]))
        elif self.stream and not self.wants_usage:
            options = _value(self.members, "stream_options") or {}
            edits.append(self._with("stream_options", {**options, "include_usage": True}, edits[0]))
        text = self.text
        for start, end, replacement in sorted(edits, reverse=True):
            text = text[:start] + replacement + text[end:]
        return text.encode("utf-8")

    def changed(self, changes: Changes) -> "ChatRequest":
        """Return the request with other members; what is not changed keeps its place and its text."""
        kept = [(name, member) for name, member in self.members.items() if name not in changes.removed]
        parts = []
        for name, member in kept:
            is_new = name in changes.replaced
            value = json.dumps(changes.replaced[name]) if is_new else self.text[member.start : member.end]
            parts.append(f"{json.dumps(changes.renamed.get(name, name))}: {value}")
        text = "{" + ", ".join(parts) + "}"
        return replace(self, text=text, members=read_members(text))

    def _with(self, name: str, value: Any, after: tuple[int, int, str]) -> tuple[int, int, str]:
        """Return the edit that sets a member; where it is not there yet, it follows the edit `after`."""
        given, text = self.members.get(name), json.dumps(value)
        return (given.start, given.end, text) if given else (after[1], after[1], f", {json.dumps(name)}: {text}")


def read_chat_request(body: bytes, endpoint: str = CHAT) -> ChatRequest:
    """Return the request in a body; raises GatewayError 400 that says what is wrong without repeating any of it."""
    try:
        text = body.decode("utf-8")
        members = read_members(text)
    except json.JSONDecodeError as error:
        raise _refusal("invalid_json", f"The body is not valid JSON: {error.msg} at character {error.pos}.") from None
    except (ValueError, RecursionError):
        raise _refusal("invalid_json", "The body is not a JSON object in UTF-8 that can be read.") from None
    model, stream = _value(members, "model"), _value(members, "stream")
    if not isinstance(model, str) or not model:
        raise _refusal("missing_required_parameter", "'model' must be given as text.", "model")
    _check_input(_value(members, INPUTS[endpoint]), INPUTS[endpoint])
    if not isinstance(stream, bool | None) or (stream and endpoint == EMBEDDINGS):
        allowed = "false: embeddings do not come as a stream" if endpoint == EMBEDDINGS else "true or false"
        raise _refusal("invalid_type", f"'stream' must be {allowed}.", "stream")
    if not isinstance(_value(members, "stream_options"), dict | None):
        raise _refusal("invalid_type", "'stream_options' must be an object.", "stream_options")
    return ChatRequest(model, bool(stream), text, members, endpoint)


def _check_input(value: Any, name: str) -> None:
    """Refuse a request without what the model is to read; what it may be in detail, its pricing says."""
    kinds, words = (list, "a list of messages") if name == INPUTS[CHAT] else (list | str, "text or a list")
    if not isinstance(value, kinds) or not value:
        raise _refusal("missing_required_parameter", f"'{name}' must be given as {words}.", name)


def read_members(text: str) -> dict[str, Member]:
    """Return the members of the JSON object that a text is; raises ValueError.

    A name given twice is refused, at any depth: upstreams differ in which one counts, so what is checked and priced
    here might not be what is done there.
    """
    members: dict[str, Member] = {}
    index = _expect(text, _skip(text, 0), "{")
    while text[index : index + 1] != "}":
        name, index = _DECODER.raw_decode(text, index)
        if not isinstance(name, str) or name in members:
            raise json.JSONDecodeError("a name is not text or is given twice", text, index)
        start = _skip(text, _expect(text, _skip(text, index), ":"))
        value, end = _DECODER.raw_decode(text, start)
        members[name] = Member(value, start, end)
        index = _skip(text, end)
        if text[index : index + 1] == ",":
            index = _skip(text, index + 1)
            if text[index : index + 1] == "}":
                raise json.JSONDecodeError("a comma stands before the closing brace", text, index)
        elif text[index : index + 1] != "}":
            raise json.JSONDecodeError("a comma or a closing brace is missing", text, index)
    if _skip(text, index + 1) != len(text):
        raise json.JSONDecodeError("something follows the object", text, index + 1)
    return members


def _refuse_constant(_name: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _only_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


_WHITE_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, object_pairs_hook=_only_once)


def _skip(text: str, index: int) -> int:
    match = _WHITE_SPACE.match(text, index)
    return match.end() if match else index


def _expect(text: str, index: int, character: str) -> int:
    """Return the index after `character` and the white space that follows it."""
    if text[index : index + 1] != character:
        raise json.JSONDecodeError(f"{character!r} is missing", text, index)
    return _skip(text, index + 1)


def _value(members: Mapping[str, Member], name: str) -> Any:
    return members[name].value if name in members else None


def _refusal(code: str, message: str, param: str | None = None) -> GatewayError:
    return GatewayError(400, code, message, param=param)
