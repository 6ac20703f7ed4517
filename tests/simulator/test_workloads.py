"""Claim: generated workloads have the rates, bursts, sizes and hours that they declare; the same bytes each time."""

import hashlib
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leanto.simulator.courses import ALWAYS, EVENING, NINE_TO_FIVE, OFFICE, STEADY, Course
from leanto.simulator.demand import Requests
from leanto.simulator.sizes import SHAPES, Size
from leanto.simulator.standard import STANDARD
from leanto.simulator.workloads import Stream, Workload

DAY = 86_400
DIGESTS = {
    "office-small": "74eecdac4632acbce75d318e461bae09eb09ea9174580c0babf58cf9f30e137a",
    "burst-tenant": "9529f6eccde625d5839d9f75e6942c34401cf6aef81d6b6ed829c03b0c8c61f8",
    "idle-halves": "537550bd3bd3f95325162c002ce274b4963c3c77340d717a021ea6ef263b1147",
    "mixed-team": "48a42b7284cadd14b1ac6c0916fdc43bd0ef7b0c01e9a735ced139556dd9c8fc",
}


def digest(requests: Requests) -> str:
    """Return what the bytes of all arrays hash to."""
    arrays = (requests.at_seconds, requests.input_tokens, requests.output_tokens, requests.model)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def drawn(stream: Stream, days: float = 2.0, seed: int = 0) -> Requests:
    return Workload("test", "for a test", (stream,), days).requests(seed)


@pytest.mark.parametrize("name", DIGESTS)
def test_a_workload_has_the_same_bytes_on_every_run(name: str) -> None:
    """The digests are those of an earlier run, so not only of one process."""
    assert digest(STANDARD[name].requests()) == DIGESTS[name]


def test_another_process_draws_the_same_whatever_its_hash_seed() -> None:
    code = (
        "import hashlib; from leanto.simulator.standard import STANDARD; r = STANDARD['idle-rare'].requests(7);"
        "print(hashlib.sha256(b''.join(a.tobytes() for a in (r.at_seconds, r.input_tokens, r.output_tokens, r.model)))"
        ".hexdigest())"
    )
    found = subprocess.run([sys.executable, "-c", code], env={"PYTHONHASHSEED": "42"}, capture_output=True, check=True)
    assert found.stdout.decode().strip() == digest(STANDARD["idle-rare"].requests(7))


def test_other_seeds_and_names_draw_others() -> None:
    first = STANDARD["idle-rare"]
    other = Workload("another", first.says, first.streams, first.days)
    assert len({digest(first.requests(0)), digest(first.requests(1)), digest(other.requests(0))}) == 3


@pytest.mark.parametrize("name", STANDARD)
def test_a_standard_workload_has_its_rate_and_its_sizes(name: str) -> None:
    workload = STANDARD[name]
    requests = workload.requests()
    expected = workload.rate * workload.seconds
    burst = max(stream.cv for stream in workload.streams)
    assert len(requests) == pytest.approx(expected, abs=5 * burst * math.sqrt(expected))
    for stream in workload.streams:
        if len(workload.streams) == 1:
            assert requests.input_tokens.mean() == pytest.approx(stream.shape.input.mean, rel=0.03)
            assert requests.output_tokens.mean() == pytest.approx(stream.shape.output.mean, rel=0.03)
    assert requests.input_tokens.max() <= max(stream.shape.input.most for stream in workload.streams)
    assert requests.output_tokens.max() <= max(stream.shape.output.most for stream in workload.streams)


def test_the_standard_set_covers_what_small_teams_ask() -> None:
    streams = [stream for workload in STANDARD.values() for stream in workload.streams]
    assert len(STANDARD) >= 30
    assert min(workload.rate for workload in STANDARD.values()) <= 0.01
    assert max(workload.rate for workload in STANDARD.values()) >= 10
    assert {stream.shape.name for stream in streams} == set(SHAPES)
    assert {ALWAYS, OFFICE, EVENING} <= {stream.course.hours for stream in streams}
    assert {1.0, 4.0, 13.0} <= {float(stream.cv) for stream in streams}
    assert any(stream.course.idle_hours >= 7 for stream in streams)
    assert any(stream.course.growth >= 2 for stream in streams)
    assert any(stream.course.growth < 1 for stream in streams)
    assert all(workload.name == name and workload.says for name, workload in STANDARD.items())


@settings(max_examples=25)
@given(st.floats(0.05, 5), st.floats(0.2, 13), st.integers(0, 2**32 - 1))
def test_the_number_of_requests_is_within_chance_of_the_rate(rate: float, cv: float, seed: int) -> None:
    found = drawn(Stream(rate, cv=cv), seed=seed)
    expected = rate * 2 * DAY
    # In bursts the number is far from normal while there are few of them.
    assert abs(len(found) - expected) <= 6 * max(cv, 1) * math.sqrt(expected) + 60 * cv**2


@pytest.mark.parametrize("cv", [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 13.0])
def test_gaps_vary_as_declared(cv: float) -> None:
    gaps = np.diff(drawn(Stream(5.0, cv=cv)).at_seconds)
    assert gaps.std() / gaps.mean() == pytest.approx(cv, rel=0.08, abs=0.01)


