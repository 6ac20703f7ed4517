"""Claim: a key is random, of one form, stored as a hash only, and counts only while it is active and not expired."""

import hashlib
import re
from dataclasses import replace

import pytest

from runtime.state.keys import (
    BEARER_PATTERN,
    KeyRecord,
    NewKey,
    hash_key,
    key_id_of,
    key_of_header,
    make_key,
)

NEW = NewKey("abcdefghijkl", "sk-lt-abcdefghijkl-" + "Ab1_-" * 8 + "xyz")
RECORD = KeyRecord(NEW.key_id, NEW.hash, "app", "search", None, "active", None)
NOW = 1_800_000_000.0


def test_keys_are_of_the_form_that_api_gateway_lets_through_and_differ() -> None:
    keys = [make_key() for _ in range(200)]
    assert all(re.fullmatch(BEARER_PATTERN, f"Bearer {key.text}") for key in keys)
    assert all(key_id_of(key.text) == key.key_id for key in keys)
    assert len({key.text for key in keys} | {key.key_id for key in keys}) == 400


def test_the_hash_is_sha256_of_the_whole_key() -> None:
    assert NEW.hash == hash_key(NEW.text) == hashlib.sha256(NEW.text.encode()).hexdigest()


def test_neither_key_nor_hash_shows_in_a_repr() -> None:
    shown = repr(NEW) + repr(RECORD)
    assert NEW.text not in shown
    assert NEW.hash not in shown


@pytest.mark.parametrize(
    "header",
    [
        "",
        NEW.text,
        f"bearer {NEW.text}",
        f"Bearer  {NEW.text}",
        f"Bearer {NEW.text} ",
        f"Bearer {NEW.text}\n",
        f"Bearer {NEW.text}, Bearer {NEW.text}",
        f"Bearer {NEW.text[:-1]}",
        f"Bearer {NEW.text}x",
        f"Bearer {NEW.text.replace('sk-lt', 'sk-LT')}",
        "Bearer sk-lt-abcdefghijk1-" + "x" * 43,
    ],
)
def test_a_header_of_another_form_holds_no_key(header: str) -> None:
    assert key_of_header(header) is None


def test_a_header_of_the_form_holds_the_key() -> None:
    assert key_of_header(f"Bearer {NEW.text}") == NEW.text


def test_the_id_of_something_else_is_refused_without_quoting_it() -> None:
    with pytest.raises(ValueError, match="not a key") as error:
        key_id_of("canary-key")
    assert "canary" not in str(error.value)


@pytest.mark.parametrize(
    ("record", "admitted"),
    [
        (RECORD, True),
        (replace(RECORD, expires_at=int(NOW) + 1), True),
        (replace(RECORD, expires_at=int(NOW)), False),
        (replace(RECORD, expires_at=int(NOW) - 1), False),
        (replace(RECORD, state="revoked"), False),
        (replace(RECORD, state=""), False),
        (replace(RECORD, hash=hash_key(NEW.text + "x")), False),
        (replace(RECORD, hash=""), False),
        (replace(RECORD, hash=NEW.text), False),
        (replace(RECORD, hash="schlüssel"), False),
    ],
)
def test_a_key_counts_only_while_active_unexpired_and_the_same(record: KeyRecord, admitted: bool) -> None:
    assert record.admits(NEW.text, now_epoch_seconds=NOW) is admitted


def test_another_key_with_the_same_id_does_not_count() -> None:
    other = f"sk-lt-{NEW.key_id}-{make_key().text[-43:]}"
    assert not RECORD.admits(other, now_epoch_seconds=NOW)
