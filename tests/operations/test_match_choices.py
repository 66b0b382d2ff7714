"""What a match settles on: one of several versions, one of several hubs, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from catalog_kit import model, version
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.demo import hub_trouble
from loradex.demo.hub_http import json_reply
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import World, WorldFile, WorldModel, WorldVersion
from loradex.domain.evidence import Source
from loradex.domain.hub import HubModel, HubVersion
from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled, HubUnavailable
from loradex.hub import gates
from loradex.hub.client import CivitaiHub
from loradex.operations.hash_pass import hash_pass
from loradex.operations.libraries import add_library
from loradex.operations.matching import MatchReport, found, keep, match, match_hubs
from loradex.operations.scan import scan
from loradex.settings import Settings
from operations.hub_kit import hub_model, hub_version, own, sha, world
from progress_kit import Recorder


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "REQUESTS_PER_SECOND", 1e6)


class Archive(CivitaiHub):
    """The same protocol under the archive's name."""

    name = "civarchive"


def client(hub: LocalHub, kind: type[CivitaiHub] = CivitaiHub) -> CivitaiHub:
    return kind.from_settings(
        replace(Settings(), hub_url=hub.url, hub_retries=0), sleep=lambda _seconds: None
    )


def matched(catalog: Catalog, hub: LocalHub, kind: type[CivitaiHub] = CivitaiHub) -> MatchReport:
    with client(hub, kind) as asked:
        return match(catalog, asked, sink=Recorder(), cancel=CancelToken())


def version_of(catalog: Catalog, content_id: int) -> int | None:
    told = catalog.details(content_id).match
    return None if told is None else told.version_id


def paths(hub: LocalHub) -> list[str]:
    return [f"{request.method} {request.path}" for request in hub.requests]


def upload(number: int, digest: str | None, published: str, **more: object) -> WorldVersion:
    hashes = {} if digest is None else {"SHA256": digest.upper()}
    file = WorldFile(id=number * 10, name=f"{number}.safetensors", hashes=hashes)
    return replace(hub_version(number, "Pony", published, files=(file,)), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("versions", "wanted"),
    [
        (((21, "2026-03-01"), (22, "2026-01-01"), (23, "2026-02-01")), 22),
        (((23, "2026-01-01"), (22, "2026-01-01")), 22),
        (((21, "2024-01-01"), (22, "2023-01-01")), 22),
    ],
)
def test_of_several_uploads_the_first_published_counts(
    catalog: Catalog, versions: tuple[tuple[int, str], ...], wanted: int
) -> None:
    owned = own(catalog, 11)[11]
    models = [
        hub_model(n, f"Upload {n}", upload(number, sha(11), published))
        for n, (number, published) in enumerate(versions, 1)
    ]
    with LocalHub(world(*models)) as hub:
        assert matched(catalog, hub).matched == 1
    assert version_of(catalog, owned) == wanted


def test_what_lists_the_bytes_comes_before_what_is_archived(catalog: Catalog) -> None:
    owned = own(catalog, 11)[11]
    first = hub_model(1, "Archived", upload(21, sha(11), "2020-01-01"), mode="Archived")
    with LocalHub(world(first, hub_model(2, "Here", upload(22, sha(11), "2026-01-01")))) as hub:
        matched(catalog, hub)
    assert version_of(catalog, owned) == 22


def test_any_number_of_uploads_costs_little(catalog: Catalog) -> None:
    owned = own(catalog, 11)[11]
    copies = [
        hub_model(n, f"Copy {n}", upload(1000 + n, sha(11), "2026-01-01")) for n in range(1, 301)
    ]
    with LocalHub(world(*copies)) as hub:
        matched(catalog, hub)
        assert len(hub.requests) == 2
    assert version_of(catalog, owned) == 1001


def test_two_thousand_files_take_few_requests(catalog: Catalog) -> None:
    """One for the ids, 20 for 2,000 models; 2 of these stay out of lists and take one each."""
    numbers = range(1, 2001)
    owned = own(catalog, *(10_000 + n for n in numbers))
    models = [
        hub_model(
            n,
            f"Model {n}",
            upload(10_000 + n, sha(10_000 + n), "2026-01-01"),
            real_person=n % 700 == 0,
        )
        for n in numbers
    ]
    with LocalHub(world(*models)) as hub:
        report = matched(catalog, hub)
        asked = paths(hub)
        assert matched(catalog, hub).asked == 0
    assert (report.asked, report.matched, report.gone) == (2000, len(owned), 0)
    assert asked.count("POST /api/v1/model-versions/by-hash/ids") == 1
    assert asked.count("GET /api/v1/models") == 20
    singles = [path for path in asked if path.startswith("GET /api/v1/models/")]
    assert len(singles) == 2
    assert len(asked) == 1 + 20 + 2


