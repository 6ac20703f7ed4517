"""Claim: a mistake of ours is one clean answer and one log line, and neither tells what the request held."""

from typing import Any

import openai
import pytest

from runtime.gateway import chat, wire
from tests.runtime.gateway.conftest import Gateway

PROMPT = "canary-prompt"
MESSAGES = [{"role": "user", "content": PROMPT}]


def crash(*_: Any, **__: Any) -> Any:
    raise ValueError(f"cannot work on {PROMPT}")


@pytest.mark.parametrize("place", ["read_chat_request", "caller_of", "needs_of", "find_route"])
def test_a_crash_before_the_answer_is_500_with_the_id_to_find_it_by(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr(chat, place, crash)
    with pytest.raises(openai.InternalServerError) as error:
        gateway.client.chat.completions.create(model="small", messages=MESSAGES)
    assert (error.value.status_code, error.value.code) == (500, "internal_error")
    assert "request-of-the-front" in error.value.message
    assert PROMPT not in error.value.message
    crashed, line = gateway.lines(2)
    assert (crashed["event"], crashed["errorType"]) == ("request_crashed", "ValueError")
    assert any("test_crashes.py" in frame for frame in crashed["stackTrace"])
    assert (line["status"], line["error"]) == (500, "internal_error")
    assert gateway.server.unhandled == []


def test_a_crash_within_a_stream_is_its_last_event(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    class Breaks(wire.WholeEvents):
        def feed(self, chunk: bytes) -> list[bytes]:
            nonlocal calls
            calls += 1
            return super().feed(chunk) if calls == 1 else crash()

    monkeypatch.setattr(wire, "WholeEvents", Breaks)
    stream = gateway.client.chat.completions.create(model="small", messages=MESSAGES, stream=True)
    with pytest.raises(openai.APIError) as error:
        list(stream)
    assert error.value.code == "internal_error"
    assert PROMPT not in error.value.message
    crashed, line = gateway.lines(2)
    assert crashed["event"] == "request_crashed"
    assert (line["status"], line["error"]) == (200, "internal_error")
