"""Claim: the program goes without bundles only where it is read to be checked; no deployment ever does."""

from pathlib import Path

import pytest

from infra.bundles import SYNTHESIS, Target, placeholders, placeholders_allowed
from leanto.bundles.contents import BUNDLES
from leanto.check.environment import SYNTHESIS as SET_BY_CHECK
from leanto.check.environment import child_environment


@pytest.mark.parametrize(
    ("value", "preview", "allowed"),
    [("1", True, True), ("1", False, False), (None, True, False), ("", True, False), ("true", True, False)],
)
def test_placeholders_need_both_the_variable_and_a_preview(
    monkeypatch: pytest.MonkeyPatch, value: str | None, preview: bool, allowed: bool
) -> None:
    if value is None:
        monkeypatch.delenv(SYNTHESIS, raising=False)
    else:
        monkeypatch.setenv(SYNTHESIS, value)
    assert placeholders_allowed(preview=preview) is allowed


def test_every_bundle_has_a_placeholder() -> None:
    functions = placeholders(Path("/checkout"), Target("arm64", "3.13"))
    node = placeholders(Path("/checkout"), Target("x86_64", "3.12", of_nodes=True))
    assert functions.keys().isdisjoint(node)
    assert {*functions, *node} == set(BUNDLES)


def test_the_check_sets_the_variable_that_the_program_reads() -> None:
    assert SET_BY_CHECK == SYNTHESIS
    assert child_environment({}, Path("/usr/bin/python"))[SYNTHESIS] == "1"
