"""One record that a hub cannot give costs no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import pytest

from catalog_kit import model, version
from loradex.catalog.catalog import Catalog
from loradex.demo.hub_http import Reply, json_reply
from loradex.demo.hub_server import LocalHub
from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_source import PlaceClaim
from loradex.domain.progress import CancelToken
from loradex.errors import (
    HubAuthRequired,
    HubError,
    HubForbidden,
    HubUnavailable,
    HubUnexpectedAnswer,
)
from loradex.hub.gates import IN_A_ROW
from loradex.operations.hub_batches import told_models
from loradex.operations.hub_browse import keep
from loradex.operations.hub_refresh import refresh
from loradex.operations.matching import found
from loradex.operations.updates import find_updates
from loradex.paths import Home
from operations.hub_kit import (
    forget_answers,
    hub_model,
    hub_version,
    match_all,
    opened,
    own,
    sha,
    world,
)
from progress_kit import Recorder

NUMBERS = (1, 2, 3, 4)
BAD = 3
TROUBLE = {
    "no record": json_reply({"name": "without a number"}),
    "500": json_reply({"error": "Timed out fetching a new connection"}, 500),
    "422": json_reply({"error": "no"}, 422),
}


@pytest.fixture(params=TROUBLE)
def hub(request: pytest.FixtureRequest) -> Iterator[LocalHub]:
    """A hub whose lists leave one model out, and that has trouble with its record."""
    models = [
        hub_model(
            number,
            f"Model {number}",
            hub_version(number * 10, "Pony", "2026-01-01"),
            real_person=number == BAD,
        )
        for number in NUMBERS
    ]
    with LocalHub(world(*models)) as hub:
        hub.trouble(TROUBLE[request.param], times=99, path=f"/api/v1/models/{BAD}")
        yield hub


@pytest.fixture
def owned(catalog: Catalog) -> dict[int, int]:
    return own(catalog, *(number * 10 for number in NUMBERS))


def gone(catalog: Catalog, owned: dict[int, int]) -> list[int]:
    found = {number: catalog.details(id_).match for number, id_ in owned.items()}
    return [number for number, match in found.items() if match and match.gone_at is not None]


def test_all_are_matched(
    catalog: Catalog, home: Home, hub: LocalHub, owned: dict[int, int]
) -> None:
    with opened(hub, home) as hubs:
        match_all(catalog, hubs)
    versions = {number: catalog.details(id_).match for number, id_ in owned.items()}
    assert {number: match and match.version_id for number, match in versions.items()} == {
        number: number for number in owned
    }


def test_the_others_are_refreshed_and_nothing_is_marked(
    catalog: Catalog, home: Home, hub: LocalHub, owned: dict[int, int]
) -> None:
    with opened(hub, home) as hubs:
        match_all(catalog, hubs)
        forget_answers(home)
        (report,) = refresh(catalog, hubs, older_than=None, sink=Recorder(), cancel=CancelToken())
    assert (report.asked, report.present, report.gone) == (3, 3, 0)
    assert report.problem is not None
    assert gone(catalog, owned) == []


def test_the_others_are_compared(
    catalog: Catalog, home: Home, hub: LocalHub, owned: dict[int, int]
) -> None:
    with opened(hub, home) as hubs:
        match_all(catalog, hubs)
        forget_answers(home)
        report = find_updates(catalog, hubs, sink=Recorder(), cancel=CancelToken())
    assert (report.checked, report.kept, report.gone) == (4, 1, ())
    assert len(report.problems) == 1
    assert gone(catalog, owned) == []


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_a_hub_in_trouble_is_left_alone(home: Home, trouble: Reply) -> None:
    with LocalHub(world()) as hub, opened(hub, home) as hubs:
        hub.trouble(trouble, times=999, path="/api/v1/models")
        with pytest.raises(HubError):
            told_models(hubs.civitai, range(1, 101))
        assert len(hub.requests) <= 1 + IN_A_ROW


def named_model(number: int) -> HubModel:
    mine = replace(
        version(number * 10, sha256=sha(number * 10)), model_id=number, slug=f"owner/m{number}@a"
    )
    return replace(model(number), slug=f"owner/m{number}", versions=(mine,))


class Places:
    """A hub that knows names of repositories, and has trouble with some of them."""

    name = "places"

    def __init__(self, trouble: dict[int, HubError]) -> None:
        self.trouble = {f"owner/m{number}": error for number, error in trouble.items()}
        self.asked: list[str] = []

    def recognise(self, text: str) -> None:
        return None

    def look_up(self, reference: HubReference) -> tuple[HubModel, None]:
        slug = reference.slug or ""
        self.asked.append(slug)
        if slug in self.trouble:
            raise self.trouble[slug]
        return named_model(int(slug.removeprefix("owner/m"))), None

    def versions_by_place(self, claims: Sequence[PlaceClaim]) -> list[HubVersion]:
        return []

    def models(self, ids: Iterable[int]) -> list[HubModel]:
        assert list(ids) == []
        return []

    def ids_by_hash(self, sha256s: Iterable[str]) -> list[object]:
        return []

    def page_url(self, model_id: int, version_id: int | None = None) -> str:
        return ""


class OnlyPlaces:
    def __init__(self, hub: Places) -> None:
        self.hub = hub

    def named(self, name: str) -> Places:
        return self.hub


@pytest.fixture
def placed(catalog: Catalog) -> dict[int, int]:
    """Contents by the numbers of models of a hub of places that they are matched with."""
    contents = own(catalog, *(number * 10 for number in NUMBERS))
    models = [named_model(number) for number in NUMBERS]
    keep(catalog, "places", models)
    matches = [found(contents[each.id * 10], each.versions[0], each, "place") for each in models]
    catalog.hub.record_matches("places", matches)
    return {number: contents[number * 10] for number in NUMBERS}


RECORDS = [
    HubUnexpectedAnswer("It cannot be read."),
    HubUnavailable("It is in trouble.", status=500),
    HubForbidden("It is gated."),
]


@pytest.mark.parametrize("error", RECORDS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("bad", NUMBERS)
def test_one_repository_costs_no_other(
    catalog: Catalog, placed: dict[int, int], error: HubError, bad: int
) -> None:
    hub = Places({bad: error})
    (report,) = refresh(
        catalog,
        [hub],  # type: ignore[list-item]
        older_than=None,
        sink=Recorder(),
        cancel=CancelToken(),
    )
    assert (report.asked, report.present, report.gone) == (3, 3, 0)
    assert report.problem is error
    assert gone(catalog, placed) == []

    compared = find_updates(
        catalog,
        OnlyPlaces(hub),  # type: ignore[arg-type]
        sink=Recorder(),
        cancel=CancelToken(),
    )
    assert (compared.checked, compared.kept, compared.gone) == (4, 1, ())
    assert [problem.message for problem in compared.problems] == [error.message]
    assert gone(catalog, placed) == []


@pytest.mark.parametrize(
    ("error", "asked"), [(RECORDS[0], 3), (HubAuthRequired("Its token is refused."), 1)]
)
def test_a_hub_of_places_in_trouble_is_left_alone(
    catalog: Catalog, placed: dict[int, int], error: HubError, asked: int
) -> None:
    hub = Places(dict.fromkeys(NUMBERS, error))
    (report,) = refresh(
        catalog,
        [hub],  # type: ignore[list-item]
        older_than=None,
        sink=Recorder(),
        cancel=CancelToken(),
    )
    assert report.problem is error
    assert (len(hub.asked), report.present) == (asked, 0)
    assert gone(catalog, placed) == []
