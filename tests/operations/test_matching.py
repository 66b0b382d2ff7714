"""Matching against a hub of real HTTP on loopback."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import catalog_kit
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_trouble import overloaded, text_as_json
from loradex.demo.hub_world import World, WorldFile, WorldModel, WorldVersion
from loradex.domain.hub import HubVersion, number_for
from loradex.domain.hub_source import PlaceClaim
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import HubUnavailable, HubUnreachable
from loradex.formats.hashing import hash_file
from loradex.hub.client import CivitaiHub
from loradex.operations import annotate
from loradex.operations.hash_pass import hash_pass
from loradex.operations.libraries import add_library
from loradex.operations.matching import MatchReport, match
from loradex.operations.scan import scan
from loradex.settings import Settings


def world_of(path: Path, *, hashes: dict[str, str] | None = None, mode: str | None = None) -> World:
    digests = hash_file(path)
    given = (
        hashes
        if hashes is not None
        else {
            "SHA256": digests.sha256.upper(),
            "AutoV3": (digests.autov3 or "").upper(),
        }
    )
    version = WorldVersion(
        id=501,
        name="v2",
        base_model="Pony",
        trained_words=("neonkn", "glow, ", "<lora:x:1>", "NEONKN"),
        files=(WorldFile(id=9, name="neon.safetensors", hashes=given),),
    )
    model = WorldModel(
        id=500, name="Neon Knight", tags=("style",), creator="maker", mode=mode, versions=(version,)
    )
    return World(models=(model,))


@pytest.fixture
def neon(tmp_path: Path, catalog: Catalog) -> Path:
    path = lora(tmp_path / "models" / "neon.safetensors", seed=1)
    lora(tmp_path / "models" / "unknown.safetensors", seed=2)
    add_library(catalog, tmp_path / "models")
    index(catalog)
    return path


def index(catalog: Catalog) -> None:
    scan(catalog, catalog.files.libraries(), workers=1, sink=SilentSink(), cancel=CancelToken())
    hash_pass(catalog, sink=SilentSink(), cancel=CancelToken())


def matched(catalog: Catalog, hub: LocalHub, **options: bool) -> MatchReport:
    settings = replace(Settings(), hub_url=hub.url, hub_retries=0)
    with CivitaiHub.from_settings(settings, sleep=lambda _seconds: None) as client:
        return match(catalog, client, sink=SilentSink(), cancel=CancelToken(), **options)


def test_names_words_tags_base_and_level_arrive_as_evidence(catalog: Catalog, neon: Path) -> None:
    with LocalHub(world_of(neon)) as hub:
        report = matched(catalog, hub)
        assert (report.asked, report.matched, report.unknown) == (2, 1, 1)
        again = matched(catalog, hub)
        assert again.asked == 0
    row = catalog.rows([catalog.resolve("neon.safetensors")])[0]
    assert (row.name, row.base, row.derivative) == ("Neon Knight v2", "sdxl", "pony")
    assert row.trigger_words == ("neonkn", "glow")
    assert (row.tags, row.content_level) == (("style",), 1)
    details = catalog.details(row.id)
    assert details.match is not None
    assert (details.match.creator, details.match.matched_by) == ("maker", "sha256")
    assert catalog.hub.raw_version("civitai", 501) is not None


def test_an_edited_header_is_found_by_its_tensors(catalog: Catalog, neon: Path) -> None:
    world = world_of(neon)
    lora(neon, seed=1, metadata={"note": "edited"})
    index(catalog)
    with LocalHub(world) as hub:
        report = matched(catalog, hub)
    assert report.by_tensors == 1
    details = catalog.details(catalog.resolve(str(neon)))
    assert details.match is not None
    assert details.match.matched_by == "autov3"


def test_an_archived_model_is_matched_too(catalog: Catalog, neon: Path) -> None:
    with LocalHub(world_of(neon, mode="Archived")) as hub:
        assert matched(catalog, hub).matched == 1


def test_what_a_person_wrote_stays(catalog: Catalog, neon: Path) -> None:
    id_ = catalog.resolve("neon")
    annotate.tag(catalog, [id_], add=["mine"], remove=["style"])
    annotate.note(catalog, id_, "keep")
    with LocalHub(world_of(neon)) as hub:
        matched(catalog, hub)
    details = catalog.details(id_)
    assert (details.row.tags, details.note) == (("mine",), "keep")


def test_no_network_is_one_sentence_and_changes_nothing(catalog: Catalog, neon: Path) -> None:
    with LocalHub(World()) as hub:
        pass
    with pytest.raises(HubUnreachable) as caught:
        matched(catalog, hub)
    assert caught.value.hint
    assert len(catalog.hub.unmatched("civitai")) == 2


def test_asking_by_tensors_goes_round(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one run leaves, the next takes first; what was asked is remembered, come what may."""
    for number in range(6):
        lora(tmp_path / "models" / f"{number}.safetensors", seed=number)
    add_library(catalog, tmp_path / "models")
    index(catalog)
    monkeypatch.setattr("loradex.operations.matching.singly.SINGLE_LOOKUPS", 2)
    with LocalHub(World()) as hub:

        def asked() -> list[str]:
            return [r.path for r in hub.requests if "/by-hash/" in r.path and r.method == "GET"]

        first = matched(catalog, hub)
        assert (first.asked, first.unknown, first.left) == (6, 2, 4)
        second = matched(catalog, hub)
        assert (second.asked, second.unknown, second.left) == (4, 2, 2)
        assert len(set(asked())) == 4
        hub.trouble(overloaded(), times=9, path="/api/v1/model-versions/by-hash/")
        before = len(catalog.hub.unmatched("civitai"))
        with pytest.raises(HubUnavailable):
            matched(catalog, hub)
        assert before == len(catalog.hub.unmatched("civitai")) == 2


