"""Tokenizers that nobody has: brought from Hugging Face before the first step, or asked for."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.huggingface import FakeHuggingFace, Repo
from grid_stock import request_of
from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind
from loradex.domain.grid import Cell
from loradex.domain.progress import CancelToken, SilentSink
from loradex.domain.recipe import GridModel, Recipe
from loradex.errors import Cancelled, NotRenderable
from loradex.hub.fetching import transfer
from loradex.operations.grids import draw_grid, preview_grid
from loradex.operations.libraries import add_library
from loradex.operations.scan import scan
from loradex.operations.tokenizers import (
    check_tokenizers,
    fetch_tokenizers,
    lacking,
    tokenizer_folders,
)
from loradex.paths import Home
from loradex.render.published_tokenizers import (
    PUBLISHED,
    PublishedFile,
    PublishedTokenizer,
)
from loradex.settings import Settings

FILES = {"vocab.json": b'{"a": 0}', "merges.txt": b"#version: 0.2\n" + b"a b\n" * 500}
REPO = Repo(
    id="openai/clip-vit-large-patch14",
    files={**FILES, "modeling.py": b"import os", "model.safetensors": b"\x00" * 2048},
)


def published(files: dict[str, bytes] = FILES) -> PublishedTokenizer:
    return PublishedTokenizer(
        "clip",
        "CLIP's tokenizer",
        REPO.id,
        REPO.sha,
        tuple(
            PublishedFile(name, len(data), hashlib.sha256(data).hexdigest())
            for name, data in files.items()
        ),
    )


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeHuggingFace]:
    with FakeHuggingFace(REPO) as fake:
        monkeypatch.setenv("HF_ENDPOINT", fake.url)
        yield fake


def fetch(home: Path, wanted: PublishedTokenizer, cancel: CancelToken | None = None) -> Path:
    fetch_tokenizers([wanted], Home(home), sink=SilentSink(), cancel=cancel or CancelToken())
    return home / "tokenizers" / wanted.kind


def test_only_the_named_files_are_fetched_and_noted(hub: FakeHuggingFace, tmp_path: Path) -> None:
    folder = fetch(tmp_path, published())
    assert {path.name for path in folder.iterdir()} == {*FILES, "source.json"}
    assert all((folder / name).read_bytes() == data for name, data in FILES.items())
    source = json.loads((folder / "source.json").read_text("utf-8"))
    assert (source["repository"], source["revision"]) == (REPO.id, REPO.sha)
    assert (
        source["files"]["vocab.json"]["sha256"] == hashlib.sha256(FILES["vocab.json"]).hexdigest()
    )
    assert folder in tokenizer_folders(Home(tmp_path))


def test_what_is_there_is_not_fetched_again(
    hub: FakeHuggingFace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetch(tmp_path, published())
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    fetch(tmp_path, published())


def test_other_bytes_than_the_known_ones_are_not_kept(hub: FakeHuggingFace, tmp_path: Path) -> None:
    other = published({**FILES, "vocab.json": b'{"b": 0}'})
    with pytest.raises(NotRenderable, match=r"its vocab\.json cannot be downloaded") as caught:
        fetch(tmp_path, other)
    assert "Put vocab.json of openai/clip-vit-large-patch14 into" in str(caught.value.hint)
    assert list((tmp_path / "tokenizers" / "clip").iterdir()) == []


@pytest.mark.parametrize("missing", ["revision", "server"])
def test_who_cannot_be_asked_is_said_with_where_to_put_the_file(
    missing: str, hub: FakeHuggingFace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "backoff", lambda _attempt: 0.01)
    wanted = published()
    if missing == "server":
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    else:
        wanted = replace(wanted, revision="0" * 40)
    with pytest.raises(NotRenderable, match=r"CLIP's tokenizer is needed.*vocab\.json"):
        fetch(tmp_path, wanted)


def test_a_person_may_stop_it(hub: FakeHuggingFace, tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        fetch(tmp_path, published(), cancel)


def test_the_published_ones_are_small_and_hold_no_code() -> None:
    for kind, one in PUBLISHED.items():
        assert one.kind == kind
        assert one.size < 16 << 20
        assert len(one.revision) == 40
        assert all(len(file.sha256) == 64 for file in one.files)
        assert all(file.name.endswith((".json", ".txt")) for file in one.files)


@pytest.fixture
def unet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint of one file, as far as its header goes, and no tokenizer anywhere."""
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    path = tmp_path / "models" / "x.safetensors"
    path.parent.mkdir()
    names = ("input_blocks.0.0.weight", "out.2.weight")
    header = json.dumps(
        {
            f"model.diffusion_model.{name}": {
                "dtype": "F16",
                "shape": [1],
                "data_offsets": [2 * number, 2 * number + 2],
            }
            for number, name in enumerate(names)
        }
    ).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    return path


