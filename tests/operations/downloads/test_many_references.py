"""A list of references costs a handful of requests, and says line by line what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.demo.hub_http import Reply
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import World, WorldFile, WorldModel, WorldVersion
from loradex.hub import gates
from loradex.operations.downloads.plan import Verdict
from operations.downloads.conftest import Connect, Station
from operations.downloads.world import make_library
from operations.hub_kit import sha

MODELS = 200
SITE_ONLY = 17


def _version(number: int, published: str, **more: object) -> WorldVersion:
    file = WorldFile(
        id=number, name=f"{number}.safetensors", size_bytes=1000, hashes={"SHA256": sha(number)}
    )
    return WorldVersion(
        id=number,
        name=f"v{number}",
        base_model="SDXL 1.0",
        ecosystem="sdxl",
        published_at=published,
        files=(file,),
        **more,  # type: ignore[arg-type]
    )


def _model(number: int) -> WorldModel:
    control = {"usage_control": "Generation"} if number == SITE_ONLY else {}
    return WorldModel(
        id=number,
        name=f"Model {number}",
        versions=(
            _version(10_000 + number, "2026-02-01T00:00:00.000Z", **control),
            _version(20_000 + number, "2025-02-01T00:00:00.000Z"),
        ),
    )


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    models = tuple(_model(number) for number in range(1, MODELS + 1))
    with LocalHub(World(models=models)) as hub:
        yield hub


@pytest.fixture
def station(connect: Connect, catalog: Catalog, tmp_path: Path) -> Station:
    make_library(catalog, tmp_path / "models")
    return connect()


@pytest.fixture(autouse=True)
def _in_no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "REQUESTS_PER_SECOND", 1000.0)


def _line(url: str, number: int) -> str:
    forms = (
        f"model:{number}",
        f"version:{20_000 + number}",
        f"{url}/models/{number}?modelVersionId={10_000 + number}",
        f"urn:air:sdxl:lora:civitai:{number}@{20_000 + number}",
    )
    return forms[number % len(forms)]


def test_two_hundred_lines_are_a_handful_of_requests(station: Station, hub: LocalHub) -> None:
    lines = [_line(hub.url, number) for number in range(1, MODELS + 1)]

    plan = station.plan(*lines)

    assert len(hub.requests) <= 8
    assert plan.problems == ()
    assert [file.model.id for file in plan.files] == list(range(1, MODELS + 1))
    named = {file.model.id: file.version.id for file in plan.files}
    assert [named[number] for number in (4, 5, 6, 7)] == [10_004, 20_005, 10_006, 20_007]
    refused = [file.model.id for file in plan.files if file.verdict is Verdict.REFUSED]
    assert refused == []


def test_what_a_list_told_is_not_asked_for_again_to_download(
    station: Station, hub: LocalHub
) -> None:
    station.plan("model:4", "version:20005", "version:10006")
    before = len(hub.requests)
    source = station.hubs.civitai
    for model, version in ((4, 10_004), (5, 20_005), (6, 10_006)):
        reference = source.recognise(f"civitai:{model}@{version}")
        assert reference is not None
        found = source.look_up(reference)
        assert found is not None
        assert found[1] is not None
        assert (found[0].id, found[1].id, found[1].usage_control) == (model, version, "Download")
    assert len(hub.requests) == before


def test_a_version_for_the_site_only_is_passed_over(station: Station) -> None:
    plan = station.plan(f"model:{SITE_ONLY}", "model:18")
    assert [file.version.id for file in plan.files] == [20_000 + SITE_ONLY, 10_018]
    assert "used on the site only" in plan.notes[0]


def test_each_line_has_its_own_problem(station: Station) -> None:
    lines = [
        "model:1",
        "model:999",
        "nonsense",
        "version:99999",
        "42",
        "civitai:3@20004",
        "model:2",
    ]

    plan = station.plan(*lines)

    assert [file.model.id for file in plan.files] == [1, 2]
    assert [problem.item for problem in plan.problems] == lines[1:6]
    said = [problem.message for problem in plan.problems]
    assert said[0] == said[1 + 1] == said[4] == "civitai has no such model or version."
    assert "No hub knows" in said[1]
    assert "may be a model or a version" in said[3]


def test_a_list_that_the_hub_refuses_is_asked_for_one_by_one(
    station: Station, hub: LocalHub
) -> None:
    refusal = Reply(400, {"Content-Type": "application/json"}, b'{"error": "Too many"}')
    hub.trouble(refusal, path="/api/v1/models")
    plan = station.plan("model:1", "model:2")
    assert [file.model.id for file in plan.files] == [1, 2]


def test_a_hub_that_is_away_costs_one_attempt(
    connect: Connect, catalog: Catalog, tmp_path: Path, hub: LocalHub
) -> None:
    make_library(catalog, tmp_path / "models")
    station = connect()
    hub.__exit__(None, None, None)
    plan = station.plan("model:1", "model:2", "nonsense")
    assert [problem.item for problem in plan.problems] == ["model:1", "model:2", "nonsense"]
    assert "cannot be reached" in plan.problems[1].message
