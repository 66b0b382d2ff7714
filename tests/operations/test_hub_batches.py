"""One record that a hub cannot give costs no other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from loradex.catalog.catalog import Catalog
from loradex.demo.hub_http import Reply, json_reply
from loradex.demo.hub_server import LocalHub
from loradex.domain.progress import CancelToken
from loradex.errors import HubError
from loradex.hub.gates import IN_A_ROW
from loradex.operations.hub_batches import told_models
from loradex.operations.hub_refresh import refresh
from loradex.operations.updates import find_updates
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
