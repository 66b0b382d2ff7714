"""Documents in the real hub's shape, read through a real connection."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from loradex.demo.hub_http import Reply
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_trouble import text_as_json
from loradex.errors import (
    DownloadsDisabled,
    HubArchived,
    HubAuthRequired,
    HubBadRequest,
    HubEarlyAccess,
    HubError,
    HubForbidden,
    HubNotFound,
    HubRateLimited,
    HubRegionBlocked,
    HubUnavailable,
    HubUnexpectedAnswer,
)
from loradex.hub.client import CivitaiHub

Sample = Callable[[str], bytes]

SDXL = "403f78b160361a21c8b68045cb859348b86945b512c4914e92dbc7f56ac32a7f"
OLD = "71388bddf522e8f8303059e26be11105704cfe0a149b89a6d482fa1b078103e1"
DOWNLOADS = "/api/download/models"


@pytest.mark.parametrize("name", ["model-version.lora-sdxl", "model-version-by-hash.lora-sdxl"])
def test_a_version(client: CivitaiHub, hub: LocalHub, sample: Sample, name: str) -> None:
    hub.trouble(text_as_json(sample(f"{name}.json")))

    version = client.version_by_hash("40A3974A2FEE")

    assert version is not None
    assert (version.id, version.model_id, version.name) == (910102, 900101, "v2.0 SDXL")
    assert (version.base_model, version.content_level) == ("SDXL 1.0", 1)
    assert (version.model_name, version.model_type) == ("Paper Lantern Glow 紙灯り", "LORA")
    assert version.trained_words == (
        "ppr lntrn",
        "glowing paper lantern, warm rim light, ",
        "ppr lntrn",
        "<lora:paper_lantern_xl_v2:0.8>",
    )
    assert (version.usage_control, version.published_at) == ("Download", "2026-02-11T09:30:00Z")
    lora, dataset = version.files
    assert (lora.sha256, lora.autov3, lora.size_bytes) == (SDXL, "40a3974a2fee", 10096)
    assert set(lora.hashes) == {"AutoV2", "SHA256", "CRC32", "BLAKE3", "AutoV3"}
    assert (lora.primary, dataset.primary) == (True, False)
    assert lora.download_url == f"{hub.url}{DOWNLOADS}/910102?fileId=920102"
    assert [(image.id, image.type) for image in version.images] == [
        (95010201, "image"),
        (95010202, "image"),
        (95010203, "video"),
    ]
    assert json.loads(version.raw) == json.loads(sample(f"{name}.json"))


def test_a_version_as_it_looked_in_2023(client: CivitaiHub, hub: LocalHub, sample: Sample) -> None:
    hub.trouble(text_as_json(sample("model-version.legacy-2023.json")))

    version = client.version_by_hash(OLD)

    assert version is not None
    assert version.content_level == 1  # from its images: "nsfw": "None"
    assert version.air == "urn:air:sd1:lora:civitai:300045@300123"  # built: it was not told then
    assert version.usage_control is None
    [file] = version.files
    assert file.autov3 == "79ae1e19f30a"
    assert len(file.hashes["AutoV3"]) == 64
    assert (file.format, file.precision) == ("SafeTensor", None)
    assert [image.id for image in version.images] == [302211]


def test_early_access(client: CivitaiHub, hub: LocalHub, sample: Sample) -> None:
    hub.trouble(text_as_json(sample("model-version.early-access.json")))

    version = client.version(910103)

    assert version is not None
    assert (version.early_access_until, version.paid) == ("2026-09-30T00:00:00Z", False)
    assert version.content_level == 3


def test_an_unscanned_version_proves_nothing(
    client: CivitaiHub, hub: LocalHub, sample: Sample
) -> None:
    hub.trouble(text_as_json(sample("model-version.textual-inversion-unscanned.json")))

    assert client.version_by_hash("ab" * 32) is None


def test_a_batch_with_nulls_duplicates_and_broken_links(
    client: CivitaiHub, hub: LocalHub, sample: Sample
) -> None:
    document = sample("model-versions-by-hash-batch.json")
    assert b"https://undefined" in document
    hub.trouble(text_as_json(document))
    full = "3dd4a6ae"
    records = [record for record in json.loads(document) if record]
    asked = [f["hashes"]["SHA256"] for record in records for f in record["files"]]

    versions = client.versions_by_hash(asked)

    assert [version.id for version in versions] == [910501, 910102, 910202]
    links = [file.download_url or "" for version in versions for file in version.files]
    assert all(link.startswith(f"{hub.url}{DOWNLOADS}/") for link in links)
    assert len(set(links)) == len(links)
    checkpoint = versions[2]
    assert [(f.type, f.format, f.precision, f.primary) for f in checkpoint.files] == [
        ("Model", "SafeTensor", "fp16", False),
        ("Pruned Model", "SafeTensor", "fp16", True),
        ("Pruned Model", "PickleTensor", "fp16", False),
        ("Config", "Other", None, False),
        ("VAE", "SafeTensor", None, False),
    ]
    assert (checkpoint.files[0].sha256 or "").startswith(full)
    assert versions[0].usage_control == "Generation"


def test_ids(client: CivitaiHub, hub: LocalHub, sample: Sample) -> None:
    document = sample("model-versions-by-hash-ids.json")
    hub.trouble(text_as_json(document))

    hits = client.ids_by_hash([row["hash"] for row in json.loads(document)])

    assert {(hit.version_id, hit.model_id) for hit in hits if hit.sha256 == SDXL} == {
        (910102, 900101),
        (910777, 900777),
    }
    assert len(hits) == 5


def test_ids_without_models(client: CivitaiHub, hub: LocalHub) -> None:
    rows = [{"modelVersionId": 910102, "hash": SDXL.upper()}]
    hub.trouble(text_as_json(json.dumps(rows).encode()))

    [hit] = client.ids_by_hash([SDXL])

    assert (hit.version_id, hit.model_id) == (910102, None)


LICENCES = {
    900101: "Image,RentCivit,Rent",
    900202: "Image",
    900303: "None",
    900404: None,
    900505: "RentCivit",
}


@pytest.mark.parametrize("name", ["models-list.cursor-page1", "models-list.cursor-last"])
def test_lists(client: CivitaiHub, hub: LocalHub, sample: Sample, name: str) -> None:
    document = json.loads(sample(f"{name}.json"))
    hub.trouble(text_as_json(sample(f"{name}.json")))
    ids = [item["id"] for item in document["items"]]

    models = client.models(ids)

    assert [model.id for model in models] == ids
    for model, item in zip(models, document["items"], strict=True):
        assert [v.id for v in model.versions] == [v["id"] for v in item["modelVersions"]]
        assert all(v.model_id == model.id for v in model.versions)
        assert all(v.model_name == model.name for v in model.versions)
        if LICENCES[model.id]:
            assert model.licence["allowCommercialUse"] == LICENCES[model.id]
        assert json.loads(model.raw) == item


MODELS = {
    "model.lora-multi-version": (None, "paperlantern", [1, 2, 1]),
    "model.checkpoint-multi-file": (None, "mosskettle", [6, 5]),
    "model.controlnet-archived": ("Archived", None, [0]),
}


@pytest.mark.parametrize("name", MODELS)
def test_models(client: CivitaiHub, hub: LocalHub, sample: Sample, name: str) -> None:
    hub.trouble(text_as_json(sample(f"{name}.json")))

    model = client.model(1)

    assert model is not None
    files = [len(version.files) for version in model.versions]
    assert (model.mode, model.creator, files) == MODELS[name]


def test_gguf_files_tell_their_quantisation(
    client: CivitaiHub, hub: LocalHub, sample: Sample
) -> None:
    hub.trouble(text_as_json(sample("model.checkpoint-multi-file.json")))

    model = client.model(1)

    assert model is not None
    found = [(f.precision, f.quantisation) for f in model.versions[0].files if f.format == "GGUF"]
    assert found == [(None, "Q4_K_M"), (None, "Q8_0")]


def test_scans_sizes_places_and_hidden_numbers(
    client: CivitaiHub, hub: LocalHub, sample: Sample
) -> None:
    hub.trouble(text_as_json(sample("model.checkpoint-multi-file.json")))

    model = client.model(1)

    assert model is not None
    assert (model.downloads, model.likes) == (None, 7027)
    assert [version.position for version in model.versions] == [0, 1]
    assert [(f.size_type, f.pickle_scan) for f in model.versions[1].files] == [
        ("full", "Success"),
        ("pruned", "Success"),
        ("pruned", "Danger"),
        (None, "Success"),
        (None, "Success"),
    ]


def test_me(client: CivitaiHub, hub: LocalHub, sample: Sample) -> None:
    hub.trouble(text_as_json(sample("me.json")))

    assert client.me() == "paperlantern"


BECOMES: dict[str, type[HubError]] = {
    "model-unknown": HubNotFound,
    "models-bad-cursor": HubBadRequest,
    "paging-too-deep": HubRateLimited,
    "search-overloaded": HubUnavailable,
    "me-anonymous": HubAuthRequired,
    "internal-error": HubUnavailable,
    "region-blocked": HubRegionBlocked,
    "download-login-required": HubAuthRequired,
    "download-disabled": DownloadsDisabled,
    "download-early-access": HubEarlyAccess,
    "download-no-access": HubForbidden,
    "download-forbidden": HubForbidden,
    "download-archived": HubArchived,
    "download-not-found": HubNotFound,
    "download-quota": HubRateLimited,
    "cloudflare-challenge": HubForbidden,
    "cloudflare-rate-limit": HubRateLimited,
    "cloudflare-timeout": HubUnavailable,
    "download-login-redirect": HubUnexpectedAnswer,
}
"""Some of the catalogue by name, and what each has to be told as."""


def test_every_catalogued_failure_becomes_a_hub_error(
    connect, hub: LocalHub, sample: Sample
) -> None:
    told = {}
    for entry in json.loads(sample("support/errors.catalog.json")):
        body = entry["body"] if isinstance(entry["body"], str) else json.dumps(entry["body"])
        hub.calm()
        hub.trouble(Reply(entry["status"], entry["headers"], body.encode()), times=2)
        with pytest.raises(HubError) as caught:
            connect(retries=1).ids_by_hash([SDXL])
        assert caught.value.status == entry["status"], entry["name"]
        assert "</" not in str(caught.value), entry["name"]
        told[entry["name"]] = type(caught.value)

    assert {name: told[name] for name in BECOMES} == BECOMES