def test_a_hubs_tags_become_ours(catalog: Catalog, neon: Path) -> None:
    world = world_of(neon)
    model = replace(world.models[0], tags=("a, b", "x" * 5000, "  spaced   out ", "A"))
    with LocalHub(World(models=(model,))) as hub:
        matched(catalog, hub)
    row = catalog.rows([catalog.resolve("neon.safetensors")])[0]
    assert sorted(row.tags, key=str.casefold) == ["a", "b", "spaced out"]


def test_a_renamed_creator_is_found_by_the_new_name(catalog: Catalog, neon: Path) -> None:
    with LocalHub(world_of(neon)) as hub:
        matched(catalog, hub)
        settings = replace(Settings(), hub_url=hub.url, hub_retries=0)
        with CivitaiHub.from_settings(settings, sleep=lambda _seconds: None) as client:
            (model,) = client.models([500])
    catalog.hub.record_models("civitai", [replace(model, creator="somebody")])
    assert catalog.search("somebody").total == 1
    assert catalog.search("maker").total == 0


def crowd(catalog: Catalog, count: int) -> list[str]:
    """Fill the catalog with contents that have only their digests."""
    library = catalog_kit.add_library(catalog)
    looks = [catalog_kit.look(f"{n}.safetensors", n + 1) for n in range(count)]
    catalog.looks.record(library, looks, "1")
    digests = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(count)]
    todo = sorted(catalog.files.to_hash(), key=lambda each: each.path)
    given = [replace(catalog_kit.hashes("a"), sha256=digest) for digest in digests]
    catalog.looks.record_hashes(list(zip(todo, given, strict=True)))
    return digests


def held(number: int, digest: str) -> WorldVersion:
    file = WorldFile(id=number, name="f.safetensors", hashes={"SHA256": digest.upper()})
    return WorldVersion(id=number, name="v", files=(file,))


def test_many_files_take_few_requests(catalog: Catalog) -> None:
    """600 files of 300 models: one request for ids, three for models, and none of another kind."""
    digests = crowd(catalog, 600)
    models = tuple(
        WorldModel(
            id=n + 1,
            name=f"Model {n}",
            versions=(held(2 * n + 1, digests[n]), held(2 * n + 2, digests[n + 300])),
        )
        for n in range(300)
    )
    with LocalHub(World(models=models)) as hub:
        report = matched(catalog, hub)
        paths = [request.path for request in hub.requests]
    assert (report.asked, report.matched, report.gone) == (600, 600, 0)
    assert paths == ["/api/v1/model-versions/by-hash/ids", *["/api/v1/models"] * 3]


