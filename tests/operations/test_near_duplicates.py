"""Precisions, formats and versions of large models: their facts are made, their files are there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_kit import add_library, hashes, model, version
from loradex.catalog.catalog import Catalog
from loradex.domain.duplicates import USUAL, Alike, DuplicateGroup, DuplicateReport, Fate
from loradex.domain.evidence import Evidence, Source
from loradex.domain.header import FileFormat
from loradex.domain.identity import Identity
from loradex.domain.look import Look
from loradex.domain.scanning import Found
from loradex.operations.duplicates import find_duplicates
from loradex.operations.matching import found
from loradex.paths import Home

WEIGHTS = 20_000
DENOISER = ("denoiser",)
GGUF, PICKLE, SAFETENSORS = FileFormat.GGUF, FileFormat.PICKLE, FileFormat.SAFETENSORS


class Shelf:
    """A library whose files are holes of the right size."""

    def __init__(self, catalog: Catalog, root: Path) -> None:
        self.catalog, self.root = catalog, root
        root.mkdir()
        self.library = add_library(catalog, root)
        self.count = 0

    def put(
        self,
        path: str,
        dtype: str = "F16",
        *,
        kind: str = "diffusion_model",
        base: str | None = "flux1",
        derivative: str | None = None,
        form: FileFormat = SAFETENSORS,
        parts: tuple[str, ...] = DENOISER,
        quantisation: str | None = None,
        variant: str | None = None,
        weights: int = WEIGHTS,
        partial: bool = False,
        rank: int | None = None,
    ) -> int:
        """Put a model there as a scan would and return its id; its digests are its number."""
        self.count += 1
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        bits = {"F32": 32, "F16": 16, "BF16": 16, "F8_E4M3": 8, "U8": 4.5, "Q8_0": 8.5, "Q4_K": 4.5}
        with place.open("wb") as file:
            file.truncate(int(weights * bits[dtype] / 8) + 100)
        info = place.stat()
        facts = [Evidence("kind", kind, Source.TENSORS)]
        facts += [Evidence("base", base, Source.TENSORS)] if base else []
        facts += [Evidence("derivative", derivative, Source.HEADER)] if derivative else []
        self.catalog.looks.record(
            self.library,
            [
                Look(
                    Found(
                        os.fsencode(path), info.st_size, info.st_mtime_ns, info.st_dev, info.st_ino
                    ),
                    fingerprint=f"{self.count:032x}",
                    format=form,
                    identity=Identity(
                        dtype=dtype,
                        quantisation=quantisation,
                        parts=parts,
                        variant=variant,
                        partial=partial,
                        rank=rank,
                    ),
                    facts=tuple(facts),
                    tensor_count=780,
                    header_bytes=100,
                )
            ],
            "1",
        )
        return self.count

    def hash(self, id_: int, digit: str, autov3: str) -> None:
        (todo,) = (file for file in self.catalog.files.to_hash() if file.content_id == id_)
        self.catalog.looks.record_hashes([(todo, replace(hashes(digit), autov3=autov3))])

    def match(self, id_: int, number: int, file_name: str = "x.safetensors") -> None:
        """Say that this content is the file of that name of a version of model 70."""
        self.hash(id_, f"{id_:x}", f"{id_:012}")
        plain = version(number, name=f"v{number}", sha256=f"{id_:x}" * 64)
        known = self.versions.setdefault(number, replace(plain, files=()))
        named = replace(plain.files[0], name=file_name, id=id_)
        self.versions[number] = replace(known, files=(*known.files, named))
        self.catalog.hub.record_models("civitai", [model()])
        self.catalog.hub.record_versions("civitai", [self.versions[number]])
        match = found(id_, self.versions[number], model(), "sha256")
        self.catalog.hub.record_matches("civitai", [match])

    @property
    def versions(self) -> dict:  # type: ignore[type-arg]
        return self.__dict__.setdefault("_versions", {})

    def report(self, *, versions: bool = False) -> DuplicateReport:
        sorts = (*USUAL, Alike.VERSIONS) if versions else USUAL
        return find_duplicates(self.catalog, sorts=sorts)


@pytest.fixture
def shelf(home: Home, tmp_path: Path) -> Iterator[Shelf]:
    with Catalog.open(home) as catalog:
        yield Shelf(catalog, tmp_path / "models")


def members(group: DuplicateGroup) -> list[int]:
    return [twin.content_id for twin in group.twins]


def test_precisions_across_folders_and_containers(shelf: Shelf) -> None:
    full = shelf.put("unet/flux1-dev.safetensors", "BF16")
    eight = shelf.put("diffusion_models/flux1-dev-fp8_e4m3fn.safetensors", "F8_E4M3")
    gguf = shelf.put("unet/flux1-dev-Q8_0.gguf", "Q8_0", form=GGUF, quantisation="gguf-Q8_0")
    four = shelf.put("unet/flux1-dev-Q4_K_M.gguf", "Q4_K", form=GGUF, quantisation="gguf-Q4_K")
    nf4 = shelf.put("nf4/flux1-dev-nf4.safetensors", "U8", quantisation="nf4")
    (group,) = shelf.report().groups
    assert group.alike is Alike.PRECISIONS
    assert members(group)[:3] == [full, gguf, eight]
    assert set(members(group)[3:]) == {four, nf4}
    assert group.twins[1].trait == "gguf-Q8_0 gguf"
    assert group.keep_because == "pictures need no more than this, and less cannot be undone"
    assert group.freed == sum(twin.size for twin in group.twins[1:])


def test_half_precision_is_kept_before_full_and_eight_bits(shelf: Shelf) -> None:
    shelf.put("dreamer_fp32.safetensors", "F32")
    half = shelf.put("dreamer_fp16.safetensors", "F16")
    shelf.put("dreamer_fp8.safetensors", "F8_E4M3")
    assert members(shelf.report().groups[0])[0] == half


def test_pruned_and_with_a_vae(shelf: Shelf) -> None:
    make = {"kind": "checkpoint", "base": "sd1"}
    bare = shelf.put("real_v5.safetensors", parts=("denoiser", "text_encoder"), **make)
    baked = shelf.put("real_v5VAE.safetensors", parts=("denoiser", "text_encoder", "vae"), **make)
    ema = shelf.put(
        "real_v5_full.ckpt", "F32", parts=("denoiser", "text_encoder", "vae", "ema"),
        form=PICKLE, weights=2 * WEIGHTS, **make,
    )  # fmt: skip
    (group,) = shelf.report().groups
    assert members(group) == [baked, bare, ema]
    assert group.twins[0].trait == "F16 with VAE safetensors"
    assert group.twins[2].trait == "F32 with VAE with EMA pickle"


def test_the_hub_joins_what_was_renamed(shelf: Shelf) -> None:
    one = shelf.put("a/my favourite.safetensors", "F16")
    other = shelf.put("b/huge thing.safetensors", "F32")
    shelf.match(one, 7, "dreamer_v8.safetensors")
    shelf.match(other, 7, "dreamer_v8_fp32.safetensors")
    (group,) = shelf.report().groups
    assert members(group) == [one, other]
    assert group.why[0] == "the hub has them as files of one version"
    assert group.sure > 0.9


def test_one_version_may_hold_two_models(shelf: Shelf) -> None:
    """Wan 2.2 comes as two denoisers that work one after the other."""
    for noise in ("high", "low"):
        for dtype, word in (("F16", "fp16"), ("F8_E4M3", "fp8_scaled")):
            name = f"wan2.2_t2v_{noise}_noise_14B_{word}.safetensors"
            shelf.match(shelf.put(name, dtype, base="wan"), 7, name)
    groups = shelf.report().groups
    assert sorted(sorted(members(group)) for group in groups) == [[1, 2], [3, 4]]


def test_what_the_hub_calls_two_versions_stays_apart_unless_asked_for(shelf: Shelf) -> None:
    old = shelf.put("dreamer.safetensors", "F16")
    new = shelf.put("dreamer_fp32.safetensors", "F32")
    shelf.match(old, 7)
    shelf.match(new, 8)
    assert shelf.report().groups == ()
    (group,) = shelf.report(versions=True).groups
    assert group.alike is Alike.VERSIONS
    assert members(group) == [new, old]
    assert group.twins[0].trait == "v8, 2026-01-01"
    assert group.why == ("the hub has them as versions of Neon Knight",)
    assert group.keep_because == "it is the newest"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({}, {"base": "chroma"}),
        ({}, {"base": None}),
        ({}, {"kind": "checkpoint"}),
        ({}, {"variant": "inpaint"}),
        ({}, {"weights": WEIGHTS * 2}),
        ({}, {"partial": True}),
        ({"derivative": "pony"}, {"derivative": "illustrious"}),
        ({"rank": 8}, {"rank": 16}),
    ],
)
def test_a_name_alone_joins_nothing(
    shelf: Shelf, one: dict[str, object], other: dict[str, object]
) -> None:
    shelf.put("dreamer_fp16.safetensors", "F16", **one)  # type: ignore[arg-type]
    shelf.put("dreamer_fp32.safetensors", "F32", **other)  # type: ignore[arg-type]
    assert shelf.report().groups == ()


@pytest.mark.parametrize(
    "names",
    [
        ("a/dreamer.safetensors", "b/dreamer.safetensors"),  # no word says that it is one model
        ("a/diffusion_pytorch_model.safetensors", "b/diffusion_pytorch_model.fp32.safetensors"),
        ("a/2024-05-01.safetensors", "b/2024-05-01-fp32.safetensors"),
        ("sdxl_vae.safetensors", "sdxl_vae_fp16_fix.safetensors"),
        ("dreamer_v7.safetensors", "dreamer_v8-fp32.safetensors"),
    ],
)
def test_false_friends(shelf: Shelf, names: tuple[str, str]) -> None:
    shelf.put(names[0], "F16")
    shelf.put(names[1], "F32")
    assert shelf.report().groups == ()


def test_generic_names_in_one_folder_are_one_model(shelf: Shelf) -> None:
    shelf.put("x/unet/diffusion_pytorch_model.safetensors", "F32")
    shelf.put("x/unet/diffusion_pytorch_model.fp16.safetensors", "F16")
    shelf.put("y/unet/diffusion_pytorch_model.fp16.safetensors", "F16")
    (group,) = shelf.report().groups
    assert sorted(members(group)) == [1, 2]


def test_what_fits_in_two_places_stays_alone(shelf: Shelf) -> None:
    """Two models of one name on the hub, and a third file that may be of either."""
    for place, (number, folder) in enumerate(((7, "a"), (8, "b")), 1):
        shelf.put(f"{folder}/dreamer_fp16.safetensors", "F16")
        shelf.match(place, number)
    shelf.put("c/dreamer_fp32.safetensors", "F32")
    assert shelf.report().groups == ()


def test_a_container_alone_differs(shelf: Shelf) -> None:
    pickled = shelf.put("old/dreamer.ckpt", form=PICKLE, kind="checkpoint", base="sd1")
    safe = shelf.put("new/dreamer.safetensors", kind="checkpoint", base="sd1")
    (group,) = shelf.report().groups
    assert (group.alike, members(group)) == (Alike.FORMATS, [safe, pickled])
    assert "only the container differs" in group.why


def test_safety_outweighs_a_heart_but_the_heart_is_pointed_out(shelf: Shelf) -> None:
    pickled = shelf.put("dreamer.ckpt", form=PICKLE, kind="checkpoint", base="sd1")
    shelf.put("dreamer.safetensors", kind="checkpoint", base="sd1")
    shelf.catalog.person.set_favourite([pickled], True)
    (group,) = shelf.report().groups
    assert group.keep_because == "loading it cannot run code"
    assert [twin.content_id for twin in group.at_stake] == [pickled]


def test_two_precisions_and_a_container_are_one_group(shelf: Shelf) -> None:
    shelf.put("dreamer.ckpt", "F16", form=PICKLE, kind="checkpoint", base="sd1")
    shelf.put("dreamer.safetensors", "F16", kind="checkpoint", base="sd1")
    shelf.put("dreamer_fp32.safetensors", "F32", kind="checkpoint", base="sd1")
    (group,) = shelf.report().groups
    assert (group.alike, members(group)) == (Alike.PRECISIONS, [2, 1, 3])


def test_equal_tensors_are_not_proven_by_a_file_that_was_not_read(shelf: Shelf) -> None:
    one, other = shelf.put("a.safetensors"), shelf.put("b.safetensors", weights=WEIGHTS)
    third = shelf.put("c.safetensors", weights=WEIGHTS * 2)
    for id_, digit in ((one, "a"), (other, "b"), (third, "c")):
        shelf.hash(id_, digit, "0123456789ab")
    (group,) = shelf.report().groups
    assert (group.alike, sorted(members(group))) == (Alike.TENSORS, [one, other])
    with shelf.catalog._writer.transaction() as connection:
        connection.exec_driver_sql("UPDATE file SET hashed_at = NULL WHERE content_id = 1")
    (group,) = shelf.report().groups
    assert (members(group)[0], group.freed, group.unproven > 0) == (other, 0, True)
    assert [copy.fate for copy in group.twins[1].copies] == [Fate.UNPROVEN]


def test_the_digest_of_nothing_joins_nothing(shelf: Shelf) -> None:
    for digit in "ab":
        shelf.hash(shelf.put(f"{digit}.safetensors"), digit, "e3b0c44298fc")
    assert shelf.report().groups == ()


def test_hundreds_of_namesakes_are_no_training_and_take_no_time(shelf: Shelf) -> None:
    for number in range(102):
        shelf.put(f"model_{number:06}.safetensors", kind="lora", weights=10)
    for number in range(66):
        shelf.put(f"{number}/pytorch_lora_weights.safetensors", kind="lora", weights=10)
    assert shelf.report().groups == ()