def test_a_hub_that_tells_no_models_takes_one_batch_more(catalog: Catalog) -> None:
    owned = own(catalog, *range(11, 261))
    models = [hub_model(n, f"Model {n}", upload(n, sha(n), "2026-01-01")) for n in owned]
    with LocalHub(world(*models)) as hub:
        hub.batch_scenario.model_ids = False
        assert matched(catalog, hub).matched == 250
        assert len(hub.requests) == 1 + 3 * 2  # ids; versions and models by the hundred
    row = catalog.rows([owned[11]])[0]
    assert (row.name, row.tags) == ("Model 11 v11", ("night",))


def test_a_version_without_its_model_is_kept_with_what_it_says(catalog: Catalog) -> None:
    owned = own(catalog, 11)[11]
    with LocalHub(world(hub_model(1, "Neon", upload(11, sha(11), "2026-01-01")))) as hub:
        hub.trouble(json_reply({"items": [], "metadata": {}}), path="/api/v1/models")
        hub.trouble(json_reply({"error": "No model with id 1"}, 404), path="/api/v1/models/1")
        report = matched(catalog, hub)
        assert (report.matched, report.gone) == (1, 0)
        assert paths(hub).count("GET /api/v1/models/1") == 1
    told = catalog.details(owned).match
    assert told is not None
    assert (told.model_name, told.model_type, told.gone_at) == ("Neon", "LORA", None)
    assert catalog.rows([owned])[0].name == "Neon v11"


def test_early_access_and_what_else_is_told_is_kept(catalog: Catalog) -> None:
    own(catalog, 11)
    until = "2999-01-01T00:00:00.000Z"
    early = upload(11, sha(11), "2026-01-01", early_access_until=until)
    whole = hub_model(1, "Neon", upload(12, sha(12), "2026-02-01"), early, downloads=7, likes=3)
    with LocalHub(world(whole)) as hub:
        assert matched(catalog, hub).matched == 1
    known = catalog.known.models("civitai", [1])[1].model
    (kept,) = known.versions
    assert (known.downloads, known.likes) == (7, 3)
    assert (kept.position, kept.early_access_until) == (1, "2999-01-01T00:00:00Z")
    assert kept.files[0].hashes == {"SHA256": sha(11)}


def test_a_hub_that_breaks_off_keeps_what_it_told(catalog: Catalog) -> None:
    """A hundred models are kept, the rest is asked for next time."""
    numbers = range(1001, 1151)
    own(catalog, *numbers)
    models = [hub_model(n, f"Model {n}", upload(n, sha(n), "2026-01-01")) for n in numbers]

    class Breaks(CivitaiHub):
        def models(self, ids: object) -> list[HubModel]:
            wanted = sorted(ids)  # type: ignore[call-overload]
            if wanted[0] > 1001:
                raise HubUnavailable("It broke off.")
            return super().models(wanted)

    with LocalHub(world(*models)) as hub:
        with client(hub, Breaks) as breaks, client(hub, Archive) as archive:
            reports = match_hubs(catalog, [breaks, archive], sink=Recorder(), cancel=CancelToken())
        broken = reports["civitai"]
        assert (broken.asked, broken.matched, str(broken.problem)) == (150, 100, "It broke off.")
        assert (reports["civarchive"].asked, reports["civarchive"].problem) == (0, None)
        rest = matched(catalog, hub)
    assert (rest.asked, rest.matched) == (50, 50)


def test_a_person_may_stop_it(catalog: Catalog) -> None:
    own(catalog, 11)
    cancel = CancelToken()
    cancel.cancel()
    with LocalHub(World()) as hub, client(hub) as asked, pytest.raises(Cancelled):
        match_hubs(catalog, [asked], sink=Recorder(), cancel=cancel)


def index(catalog: Catalog) -> None:
    scan(catalog, catalog.files.libraries(), workers=1, sink=Recorder(), cancel=CancelToken())
    hash_pass(catalog, sink=Recorder(), cancel=CancelToken())


