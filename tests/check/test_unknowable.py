"""Claim: a made-up answer is found again in whatever a program makes of it."""

import ipaddress
import json
from typing import Any

import pytest

from leanto.check.project import PLACEHOLDER
from leanto.check.unknowable import marked_network, marked_text, with_unknowns
from leanto.embedded.plugin.values import UNKNOWN

TEXT = marked_text("ami-", "getAmi")


@pytest.mark.parametrize(
    "value",
    [
        TEXT,
        TEXT.upper().lower(),
        f"#!/bin/sh\n{TEXT}",
        json.dumps({"Resource": [f"{TEXT}/*"]}),
        marked_network(),
        str(list(ipaddress.ip_network(marked_network()).subnets(8))[200]),
        str(ipaddress.ip_network(marked_network(3))[7]),
        f"0.0.0.0/0,{marked_network(300)}",
        f"postgres://user:{PLACEHOLDER}@host",
    ],
)
def test_a_text_that_carries_the_mark_is_unknown(value: str) -> None:
    assert with_unknowns({"a": [{"b": value}], "c": 1}) == {"a": [{"b": UNKNOWN}], "c": 1}


def test_a_key_that_carries_the_mark_makes_its_object_unknown() -> None:
    assert with_unknowns({"tags": {TEXT: "x"}, "n": 1}) == {"tags": UNKNOWN, "n": 1}


@pytest.mark.parametrize(
    "value", ["10.0.0.0/16", "1198.18.0.1", "198.180.0.1", "198.17.0.1", "text", "", 3, True, None]
)
def test_other_values_stay_as_they_are(value: Any) -> None:
    assert with_unknowns({"a": value}) == {"a": value}


def test_answers_differ_by_what_was_asked_and_are_the_same_each_time() -> None:
    assert marked_text("", "a", "1") == marked_text("", "a", "1") != marked_text("", "a", "2")
    assert len({marked_network(number) for number in range(256, 300)}) == 44
    assert all(ipaddress.ip_network(marked_network(number)) for number in (0, 256, 511))
