"""Claims about every rule at once: no input breaks one, unknown is never a pass, spelling does not matter.

Each claim is tried on the stacks of the corpus with one value replaced at every place.
"""

import random
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from policies.normalise import UNKNOWN
from policies.pack import RULES
from tests.policies.corpus import Case, cases, stack_of
from tests.policies.mutants import GONE, messages, places, unknown_at, unplaced, values_that_fail, verdicts, with_value

JUNK: tuple[Any, ...] = (
    None,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "\x00{",
    True,
    [],
    {},
    [None],
    [[UNKNOWN]],
    {"a": UNKNOWN},
    UNKNOWN,
    GONE,
    [{"x": [{}]}],
)
"""What could stand at any place, sensible or not."""

OPEN: tuple[Any, ...] = (
    GONE,
    True,
    False,
    "true",
    "false",
    "*",
    "0.0.0.0/0",
    "::/0",
    0,
    1,
    10**9,
    "NONE",
    "HTTP",
    "Disabled",
)
"""Values that make one rule or another fail."""

CANARY = "sk-ant-api03-" + "canary0" * 8
PASS, FAIL = "pass", "fail"


def by_rule() -> Mapping[str, list[Case]]:
    """Return the cases of each rule."""
    found: dict[str, list[Case]] = {rule.id: [] for rule in RULES}
    for case in cases():
        found[case.rule].append(case)
    return found


def some(rows: list[Any], count: int, seed: str) -> list[Any]:
    """Return some rows, the same in every run: a test of all takes minutes."""
    return rows if len(rows) <= count else random.Random(seed).sample(rows, count)  # noqa: S311 - a choice of cases


CASES = by_rule()
each_rule = pytest.mark.parametrize("rule", list(CASES))


def at_most(count: int, long: int = sys.maxsize) -> pytest.MarkDecorator:
    """Try so many places and values of a rule, and so many (all, unless said otherwise) where there is time."""
    in_full = pytest.param(long, id="in-full", marks=pytest.mark.long)
    return pytest.mark.parametrize("count", [pytest.param(count, id="some"), in_full])


@at_most(100, 2000)
@each_rule
def test_no_value_at_any_place_breaks_a_rule(rule: str, count: int) -> None:
    tried = [
        (case, item, path, junk)
        for case in CASES[rule]
        for item in stack_of(case).items
        for path, _ in places(item.inputs)
        for junk in JUNK
    ]
    for case, item, path, junk in some(tried, count, rule):
        stack = stack_of(case)
        own = next(row for row in stack.items if row.urn == item.urn)
        told = messages(case, with_value(stack, own, path, junk))
        assert not [text for text in told if "itself failed" in text], (case.label, item.name, path, junk)


@each_rule
def test_what_aws_has_not_answered_yet_breaks_no_rule(rule: str) -> None:
    for case in CASES[rule]:
        stack = stack_of(case)
        waiting = tuple(replace(row, outputs=dict.fromkeys(row.outputs, UNKNOWN)) for row in stack.items)
        told = messages(case, replace(stack, items=waiting))
        assert not [text for text in told if "itself failed" in text], case.label


def _passing(rule: str) -> Iterator[tuple[Case, str]]:
    for case in CASES[rule]:
        for name, verdict in case.expect.items():
            if verdict == PASS:
                yield case, name


@at_most(40)
@each_rule
def test_where_some_value_would_fail_an_unknown_one_does_not_pass(rule: str, count: int) -> None:
    tried = [
        (case, name, stack, item, path)
        for case, name in _passing(rule)
        for stack in [stack_of(case)]
        for item in stack.items
        for path, _ in places(item.inputs)
    ]
    for case, name, stack, item, path in some(tried, count, rule):
        if verdicts(case, unknown_at(stack, item, path)).get(name) != PASS:
            continue
        for value in (*OPEN, *values_that_fail(rule).get(unplaced(path), ())):
            if value is GONE and isinstance(path[-1], int):
                continue  # An element of a list that is not known yet is there all the same.
            found = verdicts(case, with_value(stack, item, path, value)).get(name)
            assert found != FAIL, (case.label, item.name, path, "fails, but passes when unknown", value)


def _spelt(value: Any) -> Iterator[Any]:
    """Yield other spellings of a value that mean the same to AWS and Pulumi."""
    if isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, int):
        yield str(value)
    elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], str | dict):
        yield value[0]
    elif isinstance(value, dict) and value:
        yield dict(reversed(value.items()))


@each_rule
def test_spelling_does_not_matter(rule: str) -> None:
    for case in CASES[rule]:
        stack = stack_of(case)
        expected = verdicts(case, stack)
        for item in stack.items:
            for path, value in places(item.inputs):
                for other in _spelt(value):
                    found = verdicts(case, with_value(stack, item, path, other))
                    assert found == expected, (case.label, item.name, path, other)


@at_most(150)
@each_rule
def test_no_message_repeats_what_could_be_a_secret(rule: str, count: int) -> None:
    tried = [
        (case, item.urn, path)
        for case in CASES[rule]
        for item in stack_of(case).items
        for path, value in places(item.inputs)
        if isinstance(value, str)
    ]
    for case, urn, path in some(tried, count, rule):
        stack = stack_of(case)
        own = next(row for row in stack.items if row.urn == urn)
        told = messages(case, with_value(stack, own, path, CANARY))
        assert not [text for text in told if CANARY[8:] in text], (case.label, path)


@each_rule
def test_the_order_of_resources_does_not_matter(rule: str) -> None:
    for case in CASES[rule]:
        stack = stack_of(case)
        turned = replace(stack, items=tuple(reversed(stack.items)))
        assert verdicts(case, turned) == verdicts(case, stack), case.label


def test_rules_may_run_in_parallel_and_again_with_the_same_outcome() -> None:
    rows = [(case, stack_of(case)) for case in cases()]
    alone = [(verdicts(case, stack), messages(case, stack)) for case, stack in rows]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda row: (verdicts(*row), messages(*row)), rows))
    assert together == alone
