"""An event is tried as often and as long as Lambda tries it, at Lambda's pace."""

import time
from collections.abc import Callable

import pytest

from leanto.embedded.aws.delivery import Delivery, Event, Lost
from leanto.embedded.aws.invocation import InvokeRefusedError, InvokeResult

FAILED = InvokeResult(b"{}", function_error="Unhandled")
DONE = InvokeResult(b"{}")


class Clock:
    """Time that passes only while the delivery waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, stopped: bool = False) -> None:
        self.waits: list[float] = []
        self._stopped = stopped
        monkeypatch.setattr(time, "monotonic", lambda: sum(self.waits))

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        return self._stopped


def event(*, retries: int = 2, age: float = 21600.0) -> Event:
    arn = "arn:aws:lambda:eu-central-1:123456789012:function:f"
    return Event("f", arn, b"{}", "eu-central-1", maximum_retries=retries, maximum_age_seconds=age)


def answers(*given: InvokeResult | InvokeRefusedError) -> Callable[[], InvokeResult]:
    remaining = iter(given)

    def run() -> InvokeResult:
        answer = next(remaining)
        if isinstance(answer, InvokeRefusedError):
            raise answer
        return answer

    return run


def refused(status: int) -> InvokeRefusedError:
    return InvokeRefusedError("Code", "text", status)


def test_errors_are_retried_after_one_and_two_minutes_and_then_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    lost = Delivery(event(), answers(FAILED, FAILED, FAILED), clock.wait).complete()
    assert (lost, clock.waits) == (Lost("RetriesExhausted", 3, FAILED), [60.0, 120.0])


def test_a_success_ends_the_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    assert Delivery(event(), answers(FAILED, DONE), clock.wait).complete() is None
    assert clock.waits == [60.0]


def test_throttles_wait_longer_each_time_and_use_up_no_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    run = answers(*[refused(429)] * 10, FAILED, FAILED)
    lost = Delivery(event(retries=1), run, clock.wait).complete()
    assert lost == Lost("RetriesExhausted", 2, FAILED)
    assert clock.waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 60]


def test_an_event_that_would_get_too_old_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    lost = Delivery(event(age=60), answers(*[refused(503)] * 20), clock.wait).complete()
    assert lost == Lost("EventAgeExceeded", 0, None)
    assert sum(clock.waits) == 31


def test_a_function_that_does_not_exist_any_more_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    assert Delivery(event(), answers(refused(404)), clock.wait).complete() is None
    assert clock.waits == []


def test_a_stopped_server_tries_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, stopped=True)
    assert Delivery(event(), answers(FAILED), clock.wait).complete() is None
    assert clock.waits == [60.0]