class Elsewhere(CivitaiHub):
    """The same protocol under another name."""

    name = "civarchive"


def asked_again(catalog: Catalog, hub: LocalHub) -> MatchReport:
    settings = replace(Settings(), hub_url=hub.url, hub_retries=0)
    with Elsewhere.from_settings(settings, sleep=lambda _seconds: None) as client:
        return match(catalog, client, sink=SilentSink(), cancel=CancelToken())


def test_an_archive_is_asked_only_for_what_the_hub_does_not_know(
    catalog: Catalog, neon: Path
) -> None:
    unknown = neon.with_name("unknown.safetensors")
    world = world_of(unknown)
    with LocalHub(world) as archive, LocalHub(world_of(neon)) as hub:
        assert asked_again(catalog, archive).asked == 0
        assert matched(catalog, hub).matched == 1
        report = asked_again(catalog, archive)
        assert (report.asked, report.matched) == (1, 1)
        assert not [r for r in archive.requests if r.method == "POST"]
    details = catalog.details(catalog.resolve("unknown"))
    assert details.match is not None
    assert details.match.matched_by == "sha256"


class Places(CivitaiHub):
    """A hub that only confirms places."""

    name = "huggingface"
    told: HubVersion

    def versions_by_place(self, claims: Sequence[PlaceClaim]) -> list[HubVersion]:
        self.claims = claims
        return [self.told]


@pytest.mark.parametrize("same_bytes", [True, False])
def test_a_place_in_a_cache_counts_with_the_same_bytes(
    catalog: Catalog, tmp_path: Path, same_bytes: bool
) -> None:
    place = (
        tmp_path / "hub" / "models--maker--neon" / "snapshots" / "abc" / "unet" / "x.safetensors"
    )
    path = lora(place, seed=1)
    lora(tmp_path / "hub" / "other.safetensors", seed=2)
    add_library(catalog, tmp_path / "hub")
    index(catalog)
    digest = hash_file(path).sha256 if same_bytes else "b" * 64
    told = replace(
        catalog_kit.version(number_for("maker/neon@abc"), sha256=digest), slug="maker/neon@abc"
    )
    with LocalHub(World()) as hub:
        settings = replace(Settings(), hub_url=hub.url, hub_retries=0)
        with Places.from_settings(settings, sleep=lambda _seconds: None) as client:
            client.told = told
            report = match(catalog, client, sink=SilentSink(), cancel=CancelToken())
            (claim,) = client.claims
    assert (claim.slug, claim.revision, claim.path) == ("maker/neon", "abc", "unet/x.safetensors")
    assert (report.asked, report.matched) == (1, int(same_bytes))
    assert len(catalog.hub.unmatched("huggingface")) == 2 - int(same_bytes)  # no miss is noted


def test_a_hit_without_its_model_is_asked_for_by_hash(catalog: Catalog, neon: Path) -> None:
    """Older answers do not name the model; the record by hash does."""
    digest = hash_file(neon).sha256
    rows = [{"modelVersionId": 501, "hash": digest.upper()}]
    with LocalHub(world_of(neon)) as hub:
        hub.trouble(text_as_json(json.dumps(rows).encode()))
        report = matched(catalog, hub)
        posts = [request.path for request in hub.requests if request.method == "POST"]
    assert (report.matched, report.gone) == (1, 0)
    assert posts == ["/api/v1/model-versions/by-hash/ids", "/api/v1/model-versions/by-hash"]


def test_what_the_hub_no_longer_shows_is_asked_again_only_when_due(
    catalog: Catalog, neon: Path
) -> None:
    digest = hash_file(neon).sha256
    rows = [{"modelVersionId": 999, "modelId": 998, "hash": digest.upper()}]
    with LocalHub(World()) as hub:
        hub.trouble(text_as_json(json.dumps(rows).encode()))
        report = matched(catalog, hub)
        assert (report.asked, report.matched, report.gone) == (2, 0, 1)
        assert matched(catalog, hub).asked == 0
