"""Claim: of the nodes that said lately that they serve a model, the least busy is asked, and no other."""

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given

from runtime.decide.nodes import BOOT_SECONDS, STATES, Node, choose, cold_start_seconds, serving, starting

NOW = 1_795_000_000.0
READY = Node("i-1", "ready", model="m", slots=4, heartbeat=int(NOW) - 3, address="10.0.0.1", port=8443)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "booting"},
        {"state": "loading"},
        {"state": "draining"},
        {"state": "drained"},
        {"state": "failed"},
        {"model": "another"},
        {"order": "drain"},
        {"slots": 0},
        {"heartbeat": int(NOW) - 16},
        {"heartbeat": int(NOW) + 16},
        {"heartbeat": 0},
    ],
)
def test_a_node_that_is_not_ready_fresh_and_of_the_model_is_not_chosen(change: dict[str, object]) -> None:
    assert serving([READY], "m", NOW) == [READY]
    assert serving([replace(READY, **change)], "m", NOW) == []  # type: ignore[arg-type]


def test_the_least_busy_by_its_slots_is_chosen_then_the_next() -> None:
    small, large, idle = (
        replace(READY, id="i-small", slots=1, busy=1),
        replace(READY, id="i-large", slots=8, busy=4, queued=1),
        replace(READY, id="i-idle", slots=2),
    )
    nodes, order, tried = [small, large, idle], [], set()
    while node := choose(nodes, tried, {}):
        order.append(node.id)
        tried.add(node.id)
    assert order == ["i-idle", "i-large", "i-small"]


def test_gateways_that_see_equal_nodes_spread_by_chance() -> None:
    nodes = [READY, replace(READY, id="i-2")]
    chosen = {choose(nodes, (), {"i-1": one, "i-2": 1 - one}).id for one in (0.1, 0.9)}  # type: ignore[union-attr]
    assert chosen == {"i-1", "i-2"}


@given(st.sampled_from(STATES), st.integers(-100, 100), st.integers(0, 20), st.integers(0, 20))
def test_whatever_is_chosen_is_ready_and_heard(state: str, age: int, busy: int, slots: int) -> None:
    node = replace(READY, state=state, heartbeat=int(NOW) - age, busy=busy, slots=slots)
    chosen = choose(serving([node], "m", NOW), (), {})
    assert (chosen is not None) == (state == "ready" and abs(age) <= 15 and slots > 0)


def test_a_start_is_told_until_it_has_lasted_far_too_long() -> None:
    booting = replace(READY, state="booting", started=int(NOW) - 30)
    assert starting([booting], "m", NOW) == [booting]
    assert starting([booting], "another", NOW) == []
    assert starting([replace(booting, started=int(NOW) - 6 * BOOT_SECONDS)], "m", NOW) == []


def test_a_cold_start_is_estimated_from_earlier_ones_less_what_has_passed() -> None:
    earlier = replace(READY, phases={"download": 20_000, "load": 20_000})
    failed = replace(READY, state="failed", phases={"download": 900_000})
    booting = replace(READY, state="booting", started=int(NOW) - 30)
    assert cold_start_seconds([], "m", NOW) == BOOT_SECONDS
    assert cold_start_seconds([earlier, failed], "m", NOW) == 40
    assert cold_start_seconds([earlier, booting], "m", NOW) == 10
    assert cold_start_seconds([earlier, replace(booting, started=int(NOW) - 39)], "m", NOW) == 5
