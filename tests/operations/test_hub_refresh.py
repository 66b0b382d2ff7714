"""Refreshing: what changed is taken over, what is gone is marked, and nothing known is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest

from loradex.catalog.catalog import Catalog
from loradex.demo import hub_trouble
from loradex.demo.hub_http import json_reply
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import World, WorldModel
from loradex.domain.models import HubMatch
from loradex.domain.progress import CancelToken
from loradex.errors import HubUnavailable
from loradex.operations.hub_refresh import WEEK, RefreshReport, refresh
from loradex.paths import Home
from operations.hub_kit import (
    forget_answers,
    hub_model,
    hub_version,
    match_all,
    opened,
    own,
    world,
)
from progress_kit import Recorder

LATER = 2 * WEEK


def neon(**more: object) -> WorldModel:
    return hub_model(
        1,
        "Neon Knight",
        hub_version(11, "Pony", "2026-02-01", trained_words=("neonkn",)),
        hub_version(10, "Pony", "2026-01-01"),
        **more,
    )


class Shelf:
    """A catalog that was matched with a hub, whose world then changes."""

    def __init__(self, catalog: Catalog, home: Home) -> None:
        self.catalog = catalog
        self.home = home

    def match(self, *models: WorldModel) -> None:
        with LocalHub(world(*models)) as hub, opened(hub, self.home) as hubs:
            match_all(self.catalog, hubs)

    @contextmanager
    def at(self, *models: WorldModel) -> Iterator[LocalHub]:
        with LocalHub(world(*models)) as hub:
            yield hub

    def refresh(
        self, hub: LocalHub, ids: Sequence[int] | None = None, *, older_than: float | None = None
    ) -> RefreshReport:
        forget_answers(self.home)
        with opened(hub, self.home) as hubs:
            (report,) = refresh(
                self.catalog,
                hubs,
                ids,
                older_than=older_than,
                sink=Recorder(),
                cancel=CancelToken(),
            )
        return report

    def known(self, content_id: int) -> HubMatch:
        match = self.catalog.details(content_id).match
        assert match is not None
        return match


@pytest.fixture
def shelf(catalog: Catalog, home: Home) -> Shelf:
    return Shelf(catalog, home)


def test_what_changed_is_taken_over(shelf: Shelf) -> None:
    owned = own(shelf.catalog, 11)[11]
    shelf.match(neon())
    changed = neon(creator="somebody", tags=("night", "armour"), content_level=4)
    new = replace(
        changed.versions[0], name="v2 fixed", trained_words=("neonkn", "glow"), content_level=4
    )
    with shelf.at(replace(changed, name="Neon Paladin", versions=(new,))) as hub:
        report = shelf.refresh(hub)
    assert (report.asked, report.present, report.gone, report.back) == (1, 1, 0, 0)
    row = shelf.catalog.rows([owned])[0]
    assert row.name == "Neon Paladin v2 fixed"
    assert row.trigger_words == ("neonkn", "glow")
    assert (row.tags, row.content_level) == (("armour", "night"), 4)
    assert shelf.known(owned).creator == "somebody"
    assert shelf.known(owned).matched_by == "sha256"


def test_a_deleted_model_keeps_all_that_was_known_and_may_come_back(shelf: Shelf) -> None:
    owned = own(shelf.catalog, 11)[11]
    shelf.match(neon())
    before = shelf.catalog.rows([owned])[0]
    known = shelf.known(owned)
    with shelf.at() as hub:
        report = shelf.refresh(hub)
        assert (report.asked, report.present, report.gone) == (1, 0, 1)
        assert shelf.refresh(hub).gone == 0  # not news any more
    assert shelf.catalog.rows([owned])[0] == before
    match = shelf.known(owned)
    assert match.gone_at is not None
    assert match.gone_at == pytest.approx(time.time(), abs=60)
    assert replace(match, gone_at=None) == known
    with shelf.at(neon()) as hub:
        report = shelf.refresh(hub)
    assert (report.present, report.gone, report.back) == (1, 0, 1)
    assert shelf.known(owned).gone_at is None


def test_a_deleted_version_is_marked_alone(shelf: Shelf) -> None:
    owned = own(shelf.catalog, 10, 11)
    shelf.match(neon())
    with shelf.at(replace(neon(), versions=neon().versions[:1])) as hub:
        report = shelf.refresh(hub)
    assert (report.present, report.gone) == (1, 1)
    assert shelf.known(owned[11]).gone_at is None
    assert shelf.known(owned[10]).gone_at is not None
    with shelf.at(neon()) as hub:
        assert shelf.refresh(hub).back == 1
    assert shelf.known(owned[10]).gone_at is None


def test_what_the_hub_still_knows_by_its_bytes_is_not_gone(shelf: Shelf) -> None:
    """The hub's own 404 for a live model (docs/civitai.md)."""
    owned = own(shelf.catalog, 11)[11]
    shelf.match(neon())
    with shelf.at(neon()) as hub:
        hub.trouble(json_reply({"items": [], "metadata": {}}), path="/api/v1/models")
        hub.trouble(json_reply({"error": "No model with id 1"}, 404), path="/api/v1/models/1")
        report = shelf.refresh(hub)
    assert (report.asked, report.present, report.gone) == (1, 0, 0)
    assert shelf.known(owned).gone_at is None