def cells(path: Path) -> list[Cell]:
    return [Cell(Recipe(GridModel(1, "x", str(path), "d", "sd1"), "", "", 1), "k")]


def test_a_tokenizer_that_is_nowhere_would_be_downloaded(unet: Path, tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    home = Home(tmp_path / "home")
    assert lacking(cells(unet), home, Settings()) == (PUBLISHED["clip"],)
    for folder in (unet.parent / "tokenizer", home.root / "tokenizers" / "clip"):
        folder.mkdir(parents=True)
        for name, data in FILES.items():
            (folder / name).write_bytes(data)
        assert lacking(cells(unet), home, Settings()) == ()
        for name in FILES:
            (folder / name).unlink()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (Settings(offline=True), "Offline, it is not downloaded"),
        (Settings(hubs=("civitai",)), "Hugging Face is not among the hubs"),
    ],
)
def test_where_nobody_may_be_asked_the_missing_file_is_named(
    settings: Settings, words: str, unet: Path, tmp_path: Path
) -> None:
    pytest.importorskip("safetensors")
    home = Home(tmp_path / "home")
    with pytest.raises(NotRenderable, match=words) as caught:
        lacking(cells(unet), home, settings)
    checkpoint = cells(unet)[0].recipe.checkpoint
    with pytest.raises(NotRenderable) as before:
        check_tokenizers([checkpoint], home, settings)
    assert str(before.value) == str(caught.value)
    check_tokenizers([checkpoint], home, Settings())  # it would be downloaded
    check_tokenizers([replace(checkpoint, base="flux1")], home, settings)  # who knows
    assert "x.safetensors needs CLIP's tokenizer" in caught.value.message
    assert "Put vocab.json and merges.txt of openai/clip-vit-large-patch14" in str(
        caught.value.hint
    )


@pytest.mark.render
def test_a_grid_brings_what_it_lacks_and_draws(
    catalog: Catalog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("diffusers")
    from loradex.cli.grid_report import report_preview  # noqa: PLC0415
    from loradex.render.tiny import make_tiny_single_file  # noqa: PLC0415

    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "none"))
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    lone = make_tiny_single_file(tmp_path / "library" / "lone.safetensors", shape="sd1")
    tables = tmp_path / "library" / "tokenizer"
    files = {name: (tables / name).read_bytes() for name in ("vocab.json", "merges.txt")}
    shutil.rmtree(tables)
    add_library(catalog, lone.parent, name="lone")
    tools = {"sink": SilentSink(), "cancel": CancelToken()}
    scan(catalog, catalog.files.libraries(), workers=1, **tools)  # type: ignore[arg-type]
    monkeypatch.setitem(PUBLISHED, "clip", published(files))  # type: ignore[arg-type]
    request = request_of({AxisKind.CHECKPOINT: "lone", AxisKind.PROMPT: "a boat"})
    with FakeHuggingFace(replace(REPO, files=files)) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        preview = preview_grid(catalog, request)
        report_preview(preview, as_json=False)
        assert "first: CLIP's tokenizer (openai/clip-vit-large-patch14)." in capsys.readouterr().out
        with pytest.raises(NotRenderable, match="Offline, it is not downloaded"):
            preview_grid(catalog, request, offline=True)
        result = draw_grid(catalog, request, **tools)  # type: ignore[arg-type]
    assert (result.drawn, result.failed) == (1, ())
    assert preview_grid(catalog, request, offline=True).downloads == ()