def test_bursts_do_not_change_the_mean_rate() -> None:
    """What a process that begins with an arrival would: about 84 requests too many for each beginning."""
    counts = [len(drawn(Stream(0.02, cv=13), days=1, seed=seed)) for seed in range(400)]
    error = np.std(counts) / math.sqrt(400)
    assert np.mean(counts) == pytest.approx(0.02 * DAY, abs=3 * error)
    assert error < 84 / 3


@settings(max_examples=30)
@given(st.floats(20, 5000), st.floats(0, 1.2), st.integers(2, 10))
def test_sizes_have_their_mean_even_where_they_are_cut(mean: float, spread: float, times: int) -> None:
    size = Size(mean, spread, int(mean * times) + 1)
    found = size.tokens(np.random.default_rng(1).standard_normal(40_000))
    assert found.mean() == pytest.approx(mean, rel=0.04, abs=1)
    assert found.min() >= 1
    assert found.max() <= size.most


def test_a_mean_above_the_most_is_refused() -> None:
    with pytest.raises(ValueError, match="the mean must be less"):
        Size(100, 1, 100).tokens(np.zeros(1))


def test_output_follows_input_as_much_as_the_shape_says() -> None:
    inputs, outputs = SHAPES["summarise"].draw(np.random.default_rng(3), 50_000)
    assert np.corrcoef(np.log(inputs), np.log(outputs))[0, 1] == pytest.approx(0.5, abs=0.04)
    inputs, outputs = SHAPES["chat"].draw(np.random.default_rng(3), 50_000)
    assert abs(np.corrcoef(np.log(inputs), np.log(outputs))[0, 1]) < 0.02


def test_nobody_asks_outside_of_office_hours_that_say_so() -> None:
    requests = STANDARD["office-strict"].requests()
    hours, days = requests.at_seconds % DAY // 3600, requests.at_seconds // DAY % 7
    assert set(hours.tolist()) == {9, 10, 11, 12, 13, 14, 15, 16}
    assert set(days.tolist()) == {0, 1, 2, 3, 4}


def test_hours_and_weekends_have_their_weights() -> None:
    requests = drawn(Stream(2.0, course=Course(OFFICE, weekend=0.1)), days=14)
    hours = np.bincount((requests.at_seconds % DAY // 3600).astype(int), minlength=24)
    assert hours[9] / hours[3] > 20
    days = np.bincount((requests.at_seconds // DAY % 7).astype(int), minlength=7)
    assert days[5:].mean() / days[:5].mean() == pytest.approx(0.1, abs=0.01)


def test_it_grows_as_declared() -> None:
    requests = drawn(Stream(1.0, course=Course(growth=4)), days=10)
    days = np.bincount((requests.at_seconds // DAY).astype(int))
    assert days[-1] / days[0] == pytest.approx(4 ** (9 / 10), rel=0.05)


def test_idle_spells_are_of_hours() -> None:
    stream = Stream(0.05, course=Course(busy_hours=6, idle_hours=7.5))
    requests = drawn(stream, days=200)
    gaps = np.diff(requests.at_seconds)
    idle = gaps[gaps > 900] / 3600
    assert idle.mean() == pytest.approx(7.5, rel=0.25)
    assert idle.sum() / (200 * 24) == pytest.approx(7.5 / 13.5, abs=0.1)
    assert idle.max() > 20, "some are much longer than the mean"


def test_fame_comes_suddenly_and_goes_within_hours() -> None:
    course = Course(fame=1, peak=20)
    rates = course.rates(1.0, 7 * DAY, 0, np.random.default_rng(2))
    first = int(np.argmax(rates))
    assert rates[first] / rates[first - 1] > 15
    assert rates[first + 300] / rates[first - 1] < 1.2


def test_one_part_of_a_course_changed_leaves_the_draws_of_the_others() -> None:
    wander = Course(wander=0.4).rates(1.0, 7 * DAY, 0, np.random.default_rng(5))
    both = Course(wander=0.4, fame=1, peak=2).rates(1.0, 7 * DAY, 0, np.random.default_rng(5))
    before = slice(0, int(np.argmax(both / wander > 1.5 * both[0] / wander[0])))
    assert before.stop > 100
    assert both[before] / wander[before] == pytest.approx(both[0] / wander[0])


def test_a_course_without_requests_is_refused() -> None:
    with pytest.raises(ValueError, match="without any request"):
        Workload("none", "", (Stream(1.0, course=Course((0.0,) * 24)),), 1).requests()


def test_streams_of_a_workload_keep_their_models() -> None:
    requests = STANDARD["mixed-models"].requests()
    assert requests.models == ("chat", "reason")
    assert requests.of_model("reason").rate == pytest.approx(0.05, rel=0.05)
    assert requests.of_model("chat").output_tokens.mean() == pytest.approx(211, rel=0.03)
    assert requests.of_model("reason").output_tokens.mean() == pytest.approx(1400, rel=0.03)


def test_courses_keep_their_mean_whatever_the_day_begins_with() -> None:
    for begin in (0.0, 3.5 * DAY):
        rates = Course(NINE_TO_FIVE, 0.0, wander=0.3, steps=True).rates(0.7, 7 * DAY, begin, np.random.default_rng(0))
        assert rates.mean() == pytest.approx(0.7)
    assert STEADY.rates(0.7, DAY, 0, np.random.default_rng(0)).tolist() == pytest.approx([0.7] * 1440)
