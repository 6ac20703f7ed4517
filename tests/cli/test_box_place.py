"""Claims about a stack's place in a box: its state ends with the box, its settings fit this machine."""

import json
from pathlib import Path

import pytest

from leanto.cli import box_place
from leanto.cli.box_place import _box_settings, _settled, _state_folder
from leanto.embedded.box import Box
from leanto.embedded.instances.image import stand_in_image


def box(home: Path, pid: int = 1, aws_url: str = "http://127.0.0.1:1") -> Box:
    return Box(
        home,
        pid,
        aws_url,
        "http://127.0.0.1:2",
        "http://127.0.0.1:3",
        "1" * 12,
        "eu-central-1",
        "2026-11-24T21:00:00+00:00",
    )


def test_a_new_box_begins_with_an_empty_state_and_says_so(tmp_path: Path, capsys) -> None:
    first = _state_folder(tmp_path, box(tmp_path))
    (first / "state.json").write_text("{}")
    assert _state_folder(tmp_path, box(tmp_path)) == first
    assert (first / "state.json").exists()
    assert capsys.readouterr().err == ""
    second = _state_folder(tmp_path, box(tmp_path, pid=2))
    assert list((tmp_path / "state").iterdir()) == [second]
    assert "what an earlier box held has ended with it" in capsys.readouterr().err


def test_routes_and_allowed_providers_all_lead_to_the_stand_in(aws, tmp_path: Path) -> None:
    config = {
        "leanto:routes": json.dumps([{"model": "a", "provider": "openai"}, {"model": "b", "localModel": "x"}]),
        "leanto:providersAllowed": '["azure"]',
        "leanto:mode": "managed",
        "leanto:region": "eu-central-1",
        "leanto:environment": "dev",
        "leanto:gpuContextTokens": "8192",
    }
    settings = _box_settings(box(tmp_path), config)
    assert settings["leanto:providerBaseUrls"] == dict.fromkeys(("azure", "openai"), "http://127.0.0.1:3/v1")
    assert "leanto:gpuAmiId" not in settings
    pool = _box_settings(box(tmp_path, aws_url=aws.url), {**config, "leanto:mode": "gpu"})
    assert str(pool["leanto:gpuAmiId"]).startswith("ami-")
    assert stand_in_image().settings.items() <= pool.items()
    assert (pool["leanto:gpuModel"], pool["leanto:gpuContextTokens"]) == ("tiny-random", 2048)
    assert pool["leanto:routes"] == [{"model": "a", "provider": "openai"}, {"model": "b", "localModel": "tiny-random"}]
    prod = {**config, "leanto:mode": "gpu", "leanto:environment": "prod"}
    assert "leanto:gpuModel" not in _box_settings(box(tmp_path, aws_url=aws.url), prod)


def test_given_settings_win_but_for_the_model_that_their_routes_name() -> None:
    own = {"leanto:providerBaseUrls": {"openai": "here"}, "leanto:routes": ["with the tiny model"]}
    given = {"leanto:providerBaseUrls": {}, "leanto:routes": ["with another"]}
    assert _settled(own, given) == {"leanto:providerBaseUrls": {}, "leanto:routes": ["with the tiny model"]}


def test_guardrails_of_routes_lead_to_the_stand_in_too(tmp_path: Path) -> None:
    guardrail = {"id": "a", "version": "1", "onInput": "block", "onFailure": "closed"}
    config = {
        "leanto:routes": json.dumps([{"model": "a", "provider": "openai", "guardrail": guardrail}]),
        "leanto:providersAllowed": '["openai"]',
        "leanto:mode": "managed",
    }
    settings = _box_settings(box(tmp_path), config)
    assert settings["leanto:providersAllowed"] == ["bedrock", "openai"]
    assert settings["leanto:providerBaseUrls"] == dict.fromkeys(("bedrock", "openai"), "http://127.0.0.1:3/v1")


def test_a_processor_that_lambda_does_not_have_is_refused(monkeypatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(Exception, match="this machine is riscv64"):
        box_place.machine_settings()
