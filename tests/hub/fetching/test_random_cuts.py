"""Whatever the network does, and however often the fetch is ended: in the end the file is right."""

from __future__ import annotations

import random

import pytest

from hub.fetching.kit import Depot, Impatient
from loradex.demo.hub_http import Misbehaviour, Reply, Request
from loradex.demo.hub_trouble import Reset, edge_page
from loradex.errors import HubError
from loradex.formats.hashing import hash_file
from loradex.hub.fetching import FetchOptions, body, crowd, kept_bytes


@pytest.mark.parametrize("seed", range(24))
def test_random_trouble(depot: Depot, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    dice = random.Random(seed)
    monkeypatch.setattr(body, "_FIRST_PIECE", dice.choice([1024, 5000, 16384]))
    monkeypatch.setattr(crowd, "_WORTH", 10_000)
    monkeypatch.setattr(crowd, "_STRETCHES", (7_000, 50_000))
    monkeypatch.setattr(crowd, "_SETTLE", 0.0)
    depot.fetcher_options = FetchOptions(stall_seconds=0.2, tries=3, connections=seed % 4 + 1)

    def trouble(_request: Request) -> Reply | Misbehaviour | None:
        scenario = depot.scenario
        scenario.cut_after = dice.choice([None, 0, 1, 8191, dice.randrange(200_000)])
        scenario.reset = dice.random() < 0.5
        scenario.stall_after = 50_000 if dice.random() < 0.03 else None
        scenario.ignore_range = dice.random() < 0.05
        scenario.refuse_range = dice.random() < 0.05
        scenario.link_seconds = 3600 if dice.random() < 0.9 else -1
        kind = dice.random()
        if kind < 0.05:
            return edge_page(503)
        if kind < 0.1:
            return Reset()
        return Reply(403, {"Content-Type": "application/xml"}, b"<Error/>") if kind < 0.15 else None

    depot.on_store = trouble
    calls = 0
    while True:
        calls += 1
        try:
            fetched = depot.fetch(cancel=Impatient())
            break
        except HubError:
            assert kept_bytes(depot.part) <= 300_000
            assert calls < 200

    assert fetched.hashes == hash_file(depot.source)
    assert depot.part.read_bytes() == depot.content
    assert not depot.state.exists()
