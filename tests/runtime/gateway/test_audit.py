"""Claim: each request leaves one audit line with who, what, where and how much, and nothing of what was said."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import openai
import pytest

from runtime.gateway.access import Record
from runtime.gateway.audit import NOT_TOLD, audit_line
from runtime.gateway.metrics import UNITS, embedded_metrics
from tests.runtime.gateway.conftest import PROVIDER_KEY, Gateway, Provider
from tests.runtime.gateway.test_chat import MESSAGES, ask

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/reference/audit-line.md"
SECRETS = ("canary", PROVIDER_KEY, "sk-lt-checked-by-the-authorizer")


def record(**values: Any) -> Record:
    return Record("r", **values)


def test_what_is_not_known_is_not_told_as_zero() -> None:
    line = audit_line(record(status=404, total_ms=1))
    assert line.keys() == {"time", "event", "request_id", "status", "total_ms"}


def test_a_cost_of_nothing_is_told_once_it_is_known() -> None:
    assert audit_line(record(attempts=1))["cost_micro_usd"] == 0
    assert "cost_micro_usd" not in audit_line(record(attempts=1, cost_is_open=True))
    assert "cost_micro_usd" not in audit_line(record(attempts=0))


def test_each_member_of_the_line_is_on_the_page_and_no_other() -> None:
    rows = [line.split("|")[1] for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    described = {name for row in rows for name in row.replace("`", "").replace(",", " ").split()}
    told = {field.name for field in fields(Record)} - NOT_TOLD
    assert told | {"time", "event"} <= described


def test_an_answer_leaves_all_of_it(gateway: Gateway) -> None:
    ask(gateway)
    list(ask(gateway, stream=True))
    whole, streamed = gateway.lines(2)
    for line in (whole, streamed):
        assert (line["key_id"], line["team"], line["model"]) == ("keyid2345abc", "search", "small")
        assert (line["upstream"], line["attempts"], line["upstream_status"]) == ("acme/gpt-6-luna", 1, 200)
        assert line["upstream_request_id"].startswith("req_simulated_")
        assert line["request_id"] == "request-of-the-front"
        assert line["total_ms"] >= line.get("first_byte_ms", 0)
        assert line["prompt_tokens"] > 0
        assert line["output_tokens"] > 0
        assert line["cost_micro_usd"] > 0
        assert len(line["trace_id"]) == 32
    assert "streamed" not in whole
    assert streamed["streamed"] is True


def test_no_line_holds_content_or_a_key(gateway: Gateway, provider: Provider) -> None:
    """Planted in prompt, model, header, tool, trace and a provider's error."""
    extra = {"x-canary": "canary-header", "traceparent": "canary", "user-agent": "canary-agent"}
    tool = {"type": "function", "function": {"name": "canary_tool", "parameters": {}}}
    ask(gateway, tools=[tool], user="canary-user", extra_headers=extra)
    list(ask(gateway, stream=True, metadata={"canary": "canary"}))
    with pytest.raises(openai.NotFoundError):
        ask(gateway, model="canary-model")
    with pytest.raises(openai.APIStatusError):
        gateway.client.get("/canary-path?canary=canary", cast_to=object)
    provider.control(status=400)
    with pytest.raises(openai.BadRequestError):
        ask(gateway)
    text = json.dumps(gateway.lines(5))
    assert [secret for secret in SECRETS if secret in text] == []
    assert MESSAGES[0]["content"] not in text


def test_in_lambda_the_line_is_one_of_metrics_too(start_gateway: Callable[..., Gateway], provider: Provider) -> None:
    provider.control(delay_chunk_seconds=0.0)
    gateway = start_gateway(variables={"LEANTO_STACK": "team-a", "LEANTO_METRICS": "7"})
    ask(gateway)
    provider.control(status=500)
    with pytest.raises(openai.APIStatusError):
        ask(gateway)
    good, failed = (line for line in gateway.lines(2) if line["event"] == "request")
    assert (good["stack"], good["failed"], failed["failed"]) == ("team-a", 0, 1)
    (directive,) = good["_aws"]["CloudWatchMetrics"]
    assert {metric["Name"] for metric in directive["Metrics"]} == UNITS.keys()
    assert "prompt_tokens" not in {metric["Name"] for metric in failed["_aws"]["CloudWatchMetrics"][0]["Metrics"]}


def test_metrics_are_of_the_form_that_cloudwatch_reads() -> None:
    """As its specification has it: metrics and dimensions name members at the root, numbers and text."""
    line = audit_line(record(status=200, total_ms=12, attempts=1, prompt_tokens=3))
    whole = line | embedded_metrics(line, "team-a")
    assert json.loads(json.dumps(whole)) == whole
    (directive,) = whole["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "leanto"
    assert directive["Dimensions"] == [["stack"]]
    assert whole["stack"] == "team-a"
    assert whole["_aws"]["Timestamp"] > 1_700_000_000_000
    for metric in directive["Metrics"]:
        assert isinstance(whole[metric["Name"]], int)
        assert metric["Unit"] in {"Count", "Milliseconds", "None"}
    assert [metric["Name"] for metric in directive["Metrics"]] == [
        "failed",
        "total_ms",
        "prompt_tokens",
        "cost_micro_usd",
    ]


def test_without_a_stack_there_are_no_metrics() -> None:
    assert embedded_metrics({"status": 200}, "") == {}
