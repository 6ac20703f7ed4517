"""Claims about finding secrets: packed or not, never told, quickly, and nothing that only looks like one."""

import base64
import gzip
import time

import pytest

from policies.normalise import UNKNOWN
from policies.reading import Unread, Value
from policies.secret_patterns import known_secret, named_secret, secret_in_text
from policies.user_data import LARGEST_BYTES, texts_of

CANARY = "hf_" + "canary" * 4
SCRIPT = f"#!/bin/sh\nexport A={CANARY}\n"


def packed(data: bytes) -> str:
    """Return base64 of some bytes."""
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "text",
    [
        SCRIPT,
        packed(SCRIPT.encode()),
        packed(gzip.compress(SCRIPT.encode())),
        packed(gzip.compress(b"first") + gzip.compress(SCRIPT.encode())),
        packed(packed(SCRIPT.encode()).encode()),
        f"echo {packed(SCRIPT.encode())} | base64 -d | sh",
    ],
    ids=["plain", "base64", "gzip", "second member", "twice", "piped"],
)
def test_a_secret_is_found_however_it_is_packed_and_never_told(text: str) -> None:
    found = [row for opened in texts_of(Value(text, "userData")) if (row := secret_in_text(opened))]
    assert [row.looks_like for row in found] == ["a token of Hugging Face"] * len(found)
    assert found
    assert CANARY[4:] not in "".join(map(str, found))


@pytest.mark.parametrize(
    "data",
    [gzip.compress(SCRIPT.encode())[:-9], b"\x1f\x8b\x08\x00broken", gzip.compress(b"0" * (LARGEST_BYTES + 2))],
    ids=["cut off", "broken", "too large"],
)
def test_what_cannot_be_opened_is_not_read_over(data: bytes) -> None:
    with pytest.raises(Unread, match="userData"):
        texts_of(Value(packed(data), "userData"))


def test_unknown_user_data_is_not_read_over() -> None:
    with pytest.raises(Unread):
        texts_of(Value(UNKNOWN, "userData"))


@pytest.mark.parametrize(
    "text", ["a" * 50_000, "a=b " * 12_000, "x://" * 8_000, "abcd\n" * 10_000 + "!", "eyJ" * 15_000, "- " * 20_000]
)
def test_no_text_makes_the_search_slow(text: str) -> None:
    start = time.perf_counter()
    for opened in texts_of(Value(text, "userData")):
        secret_in_text(opened)
    assert time.perf_counter() - start < 3


def test_a_message_holds_four_characters_of_a_known_form_and_none_of_others() -> None:
    known, named = known_secret(CANARY), named_secret("DB_PASSWORD", "Tr0ub4dor")
    assert str(known) == 'it looks like a token of Hugging Face that begins with "hf_c", 27 characters long'
    assert str(named) == "it looks like a password, by its name, 9 characters long"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPENAI_API_KEY", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:openai-AbCdEf"),
        ("OPENAI_API_KEY", "/leanto/prod/openai"),
        ("OPENAI_API_KEY", "leanto/prod/openai"),
        ("OPENAI_API_KEY_NAME", "0123456789abcdef0123456789abcdef"),
        ("MAX_TOKENS", "4096"),
        ("DB_PASSWORD", "${db_password}"),
        ("REQUIRE_PASSWORD", "true"),
        ("TOKENIZER", "a1b2c3d4e5f6a7b8c9"),
        ("SOURCE_CODE_HASH", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
    ],
)
def test_what_only_looks_like_a_secret_is_none(name: str, value: str) -> None:
    assert named_secret(name, value) is None
