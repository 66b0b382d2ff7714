"""The sample library: what it claims to hold, that it is small, and that it comes out the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors import safe_open

from loradex.demo.library import SampleLibrary, SampleModel, make_library
from loradex.demo.sample_shelf_trouble import (
    CUT_SHORT,
    EMPTY,
    GROWING,
    HOSTILE,
    HTML_PAGE,
    POINTER,
    TWINS,
)
from loradex.domain.header import FileFormat
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.text import display_text
from loradex.errors import FormatError
from loradex.formats.fingerprint import quick_fingerprint
from loradex.formats.hashing import hash_file
from loradex.formats.headers import read_header
from loradex.formats.model_files import is_download, is_model_file, sidecars
from loradex.formats.training import describe
from loradex.identify import identify

BROKEN = {CUT_SHORT: "cut short", HTML_PAGE: "HTML page", POINTER: "Git LFS", EMPTY: "is empty"}

KINDS = {
    "Checkpoint": {ModelKind.CHECKPOINT, ModelKind.DIFFUSION_MODEL},
    "LORA": {ModelKind.LORA}, "LoCon": {ModelKind.LORA}, "DoRA": {ModelKind.LORA},
    "TextualInversion": {ModelKind.EMBEDDING}, "VAE": {ModelKind.VAE},
    "Controlnet": {ModelKind.CONTROLNET}, "Upscaler": {ModelKind.UPSCALER},
}  # fmt: skip
BASES = {
    "SD 1.5": BaseModel.SD1, "SD 2.1 768": BaseModel.SD2, "SDXL 1.0": BaseModel.SDXL,
    "Pony": BaseModel.SDXL, "Illustrious": BaseModel.SDXL, "NoobAI": BaseModel.SDXL,
    "SD 3.5 Medium": BaseModel.SD3, "Flux.1 D": BaseModel.FLUX1, "Flux.1 S": BaseModel.FLUX1,
}  # fmt: skip
DERIVATIVES = {"Pony": "pony", "Illustrious": "illustrious", "NoobAI": "noobai"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> SampleLibrary:
    return make_library(tmp_path_factory.mktemp("sample") / "models")


def model_files(library: SampleLibrary) -> list[Path]:
    found = (path for path in library.root.rglob("*") if path.is_file())
    return sorted(path for path in found if is_model_file(path.name))


def healthy(library: SampleLibrary) -> list[Path]:
    return [p for p in model_files(library) if str(p.relative_to(library.root)) not in BROKEN]


def test_its_size(library: SampleLibrary) -> None:
    files = [path for path in library.root.rglob("*") if path.is_file()]
    assert 40 <= len(model_files(library)) <= 60
    assert sum(path.stat().st_size for path in files) < 6_500_000_000
    on_disk = sum(path.stat().st_blocks * 512 for path in files)
    holes = library.root / "vae" / "ae.safetensors"
    if holes.stat().st_blocks * 512 > holes.stat().st_size // 2:
        pytest.skip("this file system has no holes")
    assert on_disk < 60_000_000


def test_the_same_bytes_come_out_again(library: SampleLibrary, tmp_path: Path) -> None:
    make_library(tmp_path)

    def prints(root: Path) -> dict[str, str]:
        return {
            str(path.relative_to(root)): quick_fingerprint(path)
            for path in root.rglob("*")
            if path.is_file()
        }

    assert prints(tmp_path) == prints(library.root)


def test_what_is_there_stays(library: SampleLibrary) -> None:
    changed = next(model.path for model in library.models if model.path.suffix == ".safetensors")
    before = {path: path.stat().st_mtime_ns for path in library.root.rglob("*")}
    again = make_library(library.root)
    assert {path: path.stat().st_mtime_ns for path in library.root.rglob("*")} == before
    assert again == library
    assert changed.exists()


def test_every_safetensors_file_opens_in_the_reference_reader(library: SampleLibrary) -> None:
    for path in healthy(library):
        if path.suffix == ".safetensors":
            with safe_open(path, "np") as reference:
                assert set(reference.keys()) == set(read_header(path).tensors), path


def test_everything_is_identified_as_the_hub_calls_it(library: SampleLibrary) -> None:
    for model in library.models:
        identity = identify(read_header(model.path), file_name=model.path.name)
        facts = model.facts
        assert identity.kind in KINDS[facts.type], facts
        if facts.type not in {"VAE", "Upscaler"}:
            assert identity.base is BASES[facts.base_model], facts
            assert identity.derivative == DERIVATIVES.get(facts.base_model), facts
        if facts.type == "DoRA":
            assert identity.dora


def test_the_variety(library: SampleLibrary) -> None:
    headers = [read_header(path) for path in healthy(library)]
    identities = [identify(header) for header in headers]
    assert {header.format for header in headers} == {
        FileFormat.SAFETENSORS,
        FileFormat.GGUF,
        FileFormat.PICKLE,
    }
    assert {"lora", "locon", "loha", "lokr"} <= {i.algorithm for i in identities}
    assert {i.kind for i in identities} >= {
        ModelKind.CHECKPOINT, ModelKind.DIFFUSION_MODEL, ModelKind.LORA, ModelKind.VAE,
        ModelKind.CONTROLNET, ModelKind.T2I_ADAPTER, ModelKind.EMBEDDING, ModelKind.UPSCALER,
        ModelKind.TEXT_ENCODER,
    }  # fmt: skip
    assert all(not header.notes for header in headers)


def test_trigger_words_of_headers_are_the_hubs(library: SampleLibrary) -> None:
    told = 0
    for model in library.models:
        words = describe(read_header(model.path).metadata).trigger_words
        if words and model.path != library.root / HOSTILE:
            told += 1
            assert set(words) <= set(model.facts.trained_words), model.path
    assert told > 10


@pytest.mark.parametrize("name", BROKEN)
def test_the_broken_ones(library: SampleLibrary, name: str) -> None:
    with pytest.raises(FormatError, match=BROKEN[name]):
        read_header(library.root / name)


def test_the_download(library: SampleLibrary) -> None:
    assert (library.root / GROWING).is_file()
    assert is_download(Path(GROWING).name)


def test_the_hostile_one_is_shown_harmlessly(library: SampleLibrary) -> None:
    path = library.root / HOSTILE
    facts = describe(read_header(path).metadata)
    texts = [path.name, facts.title or "", facts.description or "", *facts.trigger_words]
    assert any("\x1b" in text for text in texts)
    assert all(display_text(text).isprintable() for text in texts)


def test_twins_are_equal_and_edited_copies_are_not(library: SampleLibrary) -> None:
    root = library.root
    for twin, original in TWINS.items():
        assert hash_file(root / twin) == hash_file(root / original)
    people = root / "loras/sd15/character"
    pony = root / "loras/xl/pony"
    for edited, original in (
        (people / "wrenna (retitled).safetensors", people / "wrenna_v2.safetensors"),
        (pony / "vesper_stripped.safetensors", pony / "vesper_pdxl.safetensors"),
    ):
        one, two = hash_file(edited), hash_file(original)
        assert one.autov3 == two.autov3
        assert one.sha256 != two.sha256


def test_contents_differ(library: SampleLibrary) -> None:
    prints = [quick_fingerprint(path) for path in healthy(library)]
    assert len(set(prints)) == len(prints) - len(TWINS)


def test_what_the_hub_is_told(library: SampleLibrary) -> None:
    assert len(library.models) > 25
    versions = [model.facts.version_id for model in library.models]
    assert len(set(versions)) == len(versions)
    for model in library.models:
        assert model.path.is_file()
        assert model.facts.content_level in {1, 2, 4}
    names: dict[int, set[str]] = {}
    for model in library.models:
        names.setdefault(model.facts.model_id, set()).add(model.facts.model_name)
    assert all(len(both) == 1 for both in names.values())


def _sidecar_names(model: SampleModel) -> set[str]:
    beside = [path.name for path in model.path.parent.iterdir()]
    return {sidecar.name for sidecar in sidecars(model.path.name, beside)}


def test_sidecars_belong_to_their_models(library: SampleLibrary) -> None:
    found = [library.root.rglob(f"*{end}") for end in (".info", ".json", ".txt", ".png")]
    written = {path.name for paths in found for path in paths}
    owned = set().union(*(_sidecar_names(model) for model in library.models))
    assert written == owned
    assert len(written) > 15


def test_hub_documents_name_the_true_digest(library: SampleLibrary) -> None:
    checked = 0
    for path in library.root.rglob("*.civitai.info"):
        document = json.loads(path.read_text(encoding="utf-8"))
        model = path.with_name(path.name.removesuffix(".civitai.info") + ".safetensors")
        file = document["files"][0]
        assert file["hashes"]["SHA256"].lower() == hash_file(model).sha256
        assert file["sizeKB"] * 1024 == model.stat().st_size
        checked += 1
    assert checked >= 4
