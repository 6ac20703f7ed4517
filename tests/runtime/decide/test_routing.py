"""Claim: no upstream gets a request that it may not have, or one more of which the last attempt could be billed."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.decide.routing import (
    ATTEMPTS_PER_TARGET,
    LEAST_LEFT_SECONDS,
    MAXIMUM_ATTEMPTS,
    MAXIMUM_WAIT_SECONDS,
    Failure,
    Needs,
    Next,
    Target,
    Try,
    is_unwell,
    may_ask_again,
    next_attempt,
    pause_seconds,
    plan,
)

PLACES = st.sampled_from(["", "eu", "us"])
ABILITIES = st.frozensets(st.sampled_from(["tools", "vision"]))
TOKENS = st.none() | st.integers(1, 1000)
TARGETS = st.lists(
    st.builds(
        Target,
        name=st.just("a"),
        is_local=st.booleans(),
        place=PLACES,
        lacks=ABILITIES,
        context_tokens=TOKENS,
        maximum_output_tokens=TOKENS,
        unready=st.sampled_from(["", "no node"]),
    ),
    max_size=5,
)
NEEDS = st.builds(
    Needs,
    prompt_tokens=TOKENS,
    output_tokens=TOKENS,
    abilities=ABILITIES,
    places=st.none() | st.frozensets(st.sampled_from(["eu", "us"])),
)
A, B, C = Target("a"), Target("b"), Target("c")


@given(TARGETS, NEEDS, st.data())
def test_only_targets_that_may_and_can_are_asked_and_every_other_has_its_reason(
    targets: list[Target], needs: Needs, data: st.DataObject
) -> None:
    seconds = data.draw(st.lists(st.sampled_from([0.0, 3.0]), min_size=len(targets), max_size=len(targets)))
    found = plan(targets, needs, seconds)
    for index in found.order:
        target = targets[index]
        assert not target.unready
        assert seconds[index] == 0
        assert needs.places is None or target.is_local or target.place in needs.places
        assert not needs.abilities & target.lacks
    assert all(earlier < later for earlier, later in pairwise(found.order))
    passed = [one.target for one in found.passed_over]
    assert sorted([*found.order, *passed]) == list(range(len(targets)))
    assert all(one.reason for one in found.passed_over)


@given(TARGETS, NEEDS)
def test_an_estimate_of_length_alone_never_leaves_a_request_without_an_upstream(
    targets: list[Target], needs: Needs
) -> None:
    free = Needs(abilities=needs.abilities, places=needs.places)
    well = [0.0] * len(targets)
    assert bool(plan(targets, needs, well).order) == bool(plan(targets, free, well).order)


@pytest.mark.parametrize(
    ("target", "needs", "reason", "param"),
    [
        (Target("a", is_local=True, unready="no node of the pool serves"), Needs(), "no node of the pool serves", ""),
        (Target("a", place="us"), Needs(places=frozenset({"eu"})), "data class does not allow it", "data_class"),
        (Target("a"), Needs(places=frozenset()), "data class does not allow it", "data_class"),
        (
            Target("a", lacks=frozenset({"tools"})),
            Needs(abilities=frozenset({"tools"})),
            "does not take tools",
            "tools",
        ),
        (Target("a", context_tokens=10), Needs(prompt_tokens=11), "likely too long", ""),
        (Target("a", maximum_output_tokens=10), Needs(output_tokens=11), "likely too long", ""),
    ],
)
def test_a_target_is_passed_over_for_another_with_the_reason(
    target: Target, needs: Needs, reason: str, param: str
) -> None:
    other = Target("b", place="eu")
    places = needs.places or frozenset({"eu"}) if needs.places is not None else None
    found = plan([target, other], Needs(needs.prompt_tokens, needs.output_tokens, needs.abilities, places), [0.0, 0.0])
    assert found.order == (1,)
    (passed,) = found.passed_over
    assert (passed.target, passed.param) == (0, param)
    assert reason in passed.reason


def test_a_request_too_long_for_what_is_well_does_not_go_there() -> None:
    """It would be refused for its length, though in a moment another could take it."""
    found = plan([Target("long"), Target("short", context_tokens=10)], Needs(prompt_tokens=11), [7.0, 0.0])
    assert found.order == ()
    assert [one.seconds for one in found.passed_over] == [7.0, 0.0]


@pytest.mark.parametrize(
    ("failure", "again", "unwell"),
    [
        (Failure(sent=False), True, True),
        (Failure(sent=True), False, True),
        (Failure(sent=True, out_of_time=True), False, False),
        (Failure(sent=True, begun=True), False, True),
        (Failure(sent=True, begun=True, out_of_time=True), False, False),
        (Failure(sent=True, status=302), False, False),
        (Failure(sent=True, status=400), False, False),
        (Failure(sent=True, status=401), False, False),
        (Failure(sent=True, status=408), True, True),
        (Failure(sent=True, status=409), False, False),
        (Failure(sent=True, status=429), True, False),
        (Failure(sent=True, status=499), False, False),
        (Failure(sent=True, status=500), True, True),
        (Failure(sent=True, status=529), True, True),
        (Failure(sent=True, status=500, begun=True), False, True),
    ],
    ids=str,
)
def test_what_may_follow_a_failure_and_what_it_tells_of_the_upstream(
    failure: Failure, again: bool, unwell: bool
) -> None:
    assert (may_ask_again(failure), is_unwell(failure)) == (again, unwell)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4, unique=True), st.data())
def test_a_request_ends_after_few_attempts_and_each_keeps_to_the_deadline(
    order: list[int], data: st.DataObject
) -> None:
    now, deadline = 0.0, data.draw(st.floats(0, 10))
    tries: list[Try] = []
    while (step := next_attempt(order, tries, now, deadline)) is not None:
        assert 0 <= step.wait_seconds <= MAXIMUM_WAIT_SECONDS
        now += step.wait_seconds
        assert now + LEAST_LEFT_SECONDS <= deadline + 1e-9
        earlier = [one for one in tries if one.target == step.target]
        if earlier:
            assert {one.target for one in tries} == set(order), "all others are asked before one is asked again"
            assert earlier[-1].ready_at is not None
            assert now >= earlier[-1].ready_at - 1e-9
        now += data.draw(st.floats(0, 1))
        tries.append(Try(step.target, data.draw(st.none() | st.floats(now, now + 3))))
        assert len(tries) <= MAXIMUM_ATTEMPTS
        assert len(earlier) < ATTEMPTS_PER_TARGET


@pytest.mark.parametrize(
    ("order", "tries", "deadline", "expected"),
    [
        ([0, 1], [], 10, Next(0, 0)),
        ([0, 1], [Try(0, 0.5)], 10, Next(1, 0)),
        ([0, 1], [Try(0, 0.5), Try(1, None)], 10, Next(0, 0.5)),
        ([0, 1], [Try(0, 0.5), Try(1, 0.25)], 10, Next(1, 0.25)),
        ([0, 1], [Try(0, 0.5), Try(1, 0.5)], 10, Next(0, 0.5)),
        ([0], [Try(0, 2.5)], 10, None),
        ([0], [Try(0, 0.5)], 1.4, None),
        ([0], [Try(0, 0.5), Try(0, 0.5)], 10, None),
        ([0, 1], [Try(0, None), Try(1, None)], 10, None),
        ([0, 1], [Try(0, 0.5)], 0.9, None),
    ],
)
def test_the_next_attempt(order: list[int], tries: list[Try], deadline: float, expected: Next | None) -> None:
    assert next_attempt(order, tries, 0.0, deadline) == expected


def test_a_pause_is_what_the_upstream_asks_for_else_short_random_and_doubling() -> None:
    assert pause_seconds(3, 7.0, 0.9) == 7.0
    assert pause_seconds(0, -1.0, 0.9) == 0.0
    assert [pause_seconds(earlier, None, 0.0) for earlier in range(3)] == [0.1, 0.2, 0.4]
    assert pause_seconds(0, None, 1.0) == 0.2
