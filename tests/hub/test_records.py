"""What a reference means, and where the bytes of a file are asked for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from loradex.demo.hub_http import json_reply
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_trouble import text_as_json
from loradex.domain.hub import HubFile, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_source import HubDownloads
from loradex.errors import (
    DownloadsDisabled,
    HubArchived,
    HubEarlyAccess,
    HubError,
    HubNotFound,
    HubUnexpectedAnswer,
)
from loradex.hub.client import CivitaiHub

KEY = "key-of-mosskettle-0123456789"


def named(**ids: int) -> HubReference:
    return HubReference("civitai", **ids)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reference", "found", "requests"),
    [
        (named(model_id=100), (100, None), 1),
        (named(version_id=102), (100, 102), 2),
        (named(model_id=100, version_id=101), (100, 101), 2),
        (named(model_id=100, file_id=1001), (100, 101), 1),
        (named(model_id=100, file_id=9), (100, None), 1),
        # Archived: a version by itself has no files and is not shown, the model shows it.
        (named(model_id=300, version_id=301), (300, 301), 2),
    ],
)
def test_what_a_reference_means(
    client: CivitaiHub,
    hub: LocalHub,
    reference: HubReference,
    found: tuple[int, int | None],
    requests: int,
) -> None:
    model, version = client.look_up(reference) or (None, None)

    assert model is not None
    assert (model.id, version.id if version else None) == found
    assert len(hub.requests) == requests


@pytest.mark.parametrize(
    "reference",
    [
        named(model_id=999),
        named(version_id=999),
        named(model_id=100, version_id=999),
        named(model_id=200, version_id=102),
        named(version_id=2**31),
        named(model_id=-1),
        HubReference("civitai", slug="owner/name"),
    ],
)
def test_what_means_nothing(client: CivitaiHub, reference: HubReference) -> None:
    assert client.look_up(reference) is None


def test_an_answer_of_nothing_means_nothing(client: CivitaiHub, hub: LocalHub) -> None:
    """Least of all that the model is not there."""
    hub.trouble(text_as_json(b"null"))

    with pytest.raises(HubUnexpectedAnswer):
        client.model(100)


NO_RECORD = json_reply({"error": "Model not found"}, 404)
"""How the hub answers for a version that is unrated, or has no files."""


def test_a_version_without_a_record_of_its_own_is_found_in_its_model(
    client: CivitaiHub, hub: LocalHub
) -> None:
    hub.trouble(NO_RECORD, path="/api/v1/model-versions")

    model, version = client.look_up(named(version_id=102)) or (None, None)

    assert model is not None
    assert version is not None
    assert (model.id, version.id) == (100, 102)
    assert version.files
    assert len(hub.requests) == 3


def test_a_hub_that_cannot_tell_whose_version_it_is(client: CivitaiHub, hub: LocalHub) -> None:
    hub.trouble(NO_RECORD, path="/api/v1/model-versions")
    hub.trouble(json_reply({"error": "Unrecognized key"}, 400), path="/api/v1/models")

    assert client.look_up(named(version_id=102)) is None


def test_a_version_has_what_both_of_its_records_tell(client: CivitaiHub, hub: LocalHub) -> None:
    """Its own record lacks its place and quantisations, the other who may use it."""
    own = {
        "id": 7,
        "modelId": 1,
        "usageControl": "Download",
        "files": [{"id": 70}, {"id": 71}, {}],
    }
    inside = {"id": 7, "index": 2, "files": [{"id": 71, "metadata": {"quantType": "Q8_0"}}]}
    hub.trouble(text_as_json(json.dumps(own).encode()), path="/api/v1/model-versions")
    model = {"id": 1, "modelVersions": [inside]}
    hub.trouble(text_as_json(json.dumps(model).encode()), path="/api/v1/models")

    found = client.look_up(named(version_id=7))

    assert found is not None
    version = found[1]
    assert version is not None
    assert (version.usage_control, version.position) == ("Download", 2)
    assert [(f.id, f.quantisation) for f in version.files] == [
        (70, None),
        (71, "Q8_0"),
        (None, None),
    ]


def test_a_version_whose_model_is_not_shown_stands_alone(client: CivitaiHub, hub: LocalHub) -> None:
    parent = {"name": "Gone", "type": "LORA"}
    own = {"id": 7, "modelId": 999, "name": "v1", "nsfwLevel": 4, "model": parent}
    hub.trouble(text_as_json(json.dumps(own).encode()), path="/api/v1/model-versions")

    found = client.look_up(named(version_id=7))

    assert found is not None
    model, version = found
    assert (model.id, model.name, model.type, model.content_level) == (999, "Gone", "LORA", 4)
    assert model.versions == (version,)


def a_file(**more: object) -> HubFile:
    bare = HubFile(9, "fog.safetensors", "Model", 5, None, None, True, None, None, None, {})
    return replace(bare, **more)  # type: ignore[arg-type]


def a_version(**more: object) -> HubVersion:
    bare = HubVersion(
        7, 1, "v1", "", (), 1, None, None, None, None, (a_file(),), (), None, None, "{}"
    )
    return replace(bare, **more)  # type: ignore[arg-type]


def test_where_to_ask_for_a_file(connect, hub: LocalHub) -> None:
    client = connect(key=KEY)
    assert isinstance(client, HubDownloads)

    start = client.download_start(a_version(usage_control="Download"), a_file())

    assert start.url == f"{hub.url}/api/download/models/7?fileId=9"
    assert start.key is not None
    assert start.key.reveal() == KEY
    assert KEY not in repr(start)
    assert not start.sha256_required
    assert connect().download_start(a_version(), a_file(id=None)).key is None
    assert hub.requests == []


def test_the_key_stays_here_when_the_way_is_not_private(connect) -> None:
    client = connect(url="http://hub.example", key=KEY)

    assert client.download_start(a_version(), a_file()).key is None


ARCHIVED = json.dumps({"model": {"mode": "Archived"}})
REFUSED: dict[str, tuple[HubVersion, HubFile, type[HubError], bool]] = {
    "only to be used on the site": (
        a_version(usage_control="Generation"),
        a_file(),
        DownloadsDisabled,
        True,
    ),
    "archived": (a_version(raw=ARCHIVED), a_file(), HubArchived, True),
    "no way to name it": (a_version(), a_file(id=None, primary=False), HubNotFound, True),
    "early access": (
        a_version(early_access_until="2999-01-01T00:00:00Z"),
        a_file(),
        HubEarlyAccess,
        False,
    ),
    "paid for good": (a_version(paid=True), a_file(), HubEarlyAccess, False),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("key", [None, KEY])
def test_what_is_known_not_to_be_had_is_not_asked_for(
    connect, hub: LocalHub, name: str, key: str | None
) -> None:
    """Who has a key may have paid: then the hub decides."""
    version, file, kind, even_with_key = REFUSED[name]
    client = connect(key=key)

    if key is not None and not even_with_key:
        assert client.download_start(version, file).key is not None
        return
    with pytest.raises(HubError) as caught:
        client.download_start(version, file)
    assert type(caught.value) is kind
    assert caught.value.hint
    assert hub.requests == []
    if isinstance(caught.value, HubEarlyAccess):
        assert caught.value.until == version.early_access_until


@pytest.mark.parametrize("raw", ["", "[]", "null", '{"model": []}', "[" * 100_000])
def test_what_is_over_or_unreadable_is_not_in_the_way(client: CivitaiHub, raw: str) -> None:
    version = a_version(early_access_until="2020-01-01T00:00:00Z", raw=raw)

    assert client.download_start(version, a_file()).url
