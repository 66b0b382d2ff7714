"""Which version, and which of its files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from catalog_kit import model, version
from loradex.domain.hub import HubFile, HubVersion
from loradex.domain.kinds import ModelKind
from loradex.operations.downloads.choosing import (
    NotToBeHad,
    Wishes,
    chosen_files,
    dangerous,
    kind_of,
    newest_version,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def file(
    number: int,
    name: str = "neon.safetensors",
    type_: str = "Model",
    format_: str | None = "SafeTensor",
    **more: object,
) -> HubFile:
    plain = HubFile(
        id=number,
        name=name,
        type=type_,
        size_bytes=10,
        sha256=None,
        autov3=None,
        primary=False,
        format=format_,
        precision=None,
        download_url=None,
        hashes={},
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def of(*files: HubFile, **more: object) -> HubVersion:
    return replace(version(), files=files, **more)  # type: ignore[arg-type]


FULL = file(1, precision="fp32", size_type="full")
PRUNED = file(2, precision="fp16", size_type="pruned", primary=True)
PICKLE = file(3, "neon.ckpt", "Pruned Model", "PickleTensor")
VAE = file(4, "neon.vae.safetensors", "VAE")
GGUF = file(5, "neon-q4.gguf", format_="GGUF", quantisation="Q4_K_M")
TRAINING = file(6, "set.zip", "Training Data", "Other")
CHECKPOINT = (FULL, PRUNED, PICKLE, VAE, GGUF, TRAINING)


@pytest.mark.parametrize(
    ("files", "wishes", "wanted"),
    [
        (CHECKPOINT, Wishes(), [2]),
        (CHECKPOINT, Wishes(format="safetensors", precision="fp32"), [1]),
        (CHECKPOINT, Wishes(format="SafeTensor"), [2]),
        (CHECKPOINT, Wishes(format="gguf"), [5]),
        (CHECKPOINT, Wishes(precision="q4_k_m"), [5]),
        (CHECKPOINT, Wishes(format="pickle"), [3]),
        (CHECKPOINT, Wishes(names=("4",)), [4]),
        (CHECKPOINT, Wishes(names=("NEON.ckpt", "1", "3")), [3, 1]),
        (CHECKPOINT, Wishes(names=("all",)), [1, 2, 3, 4, 5]),
        (CHECKPOINT, Wishes(names=("all",), format="safetensors"), [1, 2, 4]),
        (CHECKPOINT, Wishes(names=("set.zip",)), [6]),
        ((replace(PICKLE, primary=True), FULL), Wishes(), [1]),
        ((replace(PICKLE, primary=True), VAE), Wishes(), [3]),
        ((replace(TRAINING, primary=True), FULL), Wishes(), [1]),
        ((FULL, replace(PRUNED, primary=False)), Wishes(), [2]),
        ((file(7, "worse.pt", "Negative", None),), Wishes(), [7]),
        (
            (
                file(8, "big-00001-of-00002.safetensors", primary=True),
                file(9, "big-00002-of-00002.safetensors"),
                file(10, "small.safetensors"),
            ),
            Wishes(),
            [8, 9],
        ),
    ],
)
def test_the_files_that_are_wanted(
    files: tuple[HubFile, ...], wishes: Wishes, wanted: list[int]
) -> None:
    assert [each.id for each in chosen_files(of(*files), wishes)] == wanted


@pytest.mark.parametrize(
    ("files", "wishes", "said"),
    [
        ((), Wishes(), "lists no files"),
        ((TRAINING,), Wishes(), "6 set.zip"),
        (CHECKPOINT, Wishes(names=("99",)), "has no file “99”"),
        (CHECKPOINT, Wishes(names=("neon.safetensors",)), "Several files are called"),
        (CHECKPOINT, Wishes(precision="bf16"), "None of its files is what you ask for"),
        (CHECKPOINT, Wishes(names=("4",), format="gguf"), "None of its files"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(
    files: tuple[HubFile, ...], wishes: Wishes, said: str
) -> None:
    with pytest.raises(NotToBeHad, match=said):
        chosen_files(of(*files), wishes)


OLD = of(FULL, id=1, name="old", published_at="2024-01-01T00:00:00Z")
NEW = of(FULL, id=2, name="new", published_at="2026-05-01T00:00:00Z")
EARLY = of(
    FULL,
    id=3,
    name="early",
    published_at="2026-05-20T00:00:00Z",
    early_access_until="2026-07-01T12:00:00Z",
)


@pytest.mark.parametrize(
    ("versions", "wanted", "note"),
    [
        ((NEW, OLD), 2, None),
        ((OLD, NEW), 2, None),
        ((EARLY, NEW, OLD), 2, "“early” was passed over: early access until 2026-07-01 12:00 UTC"),
        ((replace(EARLY, early_access_until="2026-05-31T00:00:00Z"), OLD), 3, None),
        ((replace(NEW, usage_control="Generation"), OLD), 1, "on the site only"),
        ((replace(NEW, paid=True), OLD), 1, "only for those who paid"),
        ((replace(NEW, files=()), OLD), 1, "it has no files"),
        ((replace(NEW, early_access_until="soon"), OLD), 2, None),
    ],
)
def test_a_model_means_its_newest_version_that_anybody_may_have(
    versions: tuple[HubVersion, ...], wanted: int, note: str | None
) -> None:
    chosen, said = newest_version(replace(model(), versions=versions), NOW)
    assert chosen.id == wanted
    assert (said is None) if note is None else (note in (said or ""))


@pytest.mark.parametrize(
    ("mode", "versions", "said"),
    [
        ("Archived", (), "is archived"),
        ("TakenDown", (replace(NEW, files=()),), "was taken down"),
        (None, (), "has no versions"),
        (None, (EARLY,), "No version can be downloaded"),
    ],
)
def test_a_model_without_anything_to_have(
    mode: str | None, versions: tuple[HubVersion, ...], said: str
) -> None:
    with pytest.raises(NotToBeHad, match=said):
        newest_version(replace(model(), mode=mode, versions=versions), NOW)


@pytest.mark.parametrize(
    ("model_type", "file_type", "wanted"),
    [
        ("LORA", "Model", ModelKind.LORA),
        ("Checkpoint", "VAE", ModelKind.VAE),
        ("Checkpoint", "Text Encoder", ModelKind.TEXT_ENCODER),
        ("Checkpoint", "Diffusion Model", ModelKind.DIFFUSION_MODEL),
        ("TextualInversion", "Negative", ModelKind.EMBEDDING),
        ("Workflows", "Model", None),
        ("Workflows", "VAE", ModelKind.VAE),
    ],
)
def test_a_file_goes_where_its_own_type_belongs(
    model_type: str, file_type: str, wanted: ModelKind | None
) -> None:
    assert kind_of(replace(model(), type=model_type), file(1, type_=file_type)) is wanted


@pytest.mark.parametrize(
    ("scans", "wanted"),
    [
        ({}, False),
        ({"pickle_scan": "Success", "virus_scan": "Pending"}, False),
        ({"pickle_scan": "Danger"}, True),
        ({"virus_scan": "danger"}, True),
    ],
)
def test_what_the_hub_calls_dangerous(scans: dict[str, str], wanted: bool) -> None:
    assert dangerous(file(1, **scans)) is wanted
