"""What the stand-in can be told to do wrong, and what it counts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from leanto.embedded.provider.misreport import ONCE, USAGE_KINDS


class FaultError(ValueError):
    """The control request names a setting that there is not, or gives it a value that it cannot have."""


@dataclass(frozen=True)
class Faults:
    """How the stand-in answers; the defaults are a provider in good health, with visible gaps between chunks."""

    status: int = 200
    """Answer every request with this status; 200 is a proper answer."""
    retry_after_seconds: int | None = None
    """With a status other than 200: the Retry-After header."""
    retry_after_as_date: bool = False
    """Write the Retry-After header as a date, by the stand-in's clock."""
    clock_ahead_seconds: int = 0
    """How far the stand-in's clock is ahead, as its Date headers tell it."""
    forbids_retry: bool = False
    """With a status other than 200: x-should-retry: false."""
    error_body: str | None = None
    """With a status other than 200: the body in place of OpenAI's error document."""
    answer_body: str | None = None
    """The body in place of a completion that is not streamed, with status 200 and called JSON."""
    usage: str = ONCE
    """How usage is told: once, missing, repeated (growing, in each chunk), in_content (in the last with content)."""
    delay_first_byte_seconds: float = 0.0
    """Wait before anything of an answer is sent."""
    delay_body_seconds: float = 0.0
    """Wait between the head and the body of an answer that is not streamed."""
    delay_chunk_seconds: float = 0.02
    """Wait before each chunk of a stream after the first."""
    hang_after_chunks: int | None = None
    """Send so many chunks of a stream, then nothing more, with the connection open."""
    cut_after_chunks: int | None = None
    """Send so many chunks and half of one more, then close the connection."""
    end_after_chunks: int | None = None
    """Send so many chunks of a stream, then end it in good order, without the rest."""
    fail_after_chunks: int | None = None
    """Send so many chunks of a stream, then an error as its last event."""
    drop_connection: bool = False
    """Close the connection without an answer."""
    require_key: str | None = None
    """Accept only this key; None accepts any that is not empty."""
    times: int | None = None
    """Behave so for this many chat requests, then be well again; None is for ever."""


def read_faults(document: Any) -> Faults:
    """Return the faults that a control request asks for; raises FaultError naming what is wrong."""
    if not isinstance(document, Mapping):
        raise FaultError("the body must be a JSON object")
    allowed = {field_.name: field_ for field_ in fields(Faults)}
    unknown = sorted(document.keys() - allowed.keys())
    if unknown:
        raise FaultError(f"{', '.join(unknown)}: there is no such setting; there are {', '.join(allowed)}")
    for name, value in document.items():
        kind = type(allowed[name].default)
        wanted = {int: (int,), float: (int, float), bool: (bool,)}.get(kind, (str, int, type(None)))
        if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool):
            raise FaultError(f"{name} is {value!r}, which is not a value for it")
    if document.get("usage", ONCE) not in USAGE_KINDS:
        raise FaultError(f"usage is {document['usage']!r}, which is not a value for it; there are {USAGE_KINDS}")
    return Faults(**document)


@dataclass
class Counts:
    """What the stand-in has done since it started or was reset; tokens are those that a provider would bill."""

    chat_requests: int = 0
    streams: int = 0
    disconnects: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    models: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    guardrails: Counter[str] = field(default_factory=Counter)
    """Requests that named a guardrail of Bedrock, by its id and version."""

    def document(self) -> dict[str, Any]:
        """Return the counts as plain values."""
        return {name: dict(value) if isinstance(value, Counter) else value for name, value in vars(self).items()}
