"""The client against a healthy hub: what is asked, how often, and what is believed."""

from __future__ import annotations

import hashlib
import json

import pytest

from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_trouble import text_as_json
from loradex.demo.hub_world import World, WorldFile, WorldModel, WorldVersion
from loradex.domain.hashes import EMPTY_SHA256
from loradex.domain.hub import HashHit
from loradex.domain.hub_source import HubSource
from loradex.errors import HubUnexpectedAnswer
from loradex.hub.client import CivitaiHub
from loradex.hub.exchange import USER_AGENT
from loradex.settings import Settings


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_it_is_a_hub_source(client: CivitaiHub) -> None:
    assert isinstance(client, HubSource)
    assert client.name == "civitai"


def test_ids_by_hash_gives_every_upload_of_the_same_bytes(client: CivitaiHub) -> None:
    hits = client.ids_by_hash([sha("lantern").upper(), sha("tidy"), sha("unknown")])

    assert set(hits) == {
        HashHit(sha("lantern"), 102, 100),
        HashHit(sha("lantern"), 202, 200),
        HashHit(sha("tidy"), 301, 300),
    }


NOT_HASHES = ["", "abc", "g" * 64, "a" * 63, "a" * 65, EMPTY_SHA256, "ä" * 64]


def test_a_malformed_hash_is_left_out_and_costs_nobody_the_batch(
    client: CivitaiHub, hub: LocalHub
) -> None:
    asked = [*NOT_HASHES, sha("lantern"), f" {sha('lantern')} "]

    assert {hit.version_id for hit in client.ids_by_hash(asked)} == {102, 202}
    assert {version.id for version in client.versions_by_hash(asked)} == {102, 202}
    assert [json.loads(request.body) for request in hub.requests] == [[sha("lantern").upper()]] * 2


def test_nothing_to_ask_asks_nothing(client: CivitaiHub, hub: LocalHub) -> None:
    assert client.ids_by_hash(NOT_HASHES) == []
    assert client.versions_by_hash([]) == []
    assert client.models([]) == []
    assert client.models([0, -1, 2**31]) == []
    assert client.model(2**40) is None
    assert client.version_by_hash("not a digest") is None
    assert client.version_by_hash(EMPTY_SHA256) is None
    assert hub.requests == []


def test_a_version_comes_whole_with_links_that_work(client: CivitaiHub, hub: LocalHub) -> None:
    [version] = [v for v in client.versions_by_hash([sha("lantern")]) if v.id == 102]

    assert (version.model_id, version.model_name, version.model_type) == (
        100,
        "Paper Lantern 紙灯り",
        "LORA",
    )
    assert version.trained_words == ("ppr lntrn", "<lora:lantern:0.8>")
    assert version.published_at == "2026-02-11T09:30:00Z"
    assert version.air == "urn:air:sdxl:lora:civitai:100@102"
    assert [(f.id, f.primary, f.size_bytes, f.sha256) for f in version.files] == [
        (1002, True, 10240, sha("lantern")),
        (1003, False, 0, sha("lantern set")),
    ]
    assert [(i.id, i.type, i.content_level) for i in version.images] == [
        (9001, "image", 1),
        (9002, "video", 2),
    ]
    # The hub itself said https://undefined here.
    assert b"https://undefined" in json.dumps(json.loads(version.raw)).encode()
    assert [f.download_url for f in version.files] == [
        f"{hub.url}/api/download/models/102?fileId=1002",
        f"{hub.url}/api/download/models/102?fileId=1003",
    ]


def test_a_version_that_holds_two_of_the_files_comes_once(client: CivitaiHub) -> None:
    versions = client.versions_by_hash([sha("lantern set"), sha("lantern"), sha("harbour")])

    assert sorted(version.id for version in versions) == [102, 201, 202]


def test_what_does_not_hold_the_hash_is_not_believed(client: CivitaiHub, hub: LocalHub) -> None:
    [other] = client.versions_by_hash([sha("harbour")])
    hub.trouble(text_as_json(f"[{other.raw}, null, 7, {{}}]".encode()))
    hub.trouble(text_as_json(other.raw.encode()))
    rows = [{"modelVersionId": 201, "modelId": 200, "hash": sha("harbour")}, {"hash": "x"}, None]
    hub.trouble(text_as_json(json.dumps(rows).encode()))

    assert client.versions_by_hash([sha("lantern")]) == []
    assert client.version_by_hash(sha("lantern")) is None
    assert client.ids_by_hash([sha("lantern")]) == []


def test_archived_versions_list_no_files_and_prove_nothing(client: CivitaiHub) -> None:
    assert client.versions_by_hash([sha("tidy")]) == []
    assert client.version_by_hash(sha("tidy")) is None
    [model] = client.models([300])
    assert (model.mode, [v.id for v in model.versions]) == ("Archived", [301])


