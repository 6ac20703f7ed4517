"""Unit files mean in the box what they mean to systemd."""

import pytest

from leanto.embedded.instances.restarts import StartLimit, is_clean, is_restarted
from leanto.embedded.instances.units import UnitError, assignments, command, environment_file, parse, span

TEXT = """# a comment
[Unit]
Description = a unit
StartLimitIntervalSec=10
StartLimitBurst=2
[Service]
Environment=A=1
Environment="B=two words" C=3
ExecStart=-/bin/run --name %n \\
  # a comment in between
  --greet ${B} $D "kept whole" 100%% $$HOME
Restart=on-failure
RestartPreventExitStatus=2 3
SuccessExitStatus=75
"""


def test_a_unit_is_read_with_its_continued_lines() -> None:
    unit = parse("x.service", TEXT)
    assert unit.one("Unit", "Description") == "a unit"
    assert assignments(unit.all("Service", "Environment")) == {"A": "1", "B": "two words", "C": "3"}
    read = command(unit.one("Service", "ExecStart"), {"B": "two words", "D": "4 5"}, {"n": unit.name})
    assert read.may_fail
    assert read.argv == (
        *("/bin/run", "--name", "x.service", "--greet", "two words", "4", "5"),
        *("kept whole", "100%", "$HOME"),
    )


def test_an_empty_value_takes_back_what_was_assigned() -> None:
    unit = parse("x.service", "[Service]\nExecStart=/bin/a\nExecStart=\nExecStart=/bin/b\n")
    assert unit.all("Service", "ExecStart") == ("/bin/b",)


@pytest.mark.parametrize("text", ["ExecStart=/bin/a\n", "[Service]\nnonsense\n"])
def test_what_is_no_unit_is_refused(text: str) -> None:
    with pytest.raises(UnitError, match=r"x\.service"):
        parse("x.service", text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("1min 30s", 90), ("250ms", 0.25), ("infinity", float("inf"))]
)
def test_time_spans(text: str, seconds: float) -> None:
    assert span(text) == seconds


def test_a_wrong_time_span_is_refused() -> None:
    with pytest.raises(UnitError, match="soon"):
        span("soon")


def test_an_environment_file_has_comments_and_quotes() -> None:
    assert environment_file("# no\nA=1\nB='two words'\nEMPTY=\n") == {"A": "1", "B": "two words", "EMPTY": ""}


@pytest.mark.parametrize(
    ("status", "clean", "restarted"),
    [(0, True, False), (1, False, True), (2, False, False), (-15, True, False), (-9, False, True), (75, True, False)],
)
def test_which_ends_are_failures_and_which_of_them_are_tried_again(status: int, clean: bool, restarted: bool) -> None:
    unit = parse("x.service", TEXT)
    assert is_clean(unit, status) is clean
    assert is_restarted(unit, status) is restarted


def test_the_limit_of_starts_is_one_of_an_interval() -> None:
    now = [0.0]
    limit, unit = StartLimit(lambda: now[0]), parse("x.service", TEXT)
    assert [limit.allows(unit), limit.allows(unit), limit.allows(unit)] == [True, True, False]
    now[0] = 10.0
    assert limit.allows(unit)
