"""Claim: a wrong configuration of the agent is told by file, key, value and what is allowed, before anything starts."""

import json
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import ConfigurationError
from runtime.node.__main__ import main
from runtime.node.configuration import load_configuration

WHOLE: dict[str, Any] = {
    "table": "leanto-dev",
    "region": "eu-west-1",
    "model": "m",
    "engine": "llama.cpp",
    "engine_url": "http://127.0.0.1:8080",
    "engine_key_file": "/run/key",
    "engine_restart_file": "/run/restart",
    "certificate_file": "/run/node.pem",
    "key_file": "/run/node.key",
    "phases_file": "/run/phases",
    "address": "10.0.0.7",
    "port": 8443,
    "slots": 4,
}


def written(tmp_path: Path, document: object) -> Path:
    path = tmp_path / "agent.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_a_whole_configuration_is_read_with_its_defaults(tmp_path: Path) -> None:
    read = load_configuration(written(tmp_path, WHOLE | {"drain_seconds": 90}))
    assert (read.slots, read.key_file, read.drain_seconds, read.queue_per_slot) == (4, Path("/run/node.key"), 90.0, 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slots": 0}, "slots .* is 0; it must be at least 1"),
        ({"slots": "4"}, "slots .* is '4'; it must be int"),
        ({"slots": True}, "slots .* is True; it must be int"),
        ({"table": ""}, "table .* is ''; it must be str"),
        ({"engine": "ollama"}, "engine .* is 'ollama'; it must be one of llama.cpp, vllm"),
        ({"engine_url": "http://10.0.0.7:8080"}, "engine_url .* must be http://127.0.0.1:<port>"),
        ({"engine_url": "https://127.0.0.1:8080"}, "engine_url .* must be http://127.0.0.1:<port>"),
        ({"engine_url": "http://localhost.evil:8080"}, "engine_url .* must be http://127.0.0.1:<port>"),
        ({"port": 70_000}, "port .* is 70000; it must be a port"),
        ({"heartbeat_seconds": 0}, "heartbeat_seconds .* is 0.0; it must be more than 0"),
        ({"slotz": 4}, "has slotz, which nobody reads"),
    ],
)
def test_a_wrong_value_is_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as raised:
        load_configuration(written(tmp_path, WHOLE | change))
    assert str(tmp_path / "agent.json") in str(raised.value)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="lacks slots, table"):
        load_configuration(written(tmp_path, {name: WHOLE[name] for name in WHOLE if name not in {"table", "slots"}}))


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_what_is_no_json_object_is_told_and_ends_with_2(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "agent.json"
    path.write_text(text, encoding="utf-8")
    assert main([str(path)]) == 2
    assert "is no" in capsys.readouterr().out
    assert main([str(tmp_path / "absent.json")]) == 2
    assert "cannot be read" in capsys.readouterr().out
