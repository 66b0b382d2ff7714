"""Garbage is looked for while nobody types."""

from __future__ import annotations

import gc
import weakref

import pytest

from loradex_tui import garbage, rest


class _Ring:
    def __init__(self) -> None:
        self.me = self


def test_a_pause_waits_for_a_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(rest.time, "monotonic", lambda: now)
    keys = rest.Rest()
    looks = garbage.Garbage(keys)
    gc.collect()
    ring = weakref.ref(_Ring())
    for _ in range(garbage.WORTH):
        gc.collect(0)
        gc.collect(1)
    kept = _Ring()
    old = weakref.ref(kept)
    gc.collect(1)
    gc.collect(1)
    del kept
    assert ring() is None
    keys.key()
    looks.look()
    assert old() is not None
    now += garbage.REST + 1
    looks.look()
    assert old() is None
