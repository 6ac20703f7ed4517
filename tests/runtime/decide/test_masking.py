"""Claim: what a pattern and its checksum say is masked whole, what fails a checksum is not, and time stays linear."""

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from runtime.decide.masking import IBAN_LENGTHS, PATTERNS, is_iban, mask, passes_luhn

ALL = tuple(PATTERNS)
AROUND = st.text(" .,;:\n()äß", max_size=6)
DIGITS = "0123456789"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("write to jane.doe+x@mail.example.co.uk, please", "write to [email], please"),
        ("jürgen@müller.example", "[email]"),
        ("call +49 (0)30 1234567 or 0044 20 7946 0958.", "call [phone] or [phone]."),
        ("IBAN DE89 3704 0044 0532 0130 00 THANKS", "IBAN [iban] THANKS"),
        ("gb82west12345698765432", "[iban]"),
        ("AB12 DE89370400440532013000", "AB12 [iban]"),
        ("4111 1111 1111 1111, 378282246310005", "[card], [card]"),
        ("1 5555-5555-5555-4444", "1 [card]"),
        ("key sk-proj-abcDEF0123456789abcdef.", "key [key]."),
        ("AKIAIOSFODNN7EXAMPLE", "[key]"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", "[key]"),
        ("Authorization: Bearer abcdefghijklmnopqrstuv==", "Authorization: [key]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "[key]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- x", "[key] x"),
        ("-----BEGIN PRIVATE KEY-----\nMII cut off", "[key]"),
    ],
)
def test_examples_are_masked_whole(text: str, masked: str) -> None:
    assert mask(text, ALL) == masked


@pytest.mark.parametrize(
    "text",
    [
        "",
        "the year 2026, 3.14159265358979 and 1700000000000 ms",
        "4111 1111 1111 1112",
        "DE89 3704 0044 0532 0130 02",
        "ZZ89 3704 0044 0532 0130 02",
        "user@localhost, @name, a@b",
        "order 0049, +1, 030 1234567",
        "sk-short and task-oriented-programming-is-fun",
    ],
)
def test_what_only_resembles_stays_as_it_is(text: str) -> None:
    assert mask(text, ALL) == text


def test_only_the_patterns_asked_for_are_masked() -> None:
    text = "a@example.com 4111111111111111"
    assert mask(text, ["card"]) == "a@example.com [card]"
    assert mask(text, []) == text


def luhn(body: str) -> str:
    return next(body + digit for digit in DIGITS if passes_luhn(body + digit))


def iban(country: str, account: str) -> str:
    digits = "".join(str(int(character, 36)) for character in f"{account}{country}00")
    return f"{country}{98 - int(digits) % 97:02}{account}"


def grouped(text: str, separator: str) -> str:
    return separator.join(text[start : start + 4] for start in range(0, len(text), 4))


CARDS = st.builds(
    lambda first, rest: luhn(first + rest), st.sampled_from("23456"), st.text(DIGITS, min_size=11, max_size=17)
)
ACCOUNTS = st.sampled_from(sorted(IBAN_LENGTHS)).flatmap(
    lambda country: st.text(
        "ABCXYZ" + DIGITS, min_size=IBAN_LENGTHS[country] - 4, max_size=IBAN_LENGTHS[country] - 4
    ).map(lambda account: iban(country, account))
)


@given(AROUND, CARDS, st.sampled_from(["", " ", "-"]), AROUND)
def test_no_card_number_survives(before: str, card: str, separator: str, after: str) -> None:
    written = grouped(card, separator)
    assert mask(f"{before}{written}{after}", ["card"]) == f"{before}[card]{after}"


@given(AROUND, ACCOUNTS, st.sampled_from(["", " "]), AROUND)
def test_no_iban_survives(before: str, account: str, separator: str, after: str) -> None:
    assume(not before[-1:].isalnum() and not after[:1].isalnum())
    assert is_iban(account)
    assert mask(f"{before}{grouped(account, separator)}{after}", ["iban"]) == f"{before}[iban]{after}"


@given(CARDS, st.integers(0, 18), st.integers(1, 9))
def test_a_card_number_with_one_wrong_digit_is_never_masked(card: str, place: int, off: int) -> None:
    place %= len(card)
    wrong = card[:place] + str((int(card[place]) + off) % 10) + card[place + 1 :]
    assert mask(wrong, ["card"]) == wrong


@given(ACCOUNTS, st.integers(4, 40), st.integers(1, 9))
def test_an_iban_with_one_wrong_digit_is_never_masked(account: str, place: int, off: int) -> None:
    assume(place < len(account) and account[place].isdigit())
    wrong = account[:place] + str((int(account[place]) + off) % 10) + account[place + 1 :]
    assert mask(wrong, ["iban"]) == wrong


@given(st.text(st.sampled_from("aB3@.+- 40(\n") | st.characters(), max_size=200))
def test_masking_again_changes_nothing(text: str) -> None:
    once = mask(text, ALL)
    assert mask(once, ALL) == once


@pytest.mark.parametrize(
    "piece",
    [
        "a", "a.", "a@", "a@a.", "4", "4 ", "4000 ", "40-", "DE89 ", "DE89", "+", "+1 ", "0", "sk-", "eyJaaaaaaaaa.",
        "bearer ", "-----BEGIN PRIVATE KEY-----", "-----BEGIN ", "-----END PRIVATE KEY-----", "a@b.c@",
    ],
)  # fmt: skip
def test_time_grows_no_faster_than_the_text(piece: str) -> None:
    def seconds(length: int) -> float:
        text = piece * (length // len(piece))
        began = time.process_time()
        mask(text, ALL)
        return time.process_time() - began

    # Four times the text may take ten times as long, never sixteen: that would be its square.
    short = min(seconds(15_000) for _ in range(2))
    assert seconds(60_000) < 10 * short + 0.02
