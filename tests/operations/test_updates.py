"""Newer versions: what counts as new, what is hidden, and how few requests it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from catalog_kit import model, version
from loradex.catalog.catalog import Catalog
from loradex.demo import hub_trouble
from loradex.demo.hub_errors import error
from loradex.demo.hub_http import json_reply
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import WorldModel
from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.progress import CancelToken
from loradex.errors import BadReference, Cancelled
from loradex.operations.hub_browse import keep
from loradex.operations.hub_refresh import UNBELIEVABLE
from loradex.operations.hubs import Hubs
from loradex.operations.matching import found
from loradex.operations.newness import Hidden, Wanted, news
from loradex.operations.updates import MODELS_PER_CALL, UpdateReport, find_updates, set_ignored
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

NOW = datetime(2026, 8, 1, tzinfo=UTC)


def v(number: int, base: str, day: str | None, **more: object) -> HubVersion:
    return replace(
        version(number, base=base, name=f"v{number}"),
        published_at=None if day is None else f"{day}T00:00:00Z",
        **more,  # type: ignore[arg-type]
    )


def shown(
    owned: Sequence[HubVersion],
    offered: Sequence[HubVersion],
    wanted: Wanted,
    *,
    ignored: frozenset[int] = frozenset(),
    whole: HubModel | None = None,
) -> tuple[list[int], Counter[Hidden]]:
    new, hidden = news(whole or model(), [*owned, *offered], owned, ignored, wanted=wanted, now=NOW)
    return [each.version.id for each in new], hidden


OLD = v(1, "SDXL 1.0", "2025-01-01")
ASKED = Wanted()


@pytest.mark.parametrize(
    ("owned", "offered", "wanted", "found", "hidden"),
    [
        # later is newer, whatever the ids and the creator's order say
        ([OLD], [v(9, "SDXL 1.0", "2024-01-01")], ASKED, [], {}),
        ([v(9, "SDXL 1.0", "2025-01-01")], [v(2, "SDXL 1.0", "2026-01-01")], ASKED, [2], {}),
        (
            [OLD],
            [v(2, "SDXL 1.0", "2025-02-01"), v(3, "SDXL 1.0", "2025-03-01")],
            ASKED,
            [3, 2],
            {},
        ),
        ([OLD], [v(2, "SDXL Lightning", "2025-02-01")], ASKED, [2], {}),
        # only what came after the newest that is owned for that base
        (
            [OLD, v(4, "SDXL 1.0", "2025-06-01")],
            [v(2, "SDXL 1.0", "2025-03-01")],
            ASKED,
            [],
            {},
        ),
        (
            [OLD, v(4, "Pony", "2025-06-01")],
            [v(2, "SDXL 1.0", "2025-03-01")],
            ASKED,
            [2],
            {},
        ),
        # another base
        ([OLD], [v(2, "Pony", "2025-03-01")], ASKED, [], {Hidden.OTHER_BASE: 1}),
        ([OLD], [v(2, "Pony", "2025-03-01")], Wanted(any_base=True), [2], {}),
        ([OLD], [v(2, "Pony", "2024-03-01")], Wanted(any_base=True), [], {}),
        # without dates the creator's order counts, without that the ids
        (
            [v(5, "Pony", None, position=1)],
            [v(6, "Pony", "2026-01-01", position=2), v(4, "Pony", None, position=0)],
            ASKED,
            [4],
            {},
        ),
        ([v(5, "Pony", None)], [v(6, "Pony", None), v(4, "Pony", None)], ASKED, [6], {}),
        # early access
        (
            [OLD],
            [v(2, "SDXL 1.0", "2026-01-01", early_access_until="2026-09-30T00:00:00Z")],
            ASKED,
            [],
            {Hidden.EARLY_ACCESS: 1},
        ),
        (
            [OLD],
            [v(2, "SDXL 1.0", "2026-01-01", early_access_until="2026-07-30T00:00:00Z")],
            ASKED,
            [2],
            {},
        ),
        ([OLD], [v(2, "SDXL 1.0", "2026-01-01", paid=True)], ASKED, [], {Hidden.EARLY_ACCESS: 1}),
        (
            [OLD],
            [v(2, "SDXL 1.0", "2026-01-01", paid=True)],
            Wanted(early_access=True),
            [2],
            {},
        ),
        # for use on the site only
        (
            [OLD],
            [v(2, "SDXL 1.0", "2026-01-01", usage_control="Generation")],
            Wanted(early_access=True),
            [],
            {Hidden.NOT_DOWNLOADABLE: 1},
        ),
        (
            [OLD],
            [v(2, "SDXL 1.0", "2026-01-01", usage_control="Generation")],
            Wanted(all_versions=True),
            [2],
            {},
        ),
        # everything that is not owned
        (
            [v(3, "Pony", "2025-06-01")],
            [v(2, "Pony", "2025-01-01"), v(4, "Pony", "2025-09-01"), v(5, "SD 1.5", "2020-01-01")],
            Wanted(all_versions=True),
            [4, 2],
            {},
        ),
        ([], [v(2, "Pony", "2025-01-01")], Wanted(True, True, True, True), [], {}),
    ],
)
def test_what_is_new(
    owned: Sequence[HubVersion],
    offered: Sequence[HubVersion],
    wanted: Wanted,
    found: list[int],
    hidden: dict[Hidden, int],
) -> None:
    assert shown(owned, offered, wanted) == (found, Counter(hidden))


@pytest.mark.parametrize(
    ("ignored", "wanted", "found", "hidden"),
    [
        (frozenset({2}), ASKED, [3], {Hidden.IGNORED: 1}),
        (frozenset({0}), ASKED, [], {Hidden.IGNORED: 2}),
        (frozenset({2}), Wanted(ignored=True), [3, 2], {}),
        (frozenset({7}), ASKED, [3, 2], {}),
    ],
)
def test_what_is_ignored(
    ignored: frozenset[int], wanted: Wanted, found: list[int], hidden: dict[Hidden, int]
) -> None:
    offered = [v(2, "SDXL 1.0", "2025-02-01"), v(3, "SDXL 1.0", "2025-03-01")]
    assert shown([OLD], offered, wanted, ignored=ignored) == (found, Counter(hidden))


def test_an_archived_model_has_nothing_to_fetch() -> None:
    archived = replace(model(), mode="Archived")
    found, hidden = shown([OLD], [v(2, "SDXL 1.0", "2026-01-01")], ASKED, whole=archived)
    assert (found, hidden) == ([], Counter({Hidden.NOT_DOWNLOADABLE: 1}))


NEON = hub_model(
    1,
    "Neon Knight",
    hub_version(13, "Pony", "2026-06-01", early_access_until="2999-01-01T00:00:00.000Z"),
    hub_version(14, "SDXL 1.0", "2026-04-01"),
    hub_version(11, "Pony", "2025-01-01"),
    hub_version(12, "Pony", "2026-03-01"),
)
FOG = hub_model(
    2, "Fog", hub_version(22, "SD 1.5", "2026-01-01"), hub_version(21, "SD 1.5", "2025-01-01")
)
OTHER = hub_model(3, "Never Owned", hub_version(31, "SD 1.5", "2026-01-01"))


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub(world(NEON, FOG, OTHER)) as hub:
        yield hub


@pytest.fixture
def hubs(hub: LocalHub, home: Home) -> Iterator[Hubs]:
    with opened(hub, home) as hubs:
        yield hubs


def look(catalog: Catalog, hubs: Hubs, wanted: Wanted | None = None) -> UpdateReport:
    return find_updates(catalog, hubs, wanted=wanted, sink=Recorder(), cancel=CancelToken())


def ids(report: UpdateReport) -> dict[int, list[int]]:
    return {each.model.id: [new.version.id for new in each.new] for each in report.models}


def test_what_is_owned_is_compared_with_the_hub(catalog: Catalog, hubs: Hubs) -> None:
    contents = own(catalog, 11, 21)
    match_all(catalog, hubs)

    report = look(catalog, hubs)

    assert ids(report) == {1: [12], 2: [22]}
    assert (report.checked, report.kept, report.gone, report.problems) == (2, 0, (), ())
    assert report.hidden == {Hidden.EARLY_ACCESS: 1, Hidden.OTHER_BASE: 1}
    neon = report.models[0]
    assert [(copy.version.id, copy.content_id) for copy in neon.have] == [(11, contents[11])]
    assert neon.new[0].size == 1012
    assert neon.page_url.endswith("/models/1")
    everything = look(catalog, hubs, Wanted(any_base=True, early_access=True))
    assert ids(everything) == {1: [13, 14, 12], 2: [22]}


def test_only_what_was_asked_for_is_compared(catalog: Catalog, hubs: Hubs) -> None:
    contents = own(catalog, 11, 12, 21)
    match_all(catalog, hubs)
    sink = Recorder()
    report = find_updates(catalog, hubs, [contents[21]], sink=sink, cancel=CancelToken())
    assert ids(report) == {2: [22]}
    assert report.checked == 1
    # Version 11 alone was asked for, but 12 is owned as well: nothing is newer than that.
    report = find_updates(catalog, hubs, [contents[11]], sink=sink, cancel=CancelToken())
    assert ids(report) == {}
    assert find_updates(catalog, hubs, [], sink=sink, cancel=CancelToken()).checked == 0


def test_bytes_that_are_here_under_another_name_are_no_news(catalog: Catalog, hubs: Hubs) -> None:
    own(catalog, 11)
    match_all(catalog, hubs)
    contents = own(catalog, 12)  # hashed, but not matched yet

    report = look(catalog, hubs, Wanted(early_access=True))

    assert ids(report) == {1: [13]}
    assert [(copy.version.id, copy.elsewhere) for copy in report.models[0].have] == [
        (12, True),
        (11, False),
    ]
    assert report.models[0].have[0].content_id == contents[12]


def test_a_hundred_models_are_one_request(catalog: Catalog, home: Home) -> None:
    number = MODELS_PER_CALL + 20
    models: list[WorldModel] = [
        hub_model(
            n, f"M{n}", hub_version(n * 10, "Pony", "2025-01-01"),
            hub_version(n * 10 + 1, "Pony", "2026-01-01"),
        )
        for n in range(1, number + 1)
    ]  # fmt: skip
    own(catalog, *(n * 10 for n in range(1, number + 1)))
    with LocalHub(world(*models)) as hub, opened(hub, home) as hubs:
        match_all(catalog, hubs)
        forget_answers(home)
        hub.requests.clear()
        report = look(catalog, hubs)
        assert len(report.models) == number
        assert [request.path for request in hub.requests] == ["/api/v1/models"] * 2

        look(catalog, hubs)  # a second look soon after asks nobody
        assert len(hub.requests) == 2


def test_offline_what_was_told_is_compared(catalog: Catalog, hub: LocalHub, home: Home) -> None:
    own(catalog, 11, 21)
    with opened(hub, home) as hubs:
        match_all(catalog, hubs)
        online = look(catalog, hubs)
    forget_answers(home)
    asked = len(hub.requests)

    with opened(hub, home, offline=True) as hubs:
        report = look(catalog, hubs)

    assert ids(report) == ids(online)
    assert report.hidden == online.hidden
    assert (report.kept, report.problems) == (2, ())
    assert len(hub.requests) == asked


def test_a_hub_that_is_away_is_a_problem_and_not_the_end(
    catalog: Catalog, hub: LocalHub, home: Home
) -> None:
    own(catalog, 11)
    with opened(hub, home) as hubs:
        match_all(catalog, hubs)
        look(catalog, hubs)
    forget_answers(home)
    hub.trouble(hub_trouble.overloaded(None), times=9)
    with opened(hub, home) as hubs:
        report = look(catalog, hubs)
    assert ids(report) == {1: [12]}
    assert report.kept == 1
    assert [problem.item for problem in report.problems] == ["civitai"]
    assert report.gone == ()


def test_a_model_that_is_gone_keeps_what_was_known(
    catalog: Catalog, hub: LocalHub, home: Home
) -> None:
    own(catalog, 11, 21)
    with opened(hub, home) as hubs:
        match_all(catalog, hubs)
        look(catalog, hubs)
    with LocalHub(world(FOG)) as forgetful, opened(forgetful, home) as hubs:
        report = look(catalog, hubs)
        assert ids(report) == {2: [22]}
        [gone] = report.gone
        assert gone.model.name == "Neon Knight"
        assert gone.gone_at is not None
        assert [copy.version.id for copy in gone.have] == [11]
        assert len(gone.model.versions) == 4
    forget_answers(home)
    with opened(hub, home) as hubs:  # and it comes back
        report = look(catalog, hubs)
        assert report.gone == ()
        assert ids(report) == {1: [12], 2: [22]}


def test_a_hub_that_has_nothing_at_all_is_not_believed(catalog: Catalog, home: Home) -> None:
    numbers = range(1, UNBELIEVABLE + 1)
    models = [hub_model(n, f"M{n}", hub_version(n * 10, "Pony", "2025-01-01")) for n in numbers]
    own(catalog, *(n * 10 for n in numbers))
    with LocalHub(world(*models)) as hub, opened(hub, home) as hubs:
        match_all(catalog, hubs)
    with LocalHub(world()) as another, opened(another, home) as hubs:
        report = look(catalog, hubs)
    assert report.gone == ()
    assert report.checked == UNBELIEVABLE


def test_a_model_whose_bytes_the_hub_knows_is_not_gone(
    catalog: Catalog, hub: LocalHub, home: Home
) -> None:
    own(catalog, 11)
    with opened(hub, home) as hubs:
        match_all(catalog, hubs)
        look(catalog, hubs)
    forget_answers(home)
    hub.trouble(json_reply({"items": [], "metadata": {}}), path="/api/v1/models")
    hub.trouble(error("No model with id 1", 404), path="/api/v1/models/1")
    with opened(hub, home) as hubs:
        report = look(catalog, hubs)
    assert report.gone == ()
    assert ids(report) == {1: [12]}


def test_a_version_that_the_hub_took_back_is_no_update(
    catalog: Catalog, hub: LocalHub, home: Home
) -> None:
    own(catalog, 11)
    with opened(hub, home) as hubs:
        match_all(catalog, hubs)
        assert ids(look(catalog, hubs)) == {1: [12]}
    forget_answers(home)
    less = replace(NEON, versions=tuple(each for each in NEON.versions if each.id != 12))
    with LocalHub(world(less)) as changed, opened(changed, home) as hubs:
        assert ids(look(catalog, hubs)) == {}
        forget_answers(home)
    with opened(hub, home, offline=True) as hubs:
        assert ids(look(catalog, hubs)) == {}
    nothing = replace(NEON, versions=())  # which a hub says by mistake
    with LocalHub(world(nothing)) as changed, opened(changed, home) as hubs:
        [found] = catalog.known.models("civitai", [1]).values()
        look(catalog, hubs)
        [after] = catalog.known.models("civitai", [1]).values()
        assert after.gone_versions == found.gone_versions == {12}


def test_a_version_or_a_model_is_ignored_until_taken_back(catalog: Catalog, hubs: Hubs) -> None:
    own(catalog, 11, 21)
    match_all(catalog, hubs)

    assert set_ignored(catalog, hubs, "version:12", ignored=True)
    assert not set_ignored(catalog, hubs, "version:12", ignored=True)
    assert set_ignored(catalog, hubs, "https://civitai.com/models/2", ignored=True)
    report = look(catalog, hubs)
    assert ids(report) == {}
    assert report.hidden[Hidden.IGNORED] == 2
    assert ids(look(catalog, hubs, Wanted(ignored=True))) == {1: [12], 2: [22]}
    assert {(each.model_name, each.version_name) for each in catalog.updates.ignored()} == {
        ("Neon Knight", "v12"),
        ("Fog", None),
    }

    assert set_ignored(catalog, hubs, "model:1", ignored=False)  # with all its versions
    assert not set_ignored(catalog, hubs, "model:1", ignored=False)
    assert ids(look(catalog, hubs)) == {1: [12]}


def test_a_version_nobody_heard_of_is_looked_up_to_ignore_it(catalog: Catalog, hubs: Hubs) -> None:
    assert set_ignored(catalog, hubs, "version:31", ignored=True)
    [ignored] = catalog.updates.ignored()
    assert (ignored.model_id, ignored.version_id, ignored.model_name) == (3, 31, "Never Owned")
    with pytest.raises(BadReference):
        set_ignored(catalog, hubs, "version:999", ignored=True)


def test_a_hub_that_is_switched_off_is_told(catalog: Catalog, hub: LocalHub, home: Home) -> None:
    own(catalog, 11)
    with opened(hub, home) as hubs:
        match_all(catalog, hubs)
        look(catalog, hubs)
    with opened(hub, home, hubs=()) as hubs:
        report = look(catalog, hubs)
    assert ids(report) == {1: [12]}
    assert "switched off" in report.problems[0].message


def test_a_person_may_stop_it(catalog: Catalog, hubs: Hubs) -> None:
    own(catalog, 11)
    match_all(catalog, hubs)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        find_updates(catalog, hubs, sink=Recorder(), cancel=cancel)


def test_models_with_names_are_asked_for_by_name(catalog: Catalog, home: Home) -> None:
    """A hub whose ids are made of names can only be asked for names."""
    asked: list[str | None] = []
    newest = v(92, "SDXL 1.0", "2026-01-01", slug="owner/name@bbb")
    oldest = v(91, "SDXL 1.0", "2025-01-01", slug="owner/name@aaa")
    named = replace(model(90), slug="owner/name", versions=(newest,))

    class NamedHub:
        name = "civitai"

        def models(self, ids: list[int]) -> list[HubModel]:
            assert ids == []
            return []

        def recognise(self, text: str) -> None:
            return None

        def look_up(self, reference: object) -> tuple[HubModel, None]:
            asked.append(getattr(reference, "slug", None))
            return named, None

        def page_url(self, model_id: int, version_id: int | None = None) -> str:
            return f"https://names.example/{model_id}"

    class Only:
        def named(self, name: str) -> NamedHub:
            return NamedHub()

    own(catalog, 91)
    keep(catalog, "civitai", [replace(named, versions=(replace(oldest, model_id=90),))])
    catalog.hub.record_matches("civitai", [found(1, replace(oldest, model_id=90), named, "sha256")])
    report = look(catalog, Only())  # type: ignore[arg-type]
    assert asked == ["owner/name"]
    assert ids(report) == {90: [92]}
