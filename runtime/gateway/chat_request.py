"""A client's chat request: read as far as routing needs, and sent on byte for byte but for the model's name; pure."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn

from runtime.gateway.answers import GatewayError


@dataclass(frozen=True)
class ChatRequest:
    """A request that names a model; `text` is the body, `model_span` where in it the model's value stands."""

    model: str
    stream: bool
    text: str = field(repr=False)
    model_span: tuple[int, int]

    def with_model(self, model: str) -> bytes:
        """Return the body with another model's name and not a byte else changed."""
        start, end = self.model_span
        return (self.text[:start] + json.dumps(model) + self.text[end:]).encode("utf-8")


@dataclass(frozen=True)
class Member:
    """One member of a JSON object and where in the text its value stands."""

    value: Any = field(repr=False)
    start: int
    end: int


def read_chat_request(body: bytes) -> ChatRequest:
    """Return the request in a body; raises GatewayError 400 that says what is wrong without repeating any of it."""
    try:
        text = body.decode("utf-8")
        members = read_members(text)
    except json.JSONDecodeError as error:
        raise _refusal("invalid_json", f"The body is not valid JSON: {error.msg} at character {error.pos}.") from None
    except (ValueError, RecursionError):
        raise _refusal("invalid_json", "The body is not a JSON object in UTF-8 that can be read.") from None
    model, stream = _value(members, "model"), _value(members, "stream")
    messages = _value(members, "messages")
    if not isinstance(model, str) or not model:
        raise _refusal("missing_required_parameter", "'model' must be given as text.", "model")
    if not isinstance(messages, list) or not messages:
        raise _refusal("missing_required_parameter", "'messages' must be given as a list of messages.", "messages")
    if not isinstance(stream, bool | None):
        raise _refusal("invalid_type", "'stream' must be true or false.", "stream")
    member = members["model"]
    return ChatRequest(model, bool(stream), text, (member.start, member.end))


def read_members(text: str) -> dict[str, Member]:
    """Return the members of the JSON object that a text is; raises ValueError.

    A name given twice is refused: upstreams differ in which one counts, so the model that is checked here might not be
    the one that answers there.
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


_WHITE_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


def _skip(text: str, index: int) -> int:
    match = _WHITE_SPACE.match(text, index)
    return match.end() if match else index


def _expect(text: str, index: int, character: str) -> int:
    """Return the index after `character` and the white space that follows it."""
    if text[index : index + 1] != character:
        raise json.JSONDecodeError(f"{character!r} is missing", text, index)
    return _skip(text, index + 1)


def _value(members: dict[str, Member], name: str) -> Any:
    return members[name].value if name in members else None


def _refusal(code: str, message: str, param: str | None = None) -> GatewayError:
    return GatewayError(400, code, message, param=param)