def test_a_model_without_versions_is_a_hiccup(shelf: Shelf) -> None:
    owned = own(shelf.catalog, 11)[11]
    shelf.match(neon())
    with shelf.at(replace(neon(), versions=())) as hub:
        assert shelf.refresh(hub).gone == 0
    assert shelf.known(owned).gone_at is None


def test_an_archived_model_is_not_gone(shelf: Shelf) -> None:
    owned = own(shelf.catalog, 11)[11]
    shelf.match(neon())
    with shelf.at(neon(mode="Archived")) as hub:
        assert shelf.refresh(hub).gone == 0
    assert shelf.known(owned).gone_at is None
    (known,) = shelf.catalog.known.models("civitai", [1]).values()
    assert known.model.mode == "Archived"
    assert known.model.versions[0].files  # which archived models do not list


def many(count: int, **more: object) -> tuple[WorldModel, ...]:
    return tuple(
        hub_model(n, f"Model {n}", hub_version(1000 + n, "Pony", "2026-01-01"), **more)
        for n in range(1, count + 1)
    )


def test_a_failure_marks_nothing_and_keeps_what_came(shelf: Shelf) -> None:
    owned = own(shelf.catalog, *range(1001, 1151))
    shelf.match(*many(150))
    with shelf.at(*many(149, creator="somebody")[1:]) as hub:
        batch = "/api/v1/models"
        report = shelf.refresh(hub)
        assert (report.asked, report.present, report.gone) == (150, 148, 2)
        assert len([r for r in hub.requests if r.path == batch]) == 2
    with shelf.at(*many(90, creator="nobody")) as hub:
        hub.trouble(hub_trouble.overloaded(None), times=9, path="/api/v1/models/")
        report = shelf.refresh(hub)
        assert isinstance(report.problem, HubUnavailable)
    gone = [n for n, id_ in owned.items() if shelf.known(id_).gone_at is not None]
    assert gone == [1001, 1150]


@pytest.mark.parametrize(
    "trouble",
    [
        hub_trouble.Reset(),
        hub_trouble.edge_page(200),
        hub_trouble.edge_page(404),
        hub_trouble.rate_limited(),
        json_reply({"items": None}),
        json_reply({"items": [{"name": "no id"}]}),
    ],
    ids=["cut", "page", "page 404", "too fast", "no list", "no id"],
)
def test_an_answer_that_is_none_marks_nothing(shelf: Shelf, trouble: hub_trouble.Reset) -> None:
    owned = own(shelf.catalog, 11)[11]
    shelf.match(neon())
    with shelf.at(neon()) as hub:
        hub.trouble(trouble, times=2, path="/api/v1/models")
        shelf.refresh(hub)
    assert shelf.known(owned).gone_at is None


def test_a_hub_that_has_none_of_ours_is_not_believed(shelf: Shelf) -> None:
    owned = own(shelf.catalog, *range(1001, 1031))
    shelf.match(*many(30))
    with shelf.at() as hub:
        report = shelf.refresh(hub)
    assert (report.asked, report.doubted, report.gone) == (30, True, 0)
    assert all(shelf.known(id_).gone_at is None for id_ in owned.values())


def test_only_what_was_not_asked_for_lately(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    owned = own(shelf.catalog, 11, 1002)
    two = many(2)[1]
    shelf.match(neon(), two)
    with opened_nowhere(shelf) as hubs:
        assert refresh(shelf.catalog, hubs, sink=Recorder(), cancel=CancelToken()) == []
    now = time.time()
    monkeypatch.setattr("time.time", lambda: now + LATER)
    with shelf.at(two) as hub:
        assert shelf.refresh(hub, [owned[1002]], older_than=WEEK).asked == 1
        report = shelf.refresh(hub, older_than=WEEK)
        assert (report.asked, report.gone) == (1, 1)
        # The deleted one is due again after an hour; the other is fresh.
        with opened(hub, shelf.home) as hubs:
            assert refresh(shelf.catalog, hubs, sink=Recorder(), cancel=CancelToken()) == []
        monkeypatch.setattr("time.time", lambda: now + LATER + 4000)
        assert shelf.refresh(hub, older_than=WEEK).asked == 1
        assert shelf.refresh(hub, older_than=None).asked == 2


@contextmanager
def opened_nowhere(shelf: Shelf) -> Iterator[object]:
    with LocalHub(World()) as hub, opened(hub, shelf.home) as hubs:
        yield hubs
        assert hub.requests == []
