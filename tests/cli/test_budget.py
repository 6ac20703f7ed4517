"""Claims about limits: exact in and out, never below what is committed without a word, or above the deployed one."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from leanto.cli.amounts import micro_usd, usd, whole_number
from leanto.cli.exits import CommandError
from leanto.cli.limittable import LimitTable
from runtime.state.attributes import from_item, to_item
from tests.cli.stand_in_place import StandInPlace

MONTH = datetime.now(UTC).strftime("%Y-%m")
DAY = datetime.now(UTC).strftime("%Y-%m-%d")


def limits(place: StandInPlace) -> dict[str, Any]:
    key = to_item({"pk": "LIMITS", "sk": "ALL"})
    item = from_item(place.client("dynamodb").get_item(TableName="t", Key=key).get("Item") or {})
    return {name: value for name, value in item.items() if name not in {"pk", "sk"}}


def commit(place: StandInPlace, **amounts: object) -> None:
    item = {"pk": "BUDGETS", "sk": f"stack#{MONTH}", **amounts}
    place.client("dynamodb").put_item(TableName="t", Item=to_item(item))


def key_of(place: StandInPlace, key_id: str) -> dict[str, Any]:
    key = to_item({"pk": "KEYS", "sk": key_id})
    return from_item(place.client("dynamodb").get_item(TableName="t", Key=key)["Item"])


def test_a_key_is_made_with_its_limits_in_micro_dollars_and_marked_as_limited(leanto, place) -> None:
    money = ["--budget-usd", "12.50", "--daily-budget-usd", "0.000001"]
    rates = ["--rpm", "60", "--tpm", "90000", "--concurrency", "4"]
    ran = leanto("keys", "create", "me", "-s", "dev", "--models", "small, large", *money, *rates)
    key_id = ran.out.strip().split("-")[2]
    assert limits(place) == {
        f"month#key#{key_id}": 12_500_000,
        f"day#key#{key_id}": 1,
        f"rpm#key#{key_id}": 60,
        f"tpm#key#{key_id}": 90_000,
        f"concurrency#key#{key_id}": 4,
    }
    stored = key_of(place, key_id)
    assert (stored["limited"], stored["models"]) == (True, ["small", "large"])
    (row,) = json.loads(leanto("keys", "list", "-s", "dev", "--json").out)
    assert row["limits"] == {"month": 12_500_000, "day": 1, "rpm": 60, "tpm": 90_000, "concurrency": 4}
    assert "12.50 USD/month  0.000001 USD/day  60 requests/min" in leanto("keys", "list", "-s", "dev").out


def test_a_key_without_limits_is_not_marked(leanto, place) -> None:
    key_id = leanto("keys", "create", "me", "-s", "dev").out.strip().split("-")[2]
    assert "limited" not in key_of(place, key_id)
    assert limits(place) == {}


def test_limits_of_speed_are_changed_and_taken_away_and_the_mark_with_the_last(leanto, place) -> None:
    key_id = leanto("keys", "create", "me", "-s", "dev", "--rpm", "5").out.strip().split("-")[2]
    assert leanto("keys", "limit", key_id, "-s", "dev", "--rpm", "none", "--concurrency", "2").code == 0
    assert limits(place) == {f"concurrency#key#{key_id}": 2}
    assert key_of(place, key_id)["limited"] is True
    leanto("keys", "limit", key_id, "-s", "dev", "--concurrency", "none")
    assert key_of(place, key_id)["limited"] is False


@pytest.mark.parametrize("command", [["keys", "limit", "aaaaaaaaaaaa", "--rpm", "1"],
                                     ["budget", "set", "--key", "aaaaaaaaaaaa", "--budget-usd", "1"]])  # fmt: skip
def test_limits_of_a_key_that_is_not_there_are_refused_and_nothing_is_written(leanto, place, command) -> None:
    ran = leanto(*command, "-s", "dev")
    assert (ran.code, "no key with the id 'aaaaaaaaaaaa'" in ran.err) == (3, True)
    assert limits(place) == {}


def test_a_teams_limits_are_set_shown_topped_up_for_the_period_and_taken_away(leanto, place) -> None:
    commit(place, committed=3_000_000, spent=2_000_000, **{"team#core": 1_500_000, "r-x": [1_000_000, 9, "team#core"]})
    assert (
        leanto("budget", "set", "--team", "core", "-s", "dev", "--budget-usd", "2", "--daily-budget-usd", "1").code == 0
    )
    assert leanto("budget", "topup", "--team", "core", "-s", "dev", "--usd", "0.5").code == 0
    assert leanto("budget", "topup", "--team", "core", "-s", "dev", "--usd", "0.25", "--daily").code == 0
    assert limits(place) == {
        "month#team#core": 2_000_000,
        "day#team#core": 1_000_000,
        f"{MONTH}#team#core": 500_000,
        f"{DAY}#team#core": 250_000,
    }
    found = json.loads(leanto("budget", "show", "-s", "dev", "--json").out)
    assert [(line["scope"], line["period"], line["limit_micro_usd"], line["left_micro_usd"]) for line in found] == [
        ("stack", MONTH, 50_000_000, 47_000_000),
        ("team#core", MONTH, 2_500_000, 1_000_000),
        ("team#core", DAY, 1_250_000, 1_250_000),
    ]
    assert [(line["committed_micro_usd"], line["spent_micro_usd"]) for line in found] == [
        (3_000_000, 2_000_000),
        (1_500_000, 500_000),
        (0, None),
    ]
    assert "limit 2.50, left 1.00; committed 1.50, 1.00 of it put aside" in leanto("budget", "show", "-s", "dev").out
    leanto("budget", "set", "--team", "core", "-s", "dev", "--budget-usd", "none", "--daily-budget-usd", "none")
    assert {"month#team#core", "day#team#core"} & limits(place).keys() == set()


def test_a_limit_below_what_is_committed_is_set_and_said(leanto, place) -> None:
    commit(place, committed=3_000_000, **{"team#core": 3_000_000})
    ran = leanto("budget", "set", "--team", "core", "-s", "dev", "--budget-usd", "1")
    assert ran.code == 0
    assert "3.00 USD are committed" in ran.err
    assert "nothing more passes" in ran.err
    assert "committed" not in leanto("budget", "set", "--team", "core", "-s", "dev", "--budget-usd", "3").err


def test_the_stacks_limit_is_lowered_here_and_raised_by_deploying_only(leanto, place) -> None:
    ran = leanto("budget", "set", "-s", "dev", "--budget-usd", "50.000001")
    assert (ran.code, "leanto:monthlySpendUsd" in ran.err) == (3, True)
    assert leanto("budget", "set", "-s", "dev", "--budget-usd", "20").code == 0
    assert leanto("budget", "topup", "-s", "dev", "--usd", "30").code == 0
    assert leanto("budget", "topup", "-s", "dev", "--usd", "0.000001").code == 3
    assert limits(place) == {"month#stack": 20_000_000, f"{MONTH}#stack": 30_000_000}


def test_what_has_no_limit_cannot_be_topped_up(leanto, place) -> None:
    ran = leanto("budget", "topup", "--team", "core", "-s", "dev", "--usd", "1")
    assert (ran.code, "team core has no limit of its own to raise" in ran.err) == (3, True)
    assert limits(place) == {}


def test_a_topup_that_somebody_else_was_faster_with_raises_nothing(place) -> None:
    table = LimitTable(place.client("dynamodb"), "t")
    table.top_up("stack", MONTH, 5, 0)
    for before in (0, 4):
        with pytest.raises(CommandError, match="changed by somebody else"):
            table.top_up("stack", MONTH, 5, before)
    assert limits(place) == {f"{MONTH}#stack": 5}


@pytest.mark.parametrize(
    "arguments",
    [
        ["set"],
        ["set", "--key", "a", "--team", "b", "--budget-usd", "1"],
        ["set", "--team", "a#b", "--budget-usd", "1"],
        ["set", "--team", "a", "--budget-usd", "-1"],
        ["topup", "--team", "a", "--usd", "none"],
    ],
)
def test_what_names_no_limit_is_refused_before_anything_is_written(leanto, place, arguments: list[str]) -> None:
    assert leanto("budget", *arguments, "-s", "dev").code == 3
    assert limits(place) == {}


@pytest.mark.parametrize(("text", "micro"), [("0", 0), ("12.5", 12_500_000), ("0.000001", 1), ("1000000", 10**12)])
def test_amounts_are_exact(text: str, micro: int) -> None:
    assert micro_usd(text, "--usd") == micro
    assert micro_usd(usd(micro), "--usd") == micro


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "0.0000001", "1000000.000001", "NaN", "inf", "1e7", "1e-400000000", "1,5"]
)
def test_what_is_no_exact_amount_is_refused_by_the_options_name(text: str) -> None:
    with pytest.raises(CommandError, match="--usd"):
        micro_usd(text, "--usd")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "\u0661", "", "10000000000", "x"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(CommandError, match="--rpm"):
        whole_number(text, "--rpm")
