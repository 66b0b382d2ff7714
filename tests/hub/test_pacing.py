"""Waits: the speed limit, growing pauses, `Retry-After`."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled
from loradex.hub.pacing import Pacer, backoff, retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def pacer(time) -> Pacer:
    return Pacer(cancel=CancelToken(), clock=time.clock, sleep=time.sleep)


def test_four_requests_a_second(pacer: Pacer, time) -> None:
    starts = []
    for _ in range(5):
        pacer.wait_for_turn()
        starts.append(time.now - 1000)

    assert starts == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])


def test_time_that_passed_anyway_is_not_waited_for(pacer: Pacer, time) -> None:
    pacer.wait_for_turn()
    time.now += 10
    pacer.wait_for_turn()

    assert time.slept == 0


def test_one_asked_to_wait_holds_back_all(pacer: Pacer, time) -> None:
    pacer.hold_all(7)
    pacer.hold_all(2)
    pacer.wait_for_turn()

    assert time.slept == pytest.approx(7)


def test_threads_share_one_limit() -> None:
    slept: list[float] = []
    pacer = Pacer(cancel=CancelToken(), clock=lambda: 0.0, sleep=slept.append)
    threads = [threading.Thread(target=pacer.wait_for_turn) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(slept) == pytest.approx(0.25 * sum(range(8)))


def test_a_pause_ends_when_cancelled(time) -> None:
    token = CancelToken()
    time.after_sleep = lambda: token.cancel() if time.slept > 1 else None
    pacer = Pacer(cancel=token, clock=time.clock, sleep=time.sleep)

    with pytest.raises(Cancelled):
        pacer.pause(30)
    assert time.slept < 2


@pytest.mark.parametrize(
    ("attempt", "least", "most"), [(0, 1, 1.5), (1, 2, 3), (4, 16, 24), (5, 30, 30), (99, 30, 30)]
)
def test_backoff_doubles_to_thirty_seconds(attempt: int, least: float, most: float) -> None:
    waits = {backoff(attempt) for _ in range(50)}

    assert all(least <= wait <= most for wait in waits)
    assert (len(waits) > 1) == (least < most)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("9" * 5000, 999_999_999.0),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90.0),
        ("Sun, 01 Mar 2026 12:01:30 -0000", 90.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("Sun, 99 Mar 2026 12:01:30 GMT", None),
        ("²", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds
