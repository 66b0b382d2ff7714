"""The fake Hub is one for the library, too, and both fakes are programs of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

from fakes.huggingface import FakeHuggingFace

from .conftest import TOKEN

SLUG = "paperlantern/paper-lantern-xl"
LORA = "pytorch_lora_weights.safetensors"
SHA256 = "403f78b160361a21c8b68045cb859348b86945b512c4914e92dbc7f56ac32a7f"


@pytest.fixture
def api(fake: FakeHuggingFace) -> HfApi:
    return HfApi(endpoint=fake.url)


def test_what_the_library_asks_for(api: HfApi) -> None:
    tree = {entry.path: entry for entry in api.list_repo_tree(SLUG, recursive=True)}
    (info,) = api.get_paths_info(SLUG, [LORA, "gone.bin"])

    assert tree[LORA].lfs.sha256 == info.lfs.sha256 == SHA256
    assert tree["README.md"].lfs is None
    assert [model.id for model in api.list_models(filter="lora", sort="downloads")] == [
        SLUG,
        "mosskettle/harbour-fog-dreambooth",
    ]
    assert api.whoami(token=TOKEN)["name"] == "paperlantern"


def test_the_library_downloads_without_taking_the_token_along(
    fake: FakeHuggingFace, tmp_path: Path
) -> None:
    # Another host name, not only another port: so the storage is foreign to every release.
    endpoint = fake.url.replace("127.0.0.1", "localhost")
    path = hf_hub_download(SLUG, LORA, endpoint=endpoint, local_dir=tmp_path, token=TOKEN)

    assert Path(path).read_bytes() == fake.repos[SLUG].files[LORA]
    assert {request.headers.get("authorization") for request in fake.requests} == {
        f"Bearer {TOKEN}"
    }
    assert fake.storage_requests
    assert not any("authorization" in request.headers for request in fake.storage_requests)


def test_the_librarys_errors(api: HfApi, tmp_path: Path) -> None:
    with pytest.raises(RepositoryNotFoundError):
        api.model_info("no/such")
    with pytest.raises(RevisionNotFoundError):
        api.model_info(SLUG, revision="gone")
    slug = "mosskettle/harbour-fog-dreambooth"
    with pytest.raises(GatedRepoError):
        api.hf_hub_download(slug, LORA, local_dir=tmp_path)


@pytest.mark.parametrize(
    ("program", "path"),
    [
        ("fakes.huggingface", f"/api/models/{SLUG}"),
        ("fakes.civarchive", f"/api/sha256/{SHA256}"),
    ],
)
def test_each_is_a_program(program: str, path: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", program],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert httpx.get(url + path, trust_env=False).status_code == 200
        finally:
            process.terminate()
