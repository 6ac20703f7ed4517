"""Claims about whom the demo asks: never a real provider unasked, and then the cheapest model of the right one."""

import datetime as dt
import json

import pytest

from catalog.tables import catalogue
from leanto.cli import screen
from leanto.cli.demo_provider import KEY_VARIABLES, cheapest_model, choose, overlay
from leanto.cli.exits import CommandError, Exit

ENVIRON = {"ANTHROPIC_API_KEY": "sk-canary"}


def test_without_a_terminal_nobody_real_is_asked_but_the_way_is_told(capsys) -> None:
    assert not choose(None, ENVIRON).is_real
    told = capsys.readouterr().err
    assert "--provider real asks anthropic" in told
    assert "canary" not in told


def test_the_stand_in_can_be_wished_for(monkeypatch) -> None:
    monkeypatch.setattr(screen, "is_terminal", lambda: True)
    assert not choose("stand-in", ENVIRON).is_real


@pytest.mark.parametrize(("answer", "is_real"), [(True, True), (False, False)])
def test_on_a_terminal_the_person_decides(monkeypatch, answer: bool, is_real: bool) -> None:
    monkeypatch.setattr(screen, "is_terminal", lambda: True)
    monkeypatch.setattr("click.confirm", lambda *_, **__: answer)
    assert choose(None, ENVIRON).is_real is is_real


def test_a_real_one_needs_a_key_and_the_error_names_the_variables() -> None:
    with pytest.raises(CommandError, match="OPENAI_API_KEY") as caught:
        choose("real", {})
    assert caught.value.code is Exit.PREREQUISITE


def test_the_key_is_in_no_representation() -> None:
    choice = choose("real", ENVIRON)
    assert (choice.provider, choice.key) == ("anthropic", "sk-canary")
    assert "canary" not in repr(choice)


def test_every_route_with_a_provider_is_led_to_the_chosen_one() -> None:
    routes = [
        {"model": "a", "provider": "openai", "providerModel": "x", "localModel": "l"},
        {"model": "b", "localModel": "l"},
    ]
    laid = overlay(choose("real", ENVIRON), {"leanto:routes": json.dumps(routes)})
    model = cheapest_model("anthropic")
    assert laid["leanto:routes"] == [
        {"model": "a", "provider": "anthropic", "providerModel": model, "localModel": "l"},
        {"model": "b", "localModel": "l"},
    ]
    assert laid["leanto:providersAllowed"] == ["anthropic"]
    assert laid["leanto:providerBaseUrls"] == {}
    assert overlay(choose(None, {}), {}) == {}


@pytest.mark.parametrize("provider", sorted(set(KEY_VARIABLES.values())))
def test_the_cheapest_model_is_of_that_provider_and_still_there(provider: str) -> None:
    rows = {row.model: row for row in catalogue().managed_models.values() if row.provider == provider}
    model = rows[cheapest_model(provider, dt.date(2026, 11, 24))]
    assert model.shuts_down is None or model.shuts_down > dt.date(2026, 12, 1)
