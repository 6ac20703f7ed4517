"""Claim: every limit is found under its own name, whatever keys and teams are called, and a day's under its own day."""

from hypothesis import given
from hypothesis import strategies as st

from runtime.decide.limits import DAY, MONTH, STACK, Allowance, Counter, LimitBook, first_full, key_scope, past_days

NOW = 1_795_000_000.0
NAMES = st.text(st.sampled_from("ad01258#@-. _é"), min_size=1, max_size=8)
SCOPES = st.one_of(st.just(STACK), NAMES.map(lambda n: f"team#{n}"), NAMES.map(lambda n: f"key#{n}"))
PERIODS = st.sampled_from(["2026-11", "2026-11-18", "2026-11-17"])


@given(st.tuples(SCOPES, PERIODS), st.tuples(SCOPES, PERIODS))
def test_no_two_budgets_share_a_counter(one: tuple[str, str], other: tuple[str, str]) -> None:
    names = {Counter(*one, None).name, Counter(*other, None).name}
    assert len(names) == len({one, other})
    assert not names & {"spent", "estimated", "pk", "sk"}
    assert not any(name.startswith("r-") for name in names)


@given(SCOPES)
def test_only_counters_of_days_before_yesterday_are_past(scope: str) -> None:
    days = {Counter(scope, f"2026-11-{day:02d}", None).name: 1 for day in (1, 16, 17, 18, 19)}
    month = Counter(scope, "2026-11", None).name
    assert set(past_days({**days, month: 1}, NOW)) == set(list(days)[:2])


def test_what_is_topped_up_counts_in_its_own_period_on_top_of_a_limit_only() -> None:
    values = {"month#key#a": 10, "day#key#a": 4, "2026-11#key#a": 5, "2026-11-18#key#a": 1, "2026-11#key#b": 9}
    book = LimitBook(values)
    assert book.ceiling("key#a", MONTH, "2026-11") == 15
    assert book.ceiling("key#a", MONTH, "2026-12") == 10
    assert book.ceiling("key#a", DAY, "2026-11-18") == 5
    assert book.ceiling("key#a", DAY, "2026-11-19") == 4
    assert book.ceiling("key#b", MONTH, "2026-11") is None
    assert (book.knows(key_scope("a")), book.knows(key_scope("b"))) == (True, False)


def test_a_request_counts_for_key_team_and_stack_in_that_order_and_for_limited_days() -> None:
    book = LimitBook({"day#team#t": 3, "month#stack": 7})
    assert Allowance("a", "t", book).counters(9, NOW) == (
        Counter("key#a", "2026-11", None),
        Counter("team#t", "2026-11", None),
        Counter("team#t", "2026-11-18", 3),
        Counter(STACK, "2026-11", 7),
    )
    assert [counter.scope for counter in Allowance("a", "", book).counters(9, NOW)] == ["key#a", STACK]


def test_the_first_that_is_full_is_found_and_a_limit_may_be_reached() -> None:
    counters = Allowance("a", "t", LimitBook({"month#team#t": 5})).counters(9, NOW)
    assert first_full(counters, {"team#t": 3, "committed": 7}, 2) is None
    assert first_full(counters, {"team#t": 3, "committed": 8}, 3) == Counter("team#t", "2026-11", 5)
    assert first_full(counters, {"team#t": 3, "committed": 8}, 2) == Counter(STACK, "2026-11", 9)
