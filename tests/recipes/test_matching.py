"""Which model a recipe means: a table of what is here, what the picture says, and the decision."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from catalog_kit import add_library, look, model, version
from loradex.catalog.catalog import Catalog
from loradex.domain.generation import Generation, ModelRole, NamedModel, clean_hash, name_key
from loradex.domain.hashes import Hashes
from loradex.domain.look import Look
from loradex.domain.picture_recipes import SeenPicture
from loradex.operations.matching import found
from loradex.paths import Home

LORA, CHECKPOINT = ModelRole.LORA, ModelRole.CHECKPOINT


def digests(sha256: str, autov3: str | None = None, **others: str | None) -> Hashes:
    """Return digests that begin as given; all others are of their own."""
    sha256 = sha256.ljust(64, "0")
    return Hashes(
        sha256,
        str(others.get("blake3") or ("b3" + sha256)[:64]),
        str(others.get("crc32") or "c" + sha256[:7]),
        others.get("autov1"),
        sha256[:10],
        None if autov3 is None else autov3.ljust(12, "0"),
    )


def picture(number: int, *models: NamedModel, own: bool = False, made: float = 0) -> SeenPicture:
    """Return a picture that names these models."""
    told = Generation("a1111", prompt=f"picture {number}", models=models, own=own,
                      made_at=made or 1_700_000_000.0 + number)  # fmt: skip
    return SeenPicture(b"/pictures/%d.png" % number, 1000 + number, number, told)


def keep(catalog: Catalog, *pictures: SeenPicture) -> None:
    catalog.recipes.record(pictures)
    catalog.recipes.settle()


def scanned(catalog: Catalog, *looks: Look) -> list[int]:
    """Keep looks in the first library, which is made when there is none; return their contents."""
    libraries = catalog.files.libraries()
    library = libraries[0].id if libraries else add_library(catalog)
    catalog.looks.record(library, looks, "1")
    wanted = [f"/models/{look.found.raw_path.decode()}" for look in looks]
    return [catalog.resolve(path) for path in wanted]


def hashed(catalog: Catalog, content_id: int, hashes: Hashes) -> None:
    todo = {each.content_id: each for each in catalog.files.to_hash()}
    catalog.looks.record_hashes([(todo[content_id], hashes)])


A = digests("a1", "a3", autov1="aaaa1111")
B = digests("b1", "b3", autov1="bbbb1111")

HERE: Sequence[tuple[Look, Hashes | None]] = (
    (look("loras/neon.safetensors", 1), A),
    (look("loras/rain.safetensors", 2), B),
    (look("loras/sd15/twin.safetensors", 3), digests("d1", "d3", autov1="dddd1111")),
    (look("loras/sdxl/twin.safetensors", 4), digests("e1", "e3", autov1="eeee1111")),
    (look("ckpt/neon.safetensors", 5, kind="checkpoint"), digests("f1", "f3", autov1="ffff1111")),
    (look("loras/fresh.safetensors", 6), None),
    (look("loras/edited.safetensors", 7), digests("12", "77", autov1="12121212")),
    (look("loras/edited too.safetensors", 8), digests("34", "77", autov1="34343434")),
    (look("loras/small.safetensors", 9), digests("56", "57")),
)


@pytest.fixture
def catalog(home: Home) -> Catalog:
    catalog = Catalog.open(home)
    scanned(catalog, *(each for each, _ in HERE))
    for number, (_, hashes) in enumerate(HERE, start=1):
        if hashes is not None:
            hashed(catalog, number, hashes)
    return catalog


@pytest.mark.parametrize(
    ("named", "content", "by", "sure"),
    [
        (NamedModel(LORA, "neon", "a10000000000"), 1, "sha256", 1.0),
        (NamedModel(LORA, "renamed", A.sha256), 1, "sha256", 1.0),
        (NamedModel(LORA, "renamed", A.autov2), 1, "sha256", 1.0),
        (NamedModel(LORA, "renamed", "a30000000000"), 1, "autov3", 1.0),
        (NamedModel(LORA, "renamed", "a3" + "0" * 10 + "5" * 52), 1, "autov3", 1.0),
        (NamedModel(LORA, "renamed", "a300000000"), 1, "autov3", 1.0),
        (NamedModel(LORA, "renamed", A.blake3), 1, "blake3", 1.0),
        (NamedModel(LORA, "neon", "aaaa1111"), 1, "autov1", 0.95),
        (NamedModel(LORA, "renamed", "aaaa1111"), 1, "autov1", 0.7),
        (NamedModel(LORA, "renamed", A.crc32), 1, "crc32", 0.7),
        (NamedModel(LORA, "neon"), 1, "file name", 0.8),
        (NamedModel(LORA, "style\\Neon.SAFETENSORS"), 1, "file name", 0.8),
        (NamedModel(CHECKPOINT, "neon"), 5, "file name", 0.8),
        (NamedModel(LORA, "twin"), None, "ambiguous", 0.0),
        (NamedModel(LORA, "sdxl/twin.safetensors"), 4, "file name", 0.8),
        (NamedModel(LORA, "sdxl\\twin"), 4, "file name", 0.8),
        (NamedModel(LORA, "neon", "999999999999"), None, "other bytes", 0.0),
        (NamedModel(LORA, "fresh", "999999999999"), 6, "file name", 0.6),
        (NamedModel(LORA, "small", "99999999"), 9, "file name", 0.6),
        (NamedModel(LORA, "neon", "99999999"), None, "other bytes", 0.0),
        (NamedModel(LORA, "edited too", "770000000000"), 8, "autov3", 1.0),
        (NamedModel(LORA, "whatever", "770000000000"), 7, "autov3", 1.0),
        (NamedModel(LORA, "nobody"), None, "none", 0.0),
        (NamedModel(ModelRole.VAE, "neon"), None, "none", 0.0),
    ],
)
def test_a_model_is_found_by_what_the_picture_says(
    catalog: Catalog, named: NamedModel, content: int | None, by: str, sure: float
) -> None:
    keep(catalog, picture(1, named))
    (used,) = catalog.recipes.recipe(1).models
    assert (used.content_id, used.matched_by, used.confidence) == (content, by, sure)
    assert catalog.recipes.recognise([named]) == [used]


def test_who_may_be_meant_is_told(catalog: Catalog) -> None:
    keep(catalog, picture(1, NamedModel(LORA, "twin"), NamedModel(LORA, "neon", "9" * 12)))
    assert [used.candidates for used in catalog.recipes.recipe(1).models] == [(3, 4), (1,)]


def test_a_hub_version_and_the_hubs_file_name_find_it(catalog: Catalog) -> None:
    mine = version(7, sha256=A.sha256)
    catalog.hub.record_models("civitai", [model()])
    catalog.hub.record_versions("civitai", [mine])
    catalog.hub.record_matches("civitai", [found(2, mine, model(), "person")])
    keep(
        catalog,
        picture(1, NamedModel(LORA, "", "", 7), NamedModel(LORA, "neon knight v2")),
    )
    assert [(used.content_id, used.matched_by) for used in catalog.recipes.recipe(1).models] == [
        (2, "version"), (2, "hub name"),
    ]  # fmt: skip


def test_the_trainers_name_finds_it(home: Home) -> None:
    with Catalog.open(home) as catalog:
        from dataclasses import replace  # noqa: PLC0415

        keep(catalog, picture(1, NamedModel(LORA, "Trained_Name")))
        seen = replace(look("a1.safetensors", 1), metadata_json='{"ss_output_name":"trained_name"}')
        (content,) = scanned(catalog, seen)
        (used,) = catalog.recipes.recipe(1).models
        assert (used.content_id, used.matched_by) == (content, "trainer's name")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("0xABCDEF0123", "abcdef0123"),
        ("blake3:" + "a" * 64, "a" * 64),
        (" ABCDEF01 ", "abcdef01"),
        ("e3b0c44298fc", ""),
        ("e3b0c442", ""),
        ("md5:" + "a" * 32, ""),
        ("random:" + "a" * 32, ""),
        ("hash_not_calculated", ""),
        ("abc", ""),
        (None, ""),
        (12345678, ""),
    ],
)
def test_hashes_are_cleaned(text: object, wanted: str) -> None:
    assert clean_hash(text) == wanted


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Neon.safetensors", "neon"),
        ("a/b\\Neon Glow v1.5.ckpt", "neon glow v1.5"),
        ("v1.5", "v1.5"),
        (".safetensors", ".safetensors"),
        ("STRASSE", "strasse"),
    ],
)
def test_names_are_compared_by_their_last_part(name: str, key: str) -> None:
    assert name_key(name) == key
