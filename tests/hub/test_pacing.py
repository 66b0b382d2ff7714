"""Waits: the speed limit, growing pauses, `Retry-After`."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

import pytest

from loradex.domain.hub_waiting import HubWait, nobody_told
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled, HubRateLimited, HubUnavailable
from loradex.hub.gates import HostGate
from loradex.hub.pacing import Waits, backoff, retry_after

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


def waits_with(time, token: CancelToken | None = None, told: list[HubWait] | None = None) -> Waits:
    tell = nobody_told if told is None else told.append
    return Waits("hub.test", cancel=token or CancelToken(), tell=tell, sleep=time.sleep)


@pytest.fixture
def gate(time) -> HostGate:
    return HostGate("hub.test", time.clock)


def test_four_requests_a_second(gate: HostGate, time) -> None:
    starts = []
    for _ in range(5):
        with gate.turn(waits_with(time)):
            starts.append(time.now - 1000)

    assert starts == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])


def test_time_that_passed_anyway_is_not_waited_for(gate: HostGate, time) -> None:
    with gate.turn(waits_with(time)):
        pass
    time.now += 10
    with gate.turn(waits_with(time)):
        pass

    assert time.slept == 0


def test_one_asked_to_wait_holds_back_all_and_says_why(gate: HostGate, time) -> None:
    told: list[HubWait] = []
    gate.hold_all(7)
    gate.hold_all(2)
    with gate.turn(waits_with(time, told=told)):
        pass

    assert time.slept == pytest.approx(7)
    assert [(wait.host, wait.reason) for wait in told] == [("hub.test", "asked for a pause")]
    assert told[0].seconds == pytest.approx(7)


def test_short_waits_are_not_worth_a_word(gate: HostGate, time) -> None:
    told: list[HubWait] = []
    for _ in range(3):
        with gate.turn(waits_with(time, told=told)):
            pass

    assert told == []


def test_no_more_than_two_requests_are_under_way_at_once(time) -> None:
    gate = HostGate("hub.test", time.clock)
    inside, most = 0, 0
    lock = threading.Lock()

    def ask() -> None:
        nonlocal inside, most
        with gate.turn(Waits("hub.test", cancel=CancelToken(), sleep=lambda _s: None)):
            with lock:
                inside += 1
                most = max(most, inside)
            threading.Event().wait(0.02)
            with lock:
                inside -= 1

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert most == 2


def test_a_pause_ends_when_cancelled(time) -> None:
    token = CancelToken()
    time.after_sleep = lambda: token.cancel() if time.slept > 1 else None

    with pytest.raises(Cancelled):
        waits_with(time, token).pause(30, "is slow")
    assert time.slept < 2


def test_a_host_that_is_down_is_left_alone_ever_longer(gate: HostGate, time) -> None:
    gate.failed()
    gate.failed()
    for rest in (30, 60, 120, 240, 300, 300):
        gate.check()
        gate.failed()
        with pytest.raises(HubUnavailable, match="nothing is asked before"):
            gate.check()
        time.now += rest - 1
        with pytest.raises(HubUnavailable):
            gate.check()
        time.now += 1


def test_an_answer_in_between_begins_anew(gate: HostGate, time) -> None:
    for _ in range(2):
        gate.failed()
        gate.failed()
        gate.answered()
    gate.check()


def test_three_refusals_in_a_row_or_one_long_wait_end_the_asking(time) -> None:
    patient = HostGate("hub.test", time.clock)
    assert [patient.refused(5), patient.refused(None), patient.refused(5)] == [False, False, True]
    with pytest.raises(HubRateLimited, match="wants us to stop asking"):
        patient.check()

    told = HostGate("hub.test", time.clock)
    assert told.refused(600)
    time.now += 599
    with pytest.raises(HubRateLimited) as error:
        told.check()
    assert error.value.retry_after == pytest.approx(1)
    time.now += 2
    told.check()


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
        ("Sun, 01 Mar 2026 12:01:30 +99999999999999", None),
        ("Sun, 99999999999999999999 Mar 2026 12:01:30 GMT", None),
        ("²", None),
    ],
)
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert retry_after(value, NOW) == seconds