def test_files_with_the_same_tensors_share_a_look_up(catalog: Catalog, tmp_path: Path) -> None:
    for number in range(3):
        lora(tmp_path / f"{number}.safetensors", seed=1, metadata={"note": str(number)})
    add_library(catalog, tmp_path)
    index(catalog)
    (digest,) = {item.autov3 for item in catalog.hub.unmatched("civitai")}
    assert digest is not None
    file = WorldFile(id=9, name="neon.safetensors", hashes={"AutoV3": digest.upper()})
    whole = WorldModel(id=1, name="Neon", versions=(WorldVersion(id=11, name="v", files=(file,)),))
    with LocalHub(World(models=(whole,))) as hub:
        report = matched(catalog, hub)
        assert (report.matched, report.by_tensors, report.left) == (3, 3, 0)
        assert len(hub.requests) == 3


def test_no_tensors_at_all_identify_nothing(catalog: Catalog) -> None:
    """The hash of nothing is that of every damaged upload."""
    owned = own(catalog, 11)
    (item,) = catalog.hub.unmatched("civitai")
    nothing = replace(item, autov3="e3b0c44298fc")
    assert item.content_id == owned[11]

    with LocalHub(World()) as hub, client(hub) as asked:
        catalog.hub.unmatched = lambda *_a, **_k: [nothing]  # type: ignore[method-assign]
        report = match(catalog, asked, sink=Recorder(), cancel=CancelToken())
        assert paths(hub) == ["POST /api/v1/model-versions/by-hash/ids"]
    assert (report.unknown, report.left) == (1, 0)


def told_by(hub: str, name: str, level: int = 1, **more: object) -> tuple[HubModel, HubVersion]:
    parent = replace(model(), name=name, creator=None, **more)  # type: ignore[arg-type]
    child = replace(version(level=level), name="v", trained_words=(), model_name=name)
    return parent, child


def evidence(catalog: Catalog, content_id: int, field: str) -> tuple[str, str]:
    (fact,) = [
        each
        for each in catalog.details(content_id).evidence
        if (each.field, each.source) == (field, Source.HUB)
    ]
    return fact.value, fact.detail


RANKED = ("civitai", "huggingface", "some plugin", "civarchive")


@pytest.mark.parametrize("order", [RANKED, RANKED[::-1]])
def test_the_better_hub_counts_whoever_was_asked_first(
    catalog: Catalog, order: tuple[str, ...]
) -> None:
    owned = own(catalog, 11)[11]
    for hub in order:
        parent, child = told_by(hub, f"As {hub} says")
        if hub == "huggingface":
            parent = replace(parent, creator="its maker")
        keep(catalog, hub, [found(owned, child, parent, "sha256")], [parent])
    assert evidence(catalog, owned, "name") == ("As civitai says v", "civitai")
    assert evidence(catalog, owned, "creator") == ("its maker", "huggingface")
    assert evidence(catalog, owned, "base") == ("sdxl", "civitai: the hub says Pony")
    told = catalog.details(owned).match
    assert told is not None
    assert told.hub == "civitai"
    assert catalog.rows([owned])[0].name == "As civitai says v"
    # The same hub may change its mind, and says no more than it knows.
    parent, child = told_by("civitai", "Renamed", level=0)
    keep(catalog, "civitai", [found(owned, child, parent, "sha256")], [parent])
    assert evidence(catalog, owned, "name") == ("Renamed v", "civitai")
    assert evidence(catalog, owned, "content_level") == ("1", "civitai")


def test_an_archive_fills_in_for_what_was_deleted_and_replaces_nothing(catalog: Catalog) -> None:
    owned = own(catalog, 11)[11]
    whole = hub_model(1, "Neon", upload(11, sha(11), "2026-01-01", trained_words=("neonkn",)))
    with LocalHub(world(whole)) as hub:
        matched(catalog, hub)
    before = catalog.rows([owned])[0]
    archived = replace(whole, name="Neon (archived)", creator="nobody")
    with LocalHub(world(archived)) as hub:
        assert matched(catalog, hub, Archive).asked == 0
        catalog.updates.record_gone("civitai", [1])
        report = matched(catalog, hub, Archive)
        assert (report.asked, report.matched) == (1, 1)
        assert "POST /api/v1/model-versions/by-hash/ids" not in paths(hub)
    assert catalog.rows([owned])[0] == before
    told = catalog.details(owned).match
    assert told is not None
    assert (told.hub, told.model_name, told.creator) == ("civitai", "Neon", "maker")
    assert told.gone_at is not None


def test_a_trouble_with_one_batch_is_told(catalog: Catalog) -> None:
    own(catalog, 11)
    with LocalHub(World()) as hub, client(hub) as asked:
        hub.trouble(hub_trouble.overloaded(None))
        reports = match_hubs(catalog, [asked], sink=Recorder(), cancel=CancelToken())
    assert isinstance(reports["civitai"].problem, HubUnavailable)
    assert len(catalog.hub.unmatched("civitai")) == 1
