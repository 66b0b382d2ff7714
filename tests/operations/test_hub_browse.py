"""Looking around on a hub over real HTTP, with what is owned, and without the hub."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_trouble import Reset
from loradex.demo.hub_world import WorldFile, WorldImage
from loradex.domain.content_level import ContentLimit
from loradex.domain.hub_search import HubQuery, SearchPeriod, SearchSort
from loradex.domain.kinds import ModelKind
from loradex.errors import BadReference, HubOffline, HubUnreachable, UsageError
from loradex.operations.hub_browse import BrowsePage, details, search
from loradex.operations.hub_words import base_family, licence_words
from loradex.operations.hubs import Hubs
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

NEON = hub_model(
    1,
    "Neon Knight",
    hub_version(13, "Pony", "2026-06-01", early_access_until="2999-01-01T00:00:00.000Z"),
    hub_version(
        11,
        "Pony",
        "2025-01-01",
        trained_words=("neonkn, ", "<lora:neon:1>"),
        images=(
            WorldImage(id=111, type="video"),
            WorldImage(id=112, content_level=8),
            WorldImage(id=113),
        ),
    ),
    hub_version(12, "Pony", "2026-03-01", description="<p>Better <b>hands</b></p>"),
    downloads=500,
    likes=20,
    description="<p>A knight.</p><script>alert(1)</script><ul><li>one</li></ul>",
    commercial_use=("Image",),
)
FOG = hub_model(2, "Harbour Fog", hub_version(21, "SDXL 1.0", "2024-05-01"), downloads=400)
MATURE = hub_model(3, "Grown Up", hub_version(31, "SDXL 1.0", "2025-02-01"), content_level=9)
GONE = hub_model(4, "Old Maps", hub_version(41, "SD 1.5", "2023-01-01"), mode="Archived")
SITE = hub_model(
    5,
    "Site Only",
    hub_version(51, "Flux.1 D", "2025-03-01", usage_control="Generation"),
    type="Checkpoint",
    creator="other",
    tags=("day",),
    downloads=100,
)
EMPTY = hub_model(6, "Nothing Yet", downloads=50)


@pytest.fixture
def hub() -> Iterator[LocalHub]:
    with LocalHub(world(NEON, FOG, MATURE, GONE, SITE, EMPTY)) as hub:
        yield hub


@pytest.fixture
def hubs(hub: LocalHub, home: Home) -> Iterator[Hubs]:
    with opened(hub, home) as hubs:
        yield hubs


def names(page: BrowsePage) -> list[str]:
    return [item.model.name for item in page.items]


def test_what_is_found_says_what_is_owned(catalog: Catalog, hubs: Hubs) -> None:
    contents = own(catalog, 11, 21)
    match_all(catalog, hubs)

    page = search(catalog, hubs, HubQuery())

    assert names(page) == ["Neon Knight", "Harbour Fog", "Site Only", "Nothing Yet"]
    assert (page.hub, page.cursor, page.hidden, page.left_out) == ("civitai", None, 1, 0)
    neon, fog, _site, empty = page.items
    assert neon.owned == {11: contents[11]}
    assert neon.newest is not None
    assert neon.newest.id == 12, "13 is early access, and the creator's order is not that of time"
    assert neon.latest is not None
    assert neon.latest.id == 13
    assert neon.size == 1012
    assert fog.owned == {21: contents[21]}
    assert (empty.newest, empty.latest, empty.size, empty.preview) == (None, None, None, None)
    assert "no versions" in empty.withheld


def test_bytes_that_are_here_are_owned_without_a_match(catalog: Catalog, hubs: Hubs) -> None:
    contents = own(catalog, 11)
    assert search(catalog, hubs, HubQuery()).items[0].owned == {11: contents[11]}


def test_parts_that_many_versions_share_own_nothing(catalog: Catalog, hubs: Hubs) -> None:
    own(catalog, 11 + 1_000_000)  # the training data of version 11
    assert search(catalog, hubs, HubQuery()).items[0].owned == {}


def test_a_file_that_is_gone_is_not_owned(catalog: Catalog, hubs: Hubs) -> None:
    own(catalog, 11)
    match_all(catalog, hubs)
    library = catalog.files.libraries()[0].id
    catalog.files.mark_missing(list(catalog.files.known_files(library).values()))
    assert search(catalog, hubs, HubQuery()).items[0].owned == {}


def test_a_preview_is_a_still_of_the_version_to_get(catalog: Catalog, hubs: Hubs) -> None:
    neon = search(catalog, hubs, HubQuery()).items[0]
    assert neon.preview is not None
    assert (neon.preview.id, neon.preview.type) == (12, "image")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (HubQuery(text="fog"), ["Harbour Fog"]),
        (HubQuery(kinds=(ModelKind.CHECKPOINT,)), ["Site Only"]),
        (HubQuery(bases=("pony",)), ["Neon Knight"]),
        (HubQuery(bases=("sdxl",)), ["Neon Knight", "Harbour Fog"]),
        (HubQuery(bases=("Flux.1 D", "Pony")), ["Neon Knight", "Site Only"]),
        (HubQuery(tag="day"), ["Site Only"]),
        (HubQuery(tag="dayy"), []),
        (HubQuery(creator="other"), ["Site Only"]),
        (
            HubQuery(kinds=(ModelKind.LORA,), bases=("sdxl",), sort=SearchSort.OLDEST),
            ["Harbour Fog", "Neon Knight"],
        ),
        (
            HubQuery(kinds=(ModelKind.LORA,), bases=("sdxl",), content_limit=ContentLimit.X),
            ["Neon Knight", "Harbour Fog", "Grown Up"],
        ),
    ],
)
def test_what_was_seen_is_found_again_offline(
    catalog: Catalog, hub: LocalHub, home: Home, query: HubQuery, found: list[str]
) -> None:
    with opened(hub, home) as hubs:
        everything = search(catalog, hubs, HubQuery(content_limit=ContentLimit.ALL))
        assert names(search(catalog, hubs, query)) == found
    asked = len(hub.requests)
    forget_answers(home)

    with opened(hub, home, offline=True) as hubs:
        page = search(catalog, hubs, query)

    assert names(page) == found
    assert page.kept
    assert not everything.kept
    assert len(hub.requests) == asked


def test_a_hub_that_is_away_points_to_what_was_kept(
    catalog: Catalog, hub: LocalHub, home: Home
) -> None:
    hub.trouble(Reset())
    with opened(hub, home) as hubs, pytest.raises(HubUnreachable) as caught:
        search(catalog, hubs, HubQuery())
    assert caught.value.hint is not None
    assert "LORADEX_OFFLINE=1" in caught.value.hint
    assert "LORADEX_HUB_URL" in caught.value.hint


def test_offline_pages_follow_each_other(catalog: Catalog, hub: LocalHub, home: Home) -> None:
    with opened(hub, home) as hubs:
        search(catalog, hubs, HubQuery())
    with opened(hub, home, offline=True) as hubs:
        query = HubQuery(page_size=3, sort=SearchSort.NEWEST)
        first = search(catalog, hubs, query)
        second = search(catalog, hubs, query, first.cursor)

    assert first.kept
    assert (len(first.items), len(second.items), second.cursor) == (3, 1, None)
    assert {*names(first)} & {*names(second)} == set()


def test_the_period_holds_offline(catalog: Catalog, hub: LocalHub, home: Home) -> None:
    with opened(hub, home) as hubs:
        search(catalog, hubs, HubQuery())
    with opened(hub, home, offline=True) as hubs:
        assert names(search(catalog, hubs, HubQuery(text="fog"))) == ["Harbour Fog"]
        day = HubQuery(text="fog", period=SearchPeriod.DAY)
        assert names(search(catalog, hubs, day)) == []


def test_pages_of_the_hub_follow_each_other(catalog: Catalog, hubs: Hubs) -> None:
    seen: list[str] = []
    cursor = None
    for _ in range(10):
        page = search(catalog, hubs, HubQuery(page_size=2), cursor)
        seen += names(page)
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == ["Neon Knight", "Harbour Fog", "Site Only", "Nothing Yet"]


@pytest.mark.parametrize(
    ("owned", "found"),
    [(True, ["Neon Knight"]), (False, ["Harbour Fog", "Site Only", "Nothing Yet"])],
)
def test_only_what_is_owned_or_is_not(
    catalog: Catalog, hubs: Hubs, owned: bool, found: list[str]
) -> None:
    own(catalog, 12)
    page = search(catalog, hubs, HubQuery(), owned=owned)
    assert names(page) == found
    assert page.left_out == 4 - len(found)


def test_a_hub_that_is_none_or_away_is_told(catalog: Catalog, hub: LocalHub, home: Home) -> None:
    with opened(hub, home) as hubs, pytest.raises(UsageError, match="no hub 'nowhere'"):
        search(catalog, hubs, HubQuery(), hub="nowhere")
    with opened(hub, home, hubs=()) as hubs, pytest.raises(UsageError, match="No hub can"):
        search(catalog, hubs, HubQuery())
    away = opened(hub, home, hub_url="http://127.0.0.1:9")
    with away as hubs, pytest.raises(HubUnreachable):
        search(catalog, hubs, HubQuery())


def test_a_thin_answer_does_not_wipe_a_rich_one(catalog: Catalog, hubs: Hubs) -> None:
    details(catalog, hubs, "version:51")
    before = catalog.known.models("civitai", [5])[5].model
    details(catalog, hubs, "model:1", limit=ContentLimit.ALL)
    pictures = {v.id: v.images for v in catalog.known.models("civitai", [1])[1].model.versions}

    search(catalog, hubs, HubQuery(content_limit=ContentLimit.PG))

    after = catalog.known.models("civitai", [5])[5].model
    assert before.versions[0].usage_control == after.versions[0].usage_control == "Generation"
    known = catalog.known.models("civitai", [1])[1].model
    assert {v.id: v.images for v in known.versions} == pictures
    assert known.downloads == 500
    assert {v.id for v in known.versions if v.early_access_until} == {13}
    assert [v.id for v in known.versions] == [13, 11, 12]


def test_details_tell_all_there_is(catalog: Catalog, hubs: Hubs) -> None:
    contents = own(catalog, 11)

    found = details(catalog, hubs, "model:1")

    assert found.model.name == "Neon Knight"
    assert found.named is None
    assert [each.version.id for each in found.versions] == [13, 12, 11]
    early, better, first = found.versions
    assert early.withheld is not None
    assert early.withheld.startswith("early access until 2999")
    assert (better.withheld, better.owned, first.owned) == (None, None, contents[11])
    assert better.description == "Better hands"
    assert found.description.splitlines()[0] == "A knight."
    assert "script" not in found.description
    assert "alert" not in found.description
    assert "its pictures may be sold" in found.licence
    assert (first.hidden_images, [image.id for image in first.images]) == (1, [111, 113])
    assert found.hidden_images == 1
    assert found.page_url.endswith("/models/1")
    assert first.version.files[0].sha256 == sha(11)
    everything = details(catalog, hubs, "model:1", limit=ContentLimit.X)
    assert everything.hidden_images == 0


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("version:12", 12),
        ("urn:air:sdxl:lora:civitai:1@11", 11),
        ("https://civitai.com/models/1?modelVersionId=13", 13),
        ("https://civitai.com/models/1/neon-knight", None),
        (sha(11), 11),
    ],
)
def test_a_model_is_named_in_many_ways(
    catalog: Catalog, hubs: Hubs, text: str, named: int | None
) -> None:
    own(catalog, 11)
    match_all(catalog, hubs)
    found = details(catalog, hubs, text)
    assert found.model.id == 1
    assert (found.named and found.named.id) == named


@pytest.mark.parametrize("text", ["model:999", "version:999", "12", "nonsense", "", "model:0"])
def test_what_names_nothing_is_told(catalog: Catalog, hubs: Hubs, text: str) -> None:
    with pytest.raises(BadReference):
        details(catalog, hubs, text)


def test_a_model_of_the_catalog_without_a_match_says_so(catalog: Catalog, hubs: Hubs) -> None:
    own(catalog, 77)
    with pytest.raises(BadReference, match="matched to no hub"):
        details(catalog, hubs, sha(77))


def test_a_version_says_more_than_its_model_does(catalog: Catalog, hubs: Hubs) -> None:
    [site] = details(catalog, hubs, "version:51").versions
    assert site.withheld is not None
    assert "site only" in site.withheld


def test_details_are_there_offline_and_when_the_hub_lost_it(
    catalog: Catalog, hub: LocalHub, home: Home
) -> None:
    with opened(hub, home) as hubs:
        match_all(catalog, hubs)
        online = details(catalog, hubs, "model:1")
    forget_answers(home)
    with opened(hub, home, offline=True) as hubs:
        offline = details(catalog, hubs, "version:12")
        assert offline.kept
        assert offline.gone_at is None
        assert offline.named is not None
        assert offline.description == online.description
        assert [v.version.id for v in offline.versions] == [13, 12, 11]
        with pytest.raises(HubOffline):
            details(catalog, hubs, "model:2")
    with LocalHub(world(FOG)) as forgetful, opened(forgetful, home) as hubs:
        gone = details(catalog, hubs, "model:1")
        assert gone.kept
        assert gone.gone_at is not None
        assert gone.model.name == "Neon Knight"


def test_a_picture_beside_weights_of_another_type_is_no_reason_to_own(
    catalog: Catalog, home: Home
) -> None:
    """A VAE that comes along with two checkpoints makes neither of them owned."""
    vae = WorldFile(id=9, name="vae.safetensors", type="VAE", hashes={"SHA256": sha(900)})
    checkpoint = hub_version(81, "SDXL 1.0", "2025-01-01")
    checkpoint = replace(checkpoint, files=(*checkpoint.files, vae))
    own(catalog, 900)
    with LocalHub(world(hub_model(8, "Painter", checkpoint))) as hub, opened(hub, home) as hubs:
        assert search(catalog, hubs, HubQuery()).items[0].owned == {}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("SDXL 1.0", "SDXL Lightning", True),
        ("SDXL 1.0", "Pony", False),
        ("Pony", "Illustrious", False),
        ("pony ", "Pony", True),
        ("Flux.1 D", "Flux.1 S", True),
        ("Flux.1 D", "Flux.2 D", False),
        ("Sora 9", "sora 9", True),
        ("Sora 9", "Sora 8", False),
        ("Pony V7", "Pony", False),
    ],
)
def test_families_of_base_models(one: str, other: str, same: bool) -> None:
    assert (base_family(one) == base_family(other)) is same


def test_a_licence_in_words() -> None:
    assert licence_words(
        {
            "allowNoCredit": "false",
            "allowDerivatives": "true",
            "allowCommercialUse": "Image,Lend",
            "license": "apache-2.0",
        }
    ) == (
        "credit the creator",
        "may be changed and merged",
        "its pictures may be sold",
        "Lend",
        "license: apache-2.0",
    )
