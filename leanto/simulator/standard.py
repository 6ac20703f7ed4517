"""The standard workloads: what small teams ask of a platform, from a quiet week to ten requests a second."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from leanto.simulator.courses import EVENING, NIGHTLY, NINE_TO_FIVE, OFFICE, Course
from leanto.simulator.sizes import SHAPES
from leanto.simulator.workloads import Stream, Workload

AT_WORK = Course(OFFICE, weekend=0.1, wander=0.2)
AT_HOME = Course(EVENING, weekend=1.3, wander=0.2)
WANDERING = Course(wander=0.4)


def _steady() -> Iterator[Workload]:
    for name, rate, days in (("tiny", 0.01, 14.0), ("small", 0.1, 14.0), ("large", 3.0, 7.0), ("huge", 10.0, 2.0)):
        yield _one(f"steady-{name}", f"the same rate at all hours, {rate} a second", rate, days=days)
    yield _one("steady-short", "short questions at all hours", 1.0, "short", days=7.0)
    yield _one("steady-rag", "long contexts at all hours", 0.2, "rag")
    yield _one("steady-reason", "long answers at all hours", 0.3, "reason")
    yield _one("steady-wandering", "a mean rate that wanders over hours", 0.5, course=WANDERING)


def _office() -> Iterator[Workload]:
    for name, rate, days in (("tiny", 0.02, 14.0), ("small", 0.2, 14.0), ("medium", 0.8, 14.0), ("large", 4.0, 7.0)):
        yield _one(f"office-{name}", f"people at work, {rate} a second on average", rate, course=AT_WORK, days=days)
    for shape, rate in (("code", 0.5), ("rag", 0.1), ("summarise", 0.15), ("agent", 0.6)):
        yield _one(f"office-{shape}", f"people at work, requests of the kind {shape}", rate, shape, AT_WORK, 1.5)
    strict = Course(NINE_TO_FIVE, weekend=0.0, steps=True)
    yield _one("office-strict", "from nine to five on weekdays, nothing else", 0.4, course=strict)


def _home() -> Iterator[Workload]:
    yield _one("evening-small", "people at home, most in the evening", 0.15, course=AT_HOME)
    yield _one("evening-large", "people at home, many of them", 5.0, course=AT_HOME, days=4.0)
    famous = Course(EVENING, wander=0.2, fame=3, peak=20)
    yield _one("evening-famous", "people at home, and three hours of fame a week", 0.3, course=famous)


def _bursts() -> Iterator[Workload]:
    yield _one("burst-mild", "bursts, gaps that vary twice as much as chance has it", 0.5, course=WANDERING, cv=2)
    yield _one("burst-tenant", "bursts at office hours", 0.6, "code", AT_WORK, 4)
    yield _one("burst-code", "bursts as the completion of code has them", 2.5, "code", AT_WORK, 13, days=7.0)
    yield _one("burst-tiny", "rare bursts", 0.03, "agent", cv=8)
    yield _one("burst-rag", "bursts of long contexts", 0.1, "rag", AT_WORK, 6)


def _idle() -> Iterator[Workload]:
    gaps = Course(busy_hours=6, idle_hours=7.5, wander=0.3)
    yield _one("idle-halves", "six busy hours, seven idle ones, at any time", 0.8, "reason", gaps)
    short = Course(busy_hours=1.5, idle_hours=1, wander=0.3)
    yield _one("idle-hours", "an hour here and an hour there, in bursts", 0.6, "chat", short, 4)
    rare = Course(busy_hours=0.5, idle_hours=12)
    yield _one("idle-rare", "half an hour of work once or twice a day", 0.1, "extract", rare)
    nightly = Course(NIGHTLY, steps=True)
    yield _one("idle-nightly", "a batch of documents each night", 0.5, "extract", nightly, days=14.0)
    long = Course(OFFICE, weekend=0.0, busy_hours=60, idle_hours=40)
    yield _one("idle-days", "people at work, and days without any", 0.3, course=long)


def _growth() -> Iterator[Workload]:
    yield _one("growth-slow", "people at work, twice as many after a month", 0.3, course=_growing(2), days=28.0)
    yield _one("growth-fast", "people at work, thirty times as many after two weeks", 0.8, course=_growing(30))
    yield _one("decline", "people at work who leave", 0.5, course=_growing(0.1))


def _mixed() -> Iterator[Workload]:
    chat = Stream(0.3, SHAPES["chat"], AT_WORK)
    code = Stream(0.8, SHAPES["code"], AT_WORK, 4)
    batch = Stream(0.2, SHAPES["extract"], Course(NIGHTLY, steps=True))
    yield Workload("mixed-team", "chat and completion of code at work, documents at night", (chat, code, batch))
    tickets = Stream(0.5, SHAPES["classify"], AT_HOME, 1.5)
    answers = Stream(0.05, SHAPES["rag"], AT_HOME)
    yield Workload("mixed-support", "each ticket classified, one in ten answered", (tickets, answers))
    two = (Stream(0.2, SHAPES["chat"], AT_WORK), Stream(0.05, SHAPES["reason"], AT_WORK, 2, "reason"))
    yield Workload("mixed-models", "two models for people at work", two)


def _growing(growth: float) -> Course:
    return Course(OFFICE, weekend=0.1, wander=0.2, growth=growth)


def _one(
    name: str,
    says: str,
    rate: float,
    shape: str = "chat",
    course: Course | None = None,
    cv: float = 1.0,
    days: float = 14.0,
) -> Workload:
    return Workload(name, says, (Stream(rate, SHAPES[shape], course or Course(), cv),), days)


def _all() -> Iterator[Workload]:
    for family in (_steady, _office, _home, _bursts, _idle, _growth, _mixed):
        yield from family()


STANDARD: Mapping[str, Workload] = MappingProxyType({workload.name: workload for workload in _all()})
"""By name."""
