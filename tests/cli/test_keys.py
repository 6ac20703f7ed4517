"""Claims about keys: shown once, stored as hashes, revoked for good; and about providers' keys: never shown at all."""

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leanto.cli.exits import CommandError
from leanto.cli.keys import expiry
from leanto.cli.keytable import KeyTable
from runtime.state.attributes import from_item, to_item
from runtime.state.keys import KEY_PATTERN, KeyRecord
from tests.cli.stand_in_place import StandInPlace

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def items(place: StandInPlace) -> list[dict[str, Any]]:
    return [from_item(item) for item in place.client("dynamodb").scan(TableName="t")["Items"]]


def test_a_created_key_is_the_only_thing_on_standard_output_and_only_its_hash_is_stored(leanto, place) -> None:
    ran = leanto("keys", "create", "me", "--stack", "dev", "--team", "core", "--model", "small", "--expires", "30d")
    key = ran.out.strip()
    assert ran.code == 0
    assert re.fullmatch(KEY_PATTERN, key)
    (item,) = items(place)
    record = KeyRecord.from_values(item)
    assert record.admits(key, now_epoch_seconds=datetime.now(UTC).timestamp())
    assert not record.admits(key, now_epoch_seconds=(datetime.now(UTC) + timedelta(days=31)).timestamp())
    assert (record.name, record.team, record.models) == ("me", "core", ("small",))
    assert key not in str(item)
    assert key not in ran.err


def test_a_key_without_models_or_end_has_neither_attribute(leanto, place) -> None:
    leanto("keys", "create", "me", "--stack", "dev")
    (item,) = items(place)
    assert {"models", "expires_at"} & item.keys() == set()
    assert item["team"] == "me"


def test_a_key_may_have_a_data_class_of_those_that_there_are(leanto, place) -> None:
    assert leanto("keys", "create", "me", "--stack", "dev", "--data-class", "eu").code == 0
    (item,) = items(place)
    assert KeyRecord.from_values(item).data_class == "eu"
    refused = leanto("keys", "create", "me", "--stack", "dev", "--data-class", "secret")
    assert refused.code != 0
    assert "local-only" in refused.err


def test_listing_shows_everything_but_keys_and_hashes(leanto, place) -> None:
    key = leanto("keys", "create", "me", "--stack", "dev", "--model", "large").out.strip()
    for arguments in (["keys", "list"], ["keys", "list", "--json"]):
        out = leanto(*arguments, "--stack", "dev").out
        assert key.split("-")[2] in out
        assert "large" in out
        assert key.split("-", 3)[3] not in out
        assert items(place)[0]["hash"] not in out


def test_a_revoked_key_is_refused_for_good_and_keeps_the_time_of_its_first_revocation(leanto, place) -> None:
    key = leanto("keys", "create", "me", "--stack", "dev").out.strip()
    key_id = key.split("-")[2]
    assert leanto("keys", "revoke", key_id, "--stack", "dev").code == 0
    (item,) = items(place)
    assert not KeyRecord.from_values(item).admits(key, now_epoch_seconds=0)
    stored = {**item, "revoked_at": "2020-01-01"}
    place.client("dynamodb").put_item(TableName="t", Item=to_item(stored))
    leanto("keys", "revoke", key_id, "--stack", "dev")
    assert items(place)[0]["revoked_at"] == "2020-01-01"
    assert "revoked" in leanto("keys", "list", "--stack", "dev").out


def test_revoking_an_unknown_id_is_an_error_and_makes_nothing(leanto, place) -> None:
    ran = leanto("keys", "revoke", "aaaaaaaaaaaa", "--stack", "dev")
    assert ran.code == 3
    assert items(place) == []


def test_a_whole_key_given_to_revoke_is_not_repeated(leanto, place) -> None:
    key = leanto("keys", "create", "me", "--stack", "dev").out.strip()
    ran = leanto("keys", "revoke", key, "--stack", "dev")
    assert ran.code == 3
    assert key not in ran.err
    assert key.split("-")[2] in ran.err


def test_a_model_that_the_stack_does_not_serve_is_refused(leanto, place) -> None:
    ran = leanto("keys", "create", "me", "--stack", "dev", "--model", "huge")
    assert ran.code == 3
    assert "it serves small, large" in ran.err
    assert items(place) == []


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 65, "\x1b[31m"])
def test_odd_names_are_refused(leanto, place, name: str) -> None:
    assert leanto("keys", "create", name, "--stack", "dev").code == 3
    assert items(place) == []


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("48h", NOW + timedelta(hours=48)),
        ("4w", NOW + timedelta(weeks=4)),
        ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
    ],
)
def test_ends_are_read_from_spans_and_dates(text: str, moment: datetime) -> None:
    assert expiry(text, NOW) == moment


@pytest.mark.parametrize("text", ["0d", "2026-11-24", "1999-01-01", "tomorrow", "-3d", "2027-02-30", "99999d"])
def test_ends_in_the_past_and_nonsense_are_refused(text: str) -> None:
    with pytest.raises(CommandError, match="--expires"):
        expiry(text, NOW)


def test_a_table_that_is_paged_is_listed_whole(place) -> None:
    """A key's name may be long; 1 MB a page is DynamoDB's bound."""
    table = KeyTable(place.client("dynamodb"), "t")
    made = {table.create("n" * 64, team="t").key_id for _ in range(30)}
    assert {values["sk"] for values in table.list()} == made


def test_a_providers_key_is_stored_from_standard_input_and_never_shown(leanto, place, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-canary\n"))
    ran = leanto("provider-key", "set", "openai", "--stack", "dev")
    arn = place.outputs["provider_secret_arns"]["openai"]
    assert place.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"] == "sk-canary"
    assert (ran.code, "canary" in ran.out + ran.err) == (0, False)


@pytest.mark.parametrize(
    ("text", "code"), [("", 5), (" \n", 5), ("two words", 3), ("a\nb", 3), ("ü", 3), ("x" * 5000, 3)]
)
def test_what_is_no_key_is_refused_and_not_repeated(leanto, place, monkeypatch, text: str, code: int) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    ran = leanto("provider-key", "set", "openai", "--stack", "dev")
    assert ran.code == code
    assert not text.strip() or text.strip() not in ran.err


def test_a_provider_that_no_route_uses_is_refused_before_anything_is_read(leanto, place, monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    ran = leanto("provider-key", "set", "acme", "--stack", "dev")
    assert (ran.code, "its routes use: openai" in ran.err) == (3, True)


def test_resume_takes_the_flag_away_and_says_why_it_was_set(leanto, place) -> None:
    assert leanto("resume", "--stack", "dev").code == 3
    flag = {"pk": "CONTROL", "sk": "STOP", "stopped": True, "reason": "too dear", "at": "2026-11-24"}
    place.client("dynamodb").put_item(TableName="t", Item=to_item(flag))
    ran = leanto("resume", "--stack", "dev")
    assert (ran.code, "too dear" in ran.err) == (0, True)
    assert items(place) == []
