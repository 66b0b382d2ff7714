"""`loradex hub get hf:owner/name`, as a process of its own, from a Hub on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.huggingface import FakeHuggingFace, sample_repos
from loradex.catalog.catalog import Catalog
from loradex.paths import Home
from operations.downloads.world import files_below, make_library, sha256

SLUG = "paperlantern/paper-lantern-xl"
SHA256 = "403f78b160361a21c8b68045cb859348b86945b512c4914e92dbc7f56ac32a7f"
TOKEN = "hf_paperlantern"


@pytest.fixture
def fake() -> Iterator[FakeHuggingFace]:
    with FakeHuggingFace(*sample_repos(), tokens={TOKEN: "paperlantern"}) as fake:
        yield fake


@pytest.fixture
def models(home: Home, tmp_path: Path) -> Path:
    """The root of the only library, in a home that names Hugging Face alone."""
    (home.root / "loradex.toml").write_text('hubs = ["huggingface"]\n')
    with Catalog.open(home) as catalog:
        return make_library(catalog, tmp_path / "models")


def call(
    fake: FakeHuggingFace, tmp_path: Path, *arguments: str
) -> subprocess.CompletedProcess[str]:
    surroundings = {name: text for name, text in os.environ.items() if not name.startswith("HF_")}
    return subprocess.run(
        [sys.executable, "-m", "loradex", *arguments],
        env={
            **surroundings,
            "HF_ENDPOINT": fake.url,
            "HF_HOME": str(tmp_path / "hf"),
            "HF_TOKEN": TOKEN,
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("form", ["hf:{slug}", "hf:{slug}/pytorch_lora_weights.safetensors@main"])
def test_a_repository_comes_by_its_name(
    form: str, fake: FakeHuggingFace, models: Path, tmp_path: Path
) -> None:
    ended = call(fake, tmp_path, "hub", "get", form.format(slug=SLUG))

    assert ended.returncode == 0, ended.stderr
    (path,) = files_below(models)
    assert sha256(models / path) == SHA256
    assert path.startswith("loras/")
    assert fake.storage_requests
    assert not any("authorization" in request.headers for request in fake.storage_requests)
    assert TOKEN not in ended.stdout + ended.stderr
    shown = call(fake, tmp_path, "show", "1")
    assert "paper-lantern-xl" in shown.stdout


def test_a_gated_repository_says_where_to_accept_its_conditions(
    fake: FakeHuggingFace, models: Path, tmp_path: Path
) -> None:
    ended = call(fake, tmp_path, "hub", "get", "hf:mosskettle/harbour-fog-dreambooth")

    assert ended.returncode != 0
    assert "gated" in ended.stderr
    assert "Accept them at" in ended.stderr
    assert files_below(models) == []


def test_a_repository_that_is_not_shown_may_need_a_login(
    fake: FakeHuggingFace, models: Path, tmp_path: Path
) -> None:
    fake.repos["my/secret"] = replace(fake.repos[SLUG], id="my/secret", private=True)

    ended = call(fake, tmp_path, "hub", "get", "hf:my/secret")

    assert ended.returncode != 0
    assert "has no my/secret, or it is private" in ended.stderr
    assert "hf auth login" in " ".join(ended.stderr.split())


def test_offline_is_named_as_the_reason(
    fake: FakeHuggingFace, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LORADEX_OFFLINE", "yes")
    ended = call(fake, tmp_path, "hub", "get", "--dry-run", f"hf:{SLUG}")

    assert ended.returncode != 0
    assert "is not known offline" in ended.stderr
    assert "LORADEX_OFFLINE" in ended.stderr
    assert fake.requests == []
