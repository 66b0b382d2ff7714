"""The speed limit, with time that only waiting moves."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from hub.fetching.kit import Depot
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled
from loradex.hub.fetching import SpeedLimit, speed


class Clock(CancelToken):
    """Waiting on it moves the time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 100.0

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return self.cancelled


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(speed, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


@pytest.mark.parametrize(("rate", "piece"), [(1000, 100), (1_000_000, 4096), (50_000_000, 262_144)])
def test_the_limit_is_kept(clock: Clock, rate: int, piece: int) -> None:
    limit = SpeedLimit(rate)
    spent = 0
    while clock.now < 110:
        limit.spend(piece, clock)
        spent += piece

    assert 0.9 * 10 * rate <= spent <= 1.1 * 10 * rate + piece


def test_all_who_share_it_keep_it_together(clock: Clock) -> None:
    limit = SpeedLimit(10_000)
    spent = 0
    while clock.now < 110:
        for _ in range(3):
            limit.spend(500, clock)
            spent += 500

    assert 90_000 <= spent <= 110_000


def test_it_may_be_changed_and_lifted(clock: Clock) -> None:
    limit = SpeedLimit(1000)
    limit.spend(2000, clock)
    assert clock.now >= 101.5

    limit.bytes_per_second = None
    before = clock.now
    assert limit.spend(1 << 40, clock) is False
    assert clock.now == before

    limit.bytes_per_second = 100.0
    limit.spend(100, clock)
    assert 0.9 <= clock.now - before <= 1.3


def test_a_stop_ends_the_wait(clock: Clock) -> None:
    clock.cancel()

    with pytest.raises(Cancelled):
        SpeedLimit(1).spend(1000, clock)


@pytest.mark.parametrize(
    ("rate", "most"), [(None, 262_144), (1e9, 262_144), (80_000, 10_000), (1, 1024)]
)
def test_how_much_at_once(rate: float | None, most: int) -> None:
    assert SpeedLimit(rate).most_at_once(262_144) == most


def test_a_slow_fetch_is_no_stall(depot: Depot) -> None:
    depot.speed.bytes_per_second = 600_000

    assert depot.fetch(cancel=CancelToken()).sha256 == depot.sha256
