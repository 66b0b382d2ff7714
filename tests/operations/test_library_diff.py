"""Two libraries are compared by what is in them, and made alike by commands that run."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.manifest import Entry, HubPlace
from loradex.errors import CatalogError, LoradexError, UsageError
from loradex.operations.diff_commands import commands_to_match
from loradex.operations.library_diff import LibraryDiff, Side, compare, sides
from loradex.operations.manifest.files import write_manifest
from loradex.paths import Home
from moves_kit import add, rescan


@pytest.fixture
def two(catalog: Catalog, tmp_path: Path) -> tuple[Path, Path]:
    """Two libraries: one model in both, one renamed, one only in each."""
    a, b = tmp_path / "a", tmp_path / "b"
    lora(a / "same.safetensors", seed=1)
    lora(a / "sub" / "old name.safetensors", seed=2)
    lora(a / "it's mine $(x).safetensors", seed=3)
    for source, target in (("same", "deep/same"), ("sub/old name", "new-name")):
        (b / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(a / f"{source}.safetensors", b / f"{target}.safetensors")
    lora(b / "theirs.safetensors", seed=4)
    add(catalog, a, b)
    return a, b


def diffed(catalog: Catalog, a: str | Path, b: str | Path) -> LibraryDiff:
    with sides(catalog.home, catalog, str(a), str(b)) as (one, other):
        return compare(one, other)


def names(diff: LibraryDiff) -> tuple[list[str], list[str], int, int]:
    return (
        [entry.name for entry in diff.only_a],
        [entry.name for entry in diff.only_b],
        diff.same,
        len(diff.renamed),
    )


def test_libraries_are_compared_by_content(catalog: Catalog, two: tuple[Path, Path]) -> None:
    diff = diffed(catalog, "a", "b")
    assert names(diff) == (["it's mine $(x)"], ["theirs"], 2, 1)
    assert names(diffed(catalog, *two)) == names(diff)  # by their folders
    assert names(diffed(catalog, "a", "a")) == ([], [], 3, 0)


def test_a_folder_in_a_library_is_a_side(catalog: Catalog, two: tuple[Path, Path]) -> None:
    diff = diffed(catalog, two[0] / "sub", "b")
    assert diff.only_a == ()
    assert diff.same == 1


def test_a_manifest_is_a_side(catalog: Catalog, two: tuple[Path, Path], tmp_path: Path) -> None:
    del two
    for name in ("m.json", "m.csv"):
        path = tmp_path / name
        write_manifest(path, catalog.manifest.entries(catalog.manifest.order()))
        assert names(diffed(catalog, path, "all")) == ([], [], 4, 0)
        assert names(diffed(catalog, path, "b")) == (["it's mine $(x)"], [], 3, 0)


def test_another_home_is_a_side_and_left_as_it_is(
    catalog: Catalog, two: tuple[Path, Path], tmp_path: Path
) -> None:
    home = Home(tmp_path / "other home")
    with Catalog.open(home) as other:
        add(other, two[1])
    assert names(diffed(catalog, "a", home.root)) == names(diffed(catalog, "a", "b"))
    import sqlite3  # noqa: PLC0415
    from contextlib import closing  # noqa: PLC0415

    with closing(sqlite3.connect(home.catalog)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0004'")
    before = home.catalog.read_bytes()
    with pytest.raises(CatalogError, match="another version"):
        diffed(catalog, "a", home.root)
    assert home.catalog.read_bytes() == before


@pytest.mark.parametrize("text", ["nothing", "./no.json", "/"])
def test_what_is_no_side_is_refused(catalog: Catalog, two: tuple[Path, Path], text: str) -> None:
    del two
    with pytest.raises(UsageError) as wrong:
        diffed(catalog, "a", text)
    assert wrong.value.hint


def test_a_file_of_something_else_is_refused(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("{}")
    with pytest.raises(LoradexError, match=r"manifest|breaks off"):
        diffed(catalog, path, "all")


def test_its_commands_make_b_like_a(catalog: Catalog, two: tuple[Path, Path]) -> None:
    diff = diffed(catalog, "a", "b")
    lines = list(commands_to_match(diff, {}))
    subprocess.run(["sh", "-ec", "\n".join(lines)], check=True)
    rescan(catalog)
    after = diffed(catalog, "a", "b")
    assert (after.only_a, len(after.only_b)) == ((), 1)
    assert (two[1] / "it's mine $(x).safetensors").exists()


def test_a_copy_goes_where_the_other_tool_looks(catalog: Catalog, tmp_path: Path) -> None:
    lora(tmp_path / "plain" / "x.safetensors", seed=1)
    comfy = tmp_path / "ComfyUI" / "models"
    for name in ("checkpoints", "loras", "vae"):
        (comfy / name).mkdir(parents=True)
    add(catalog, tmp_path / "plain")
    add(catalog, comfy)
    diff = diffed(catalog, "plain", comfy)
    assert diff.b.library is not None
    folders = catalog.libraries.folders(diff.b.library.id)
    (line,) = commands_to_match(diff, folders)
    assert line.endswith(f"{comfy}/loras/x.safetensors")


BASE = Entry(
    size=10,
    name="Neon v1",
    sha256="a" * 64,
    autov3="1" * 12,
    file_name="neon.safetensors",
    hubs=(HubPlace("civitai", 70, 7, "urn:air:sdxl:lora:civitai:70@7"),),
)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (replace(BASE, sha256="b" * 64), "metadata"),
        (replace(BASE, sha256="b" * 64, autov3="2" * 12), "precision"),
        (
            replace(BASE, sha256="b" * 64, autov3=None, hubs=(HubPlace("civitai", 70, 8),)),
            "version",
        ),
        (
            replace(BASE, sha256="b" * 64, autov3=None, hubs=(), file_name="Neon.safetensors"),
            "name",
        ),
        (replace(BASE, sha256="b" * 64, autov3=None, hubs=(), file_name="else.pt"), None),
    ],
)
def test_what_is_there_in_its_place_is_told(other: Entry, why: str | None) -> None:
    diff = compare(Side("a", (BASE,)), Side("b", (other,)))
    assert [entry.name for entry in diff.only_a] == ["Neon v1"]
    found = [related.why for related in diff.related if related.one is BASE]
    assert found == ([why] if why else [])


def test_what_is_nowhere_near_comes_from_its_hub() -> None:
    unknown = Entry(size=1, name="lost \x1b", sha256="c" * 64)
    diff = compare(Side("a", (BASE, unknown)), Side("b", ()))
    assert list(commands_to_match(diff, {})) == [
        "# nobody is known to have it: lost \\x1b",
        "loradex hub get urn:air:sdxl:lora:civitai:70@7",
    ]


def test_a_quick_digest_counts_where_one_side_was_not_hashed() -> None:
    hashed = Entry(size=1, name="x", sha256="a" * 64, fingerprint="2-" + "0" * 32)
    quick = replace(hashed, sha256=None)
    other = replace(hashed, sha256="b" * 64)
    assert compare(Side("a", (hashed,)), Side("b", (quick,))).same == 1
    assert compare(Side("a", (hashed,)), Side("b", (other,))).same == 0