@pytest.mark.parametrize(
    "digest",
    [
        sha("lantern"),
        sha("lantern").upper(),
        sha("lantern")[:10],
        sha("lantern tensors")[:12],
        f" {sha('lantern tensors')[:12].upper()}\n",
    ],
)
def test_any_kind_of_digest_finds_the_first_upload(client: CivitaiHub, digest: str) -> None:
    version = client.version_by_hash(digest)

    assert version is not None
    assert version.id == 102


def test_an_unknown_digest_finds_nothing(client: CivitaiHub) -> None:
    assert client.version_by_hash(sha("unknown")) is None
    assert client.version_by_hash("0123456789ab") is None


def test_models_come_in_the_order_asked_with_mature_and_archived_ones(
    client: CivitaiHub, hub: LocalHub
) -> None:
    models = client.models([400, 999, 300, 100, 400])

    assert [model.id for model in models] == [400, 300, 100]
    assert [(r.path, r.value("ids")) for r in hub.requests] == [
        ("/api/v1/models", "400,999,300,100"),
        ("/api/v1/models/999", None),
    ]
    lantern = models[2]
    assert (lantern.creator, lantern.tags) == ("mosskettle", ("style", "lantern"))
    assert lantern.licence["allowCommercialUse"] == "Image,Rent"
    assert [version.id for version in lantern.versions] == [102, 101]
    assert all(version.model_id == 100 for version in lantern.versions)


def test_a_model_that_the_list_leaves_out_is_asked_for_by_itself(
    client: CivitaiHub, hub: LocalHub
) -> None:
    hub.trouble(text_as_json(b'{"items": [{"id": 31337, "name": "unasked"}], "metadata": {}}'))

    assert [model.id for model in client.models([100])] == [100]
    assert hub.requests[-1].path == "/api/v1/models/100"


def test_a_model_and_a_missing_one(client: CivitaiHub) -> None:
    model = client.model(200)

    assert model is not None
    assert [version.usage_control for version in model.versions] == [None, None]
    assert client.model(999) is None


def test_me_knows_whose_key_it_is(client: CivitaiHub) -> None:
    assert client.me() == "mosskettle"


@pytest.mark.parametrize("body", [b'{"username": null}', b'{"username": ""}', b"{}"])
def test_me_without_a_name(client: CivitaiHub, hub: LocalHub, body: bytes) -> None:
    hub.trouble(text_as_json(body))

    assert client.me() is None


def test_me_in_another_shape(client: CivitaiHub, hub: LocalHub) -> None:
    hub.trouble(text_as_json(b"[]"))

    with pytest.raises(HubUnexpectedAnswer, match="an account that cannot be read"):
        client.me()


@pytest.mark.parametrize("base", ["https://civitai.com", "https://civitai.com/"])
def test_pages_are_below_the_hubs_own_address(base: str) -> None:
    with CivitaiHub.from_settings(Settings(hub_url=base)) as client:
        assert client.page_url(1) == "https://civitai.com/models/1"
        assert client.page_url(1, 2) == "https://civitai.com/models/1?modelVersionId=2"


def test_a_hub_below_a_path_is_asked_there(connect, hub: LocalHub) -> None:
    client = connect(url=f"{hub.url}/mirror/")

    assert client.model(1) is None
    assert hub.requests[0].path == "/mirror/api/v1/models/1"


def test_requests_are_honest_and_plain(client: CivitaiHub, hub: LocalHub) -> None:
    client.ids_by_hash([sha("lantern")])
    client.models([100])

    assert {request.headers["user-agent"] for request in hub.requests} == {USER_AGENT}
    assert all("cookie" not in request.headers for request in hub.requests)


def test_twenty_thousand_hashes_take_few_requests(connect, time) -> None:
    """250 of them are known: 2 id requests, and one for each 100 known."""
    known = [sha(f"known {n}") for n in range(250)]
    versions = tuple(
        WorldVersion(
            id=n + 1,
            name="v",
            files=(WorldFile(id=n + 1, name="f", hashes={"SHA256": digest}),),
        )
        for n, digest in enumerate(known)
    )
    big = World(models=(WorldModel(id=1, name="All", versions=versions),))
    asked = [sha(f"unknown {n}") for n in range(19_750)] + known
    with LocalHub(big) as hub:
        client = connect(url=hub.url)
        hits = client.ids_by_hash(asked)
        found = client.versions_by_hash(hit.sha256 for hit in hits)

        assert len(hits) == len(found) == 250
        assert len(hub.requests) == 2 + 3
    # Five requests at four a second: four gaps.
    assert time.slept == pytest.approx(4 * 0.25)
