"""Where files come from, who gets the token, and whether places are what they claim to be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from fakes.huggingface import FakeHuggingFace
from loradex.domain.hub import HubFile, HubVersion
from loradex.domain.hub_reference import HubReference
from loradex.domain.hub_source import PlaceClaim
from loradex.errors import HubError, HubForbidden, HubNotFound
from loradex_plugins.huggingface.hub import HuggingFaceHub
from loradex_plugins.huggingface.library import Library

from .conftest import TOKEN, Connect

SLUG = "paperlantern/paper-lantern-xl"
GATED = "mosskettle/harbour-fog-dreambooth"
COMMIT = "ec0b4f0b5c90ed0fa911a2972ccc452641b31563"
SHA256 = "403f78b160361a21c8b68045cb859348b86945b512c4914e92dbc7f56ac32a7f"
LORA = "pytorch_lora_weights.safetensors"


def state(hub: HuggingFaceHub, slug: str = SLUG) -> tuple[HubVersion, HubFile]:
    found = hub.look_up(HubReference("huggingface", slug=slug))
    assert found is not None
    version = found[0].versions[0]
    return version, version.files[0]


@pytest.fixture
def log_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", TOKEN)


def test_a_file_is_fetched_at_its_commit(hub: HuggingFaceHub, fake: FakeHuggingFace) -> None:
    start = hub.download_start(*state(hub))

    assert start.url == f"{fake.url}/{SLUG}/resolve/{COMMIT}/{LORA}"
    assert (start.key, start.sha256_required) == (None, False)
    data = httpx.get(start.url, follow_redirects=True, trust_env=False).content
    assert data == fake.repos[SLUG].files[LORA]


@pytest.mark.usefixtures("log_in")
def test_the_token_goes_to_the_hub_alone(hub: HuggingFaceHub, fake: FakeHuggingFace) -> None:
    start = hub.download_start(*state(hub))

    assert start.key is not None
    assert start.key.reveal() == TOKEN
    assert {request.headers.get("authorization") for request in fake.requests} == {
        f"Bearer {TOKEN}"
    }
    assert fake.storage_requests == []
    assert TOKEN not in start.url


def test_the_token_is_the_one_that_was_saved_by_logging_in(
    hub: HuggingFaceHub, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(TOKEN)

    key = hub.download_start(*state(hub)).key

    assert key is not None
    assert key.reveal() == TOKEN


@pytest.mark.usefixtures("log_in")
@pytest.mark.parametrize(
    ("endpoint", "private"),
    [
        ("https://huggingface.co", True),
        ("https://mirror.example/", True),
        ("http://localhost:80", True),
        ("http://mirror.example", False),
        ("http://127.0.0.1.evil.example", False),
    ],
)
def test_the_token_never_goes_over_an_open_line(
    connect: Connect, endpoint: str, private: bool
) -> None:
    hub = connect(endpoint=endpoint)
    library = hub._library

    assert (library.token() is not None) is private
    assert library._api.token is (None if private else False)


@pytest.mark.usefixtures("log_in")
def test_a_person_may_forbid_the_token(
    hub: HuggingFaceHub, monkeypatch: pytest.MonkeyPatch, fake: FakeHuggingFace
) -> None:
    from huggingface_hub import constants  # noqa: PLC0415

    monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", True)

    assert hub.download_start(*state(hub)).key is None
    assert not any("authorization" in request.headers for request in fake.requests)


def test_a_gated_file_says_what_to_do(hub: HuggingFaceHub, fake: FakeHuggingFace) -> None:
    with pytest.raises(HubForbidden, match="is gated") as caught:
        hub.download_start(*state(hub, GATED))

    assert f"{fake.url}/{GATED}" in str(caught.value)
    assert "hf auth login" in str(caught.value)


@pytest.mark.usefixtures("log_in")
def test_a_gated_file_is_for_those_who_accepted(hub: HuggingFaceHub, fake: FakeHuggingFace) -> None:
    fake.repos[GATED] = replace(fake.repos[GATED], allowed=(TOKEN,))

    assert hub.download_start(*state(hub, GATED)).key is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda version, file: (replace(version, slug=None), file),
        lambda version, file: (replace(version, slug="a/b@main"), file),
        lambda version, file: (replace(version, slug=f"a/b@{COMMIT}"), file),
        lambda version, file: (replace(version, slug=f"{SLUG}@{'0' * 40}"), file),
        lambda version, file: (version, replace(file, name="gone.safetensors")),
    ],
)
def test_what_is_not_there_is_told(hub: HuggingFaceHub, change) -> None:
    with pytest.raises(HubNotFound):
        hub.download_start(*change(*state(hub)))


def claim(slug: str = SLUG, revision: str = COMMIT, path: str = LORA) -> PlaceClaim:
    return PlaceClaim(1, SHA256, slug, revision, path)


def test_places_are_asked_once_for_each_state(hub: HuggingFaceHub, fake: FakeHuggingFace) -> None:
    versions = hub.versions_by_place([claim(), claim(path="images/street.png"), claim()])

    assert [version.slug for version in versions] == [f"{SLUG}@{COMMIT}"]
    assert SHA256 in {file.sha256 for file in versions[0].files}
    assert fake.asked() == [f"GET /api/models/{SLUG}/revision/{COMMIT}"]


def test_places_of_leftovers_count_as_well(hub: HuggingFaceHub) -> None:
    path = f"checkpoint-500/{LORA}"
    (version,) = hub.versions_by_place([claim(GATED, "main", path)])

    assert path in {file.name for file in version.files}


@pytest.mark.parametrize(
    "lost",
    [claim("no/such"), claim(revision="0" * 40), claim("no such/name"), claim("../../etc")],
)
def test_a_place_that_is_gone_does_not_cost_the_others(
    hub: HuggingFaceHub, lost: PlaceClaim
) -> None:
    assert len(hub.versions_by_place([lost, claim()])) == 1


def test_nothing_of_a_stranger_is_asked_for(hub: HuggingFaceHub, fake: FakeHuggingFace) -> None:
    version, file = state(hub)
    with pytest.raises(HubError):
        hub.download_start(version, replace(file, name="../../../api/whoami-v2"))
    assert not any("whoami" in request.path for request in fake.requests)


def test_the_endpoint_is_the_environments(
    monkeypatch: pytest.MonkeyPatch, hub: HuggingFaceHub
) -> None:
    context = hub._library.context
    assert Library(context).endpoint == "https://huggingface.co"
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert Library(context).endpoint == "https://mirror.example"
