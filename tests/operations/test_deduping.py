"""Plans that let copies go: which one stays, and what is left of the others."""

from __future__ import annotations

import os
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_kit import add_library
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Evidence, Source
from loradex.domain.identity import Identity
from loradex.domain.look import Look
from loradex.domain.plans import LinkKind
from loradex.domain.scanning import Found
from loradex.errors import UsageError
from loradex.operations.moves.undoing import plan_undo
from loradex.operations.tidying.clones import read_extents, shared_bytes
from loradex.operations.tidying.deduping import Dedupe, plan_dedupe
from loradex.operations.tidying.keep_rules import read_keep_rules
from loradex.paths import Home
from moves_kit import add, nothing_new, rescan, tree
from tidy_kit import do, fill_heap, goes, look_again, stays


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def heap(tmp_path: Path) -> Path:
    fill_heap(tmp_path / "heap")
    return tmp_path / "heap"


@pytest.fixture
def catalog(home: Home, heap: Path) -> Iterator[Catalog]:
    with Catalog.open(home) as opened:
        add(opened, heap)
        yield opened


@pytest.mark.parametrize(
    ("keep", "going"),
    [
        (None, "new/b (1).safetensors"),
        ("folder:new", "b.safetensors"),
        ("library:heap,shortest", "new/b (1).safetensors"),
        ("newest", "b.safetensors"),
        ("oldest", "new/b (1).safetensors"),
        ("folder:nowhere,newest", "b.safetensors"),
    ],
)
def test_a_rule_says_which_copy_stays(
    catalog: Catalog, heap: Path, keep: str | None, going: str
) -> None:
    os.utime(heap / "new" / "b (1).safetensors", (2_000_000_000, 2_000_000_000))
    look_again(catalog)
    rules = read_keep_rules(keep) if keep else ()
    found = plan_dedupe(catalog, Dedupe(keep=rules))
    assert set(goes(found.plan)) == {going}


@pytest.mark.parametrize("text", ["", "best", "library:", "oldest:3", "folder:"])
def test_a_rule_that_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="rule"):
        read_keep_rules(text)


def test_it_can_be_done_and_taken_back(catalog: Catalog, heap: Path) -> None:
    before = tree(heap)
    found = plan_dedupe(catalog, Dedupe(link=LinkKind.HARD))
    report = do(catalog, found.plan)
    assert (heap / "new" / "b (1).safetensors").samefile(heap / "b.safetensors")
    nothing_new(catalog)
    assert plan_dedupe(catalog, Dedupe()).plan.moves == ()
    do(catalog, plan_undo(catalog, report.plan_id or 0))
    assert tree(heap) == before


def test_links_are_no_copies(catalog: Catalog, heap: Path) -> None:
    (heap / "soft.safetensors").symlink_to("a.safetensors")
    os.link(heap / "a.safetensors", heap / "hard.safetensors")
    rescan(catalog)
    assert set(goes(plan_dedupe(catalog, Dedupe()).plan)) == {"new/b (1).safetensors"}


def test_what_was_not_read_in_full_stays(catalog: Catalog, heap: Path) -> None:
    shutil.copy2(heap / "a.safetensors", heap / "another.safetensors")
    rescan(catalog)
    found = plan_dedupe(catalog, Dedupe())
    assert "loradex scan --hash now" in stays(found.plan.conflicts)["another.safetensors"]
    assert found.unhashed == 1


def test_a_file_of_other_bytes_goes_only_when_asked(catalog: Catalog, heap: Path) -> None:
    """The same weights under another header: a near duplicate."""
    lora(heap / "told.safetensors", seed=1, metadata={"modelspec.title": "told"})
    look_again(catalog)
    assert set(goes(plan_dedupe(catalog, Dedupe()).plan)) == {"new/b (1).safetensors"}
    near = plan_dedupe(catalog, Dedupe(near=True, link=LinkKind.HARD)).plan
    going = set(goes(near)) - {"new/b (1).safetensors"}
    assert going in ({"a.safetensors", "a.png"}, {"told.safetensors"})
    (content,) = catalog.ids("told")
    for id_ in catalog.ids("base:sdxl"):
        catalog.person.set_note(id_, "mine")
    kept = plan_dedupe(catalog, Dedupe(near=True)).plan
    assert set(goes(kept)) == {"new/b (1).safetensors"}
    assert any("--mine" in reason for reason in stays(kept.conflicts).values())
    assert catalog.details(content).note == "mine"


def test_shared_extents_are_read(tmp_path: Path) -> None:
    head = struct.pack("=QQIIII", 0, 0, 0, 2, 128, 0)
    extents = [(0, 9, 4096, 0, 0, 0x2000, 0, 0, 0), (4096, 9, 8192, 0, 0, 0x1, 0, 0, 0)]
    answer = head + b"".join(struct.pack("=QQQQQIIII", *extent) for extent in extents)
    assert read_extents(answer) == [(0, 4096, 0x2000), (4096, 8192, 0x1)]
    (tmp_path / "alone").write_bytes(b"x" * 10_000)
    assert shared_bytes(os.fsencode(tmp_path / "alone")) in (0, None)
    assert shared_bytes(b"/nowhere/at/all") is None


@pytest.mark.parametrize(
    ("precision", "going"),
    [("", "flux fp32.safetensors"), ("fp32", "flux fp16.safetensors"), ("fp8", None)],
)
def test_a_precision_can_be_chosen(
    home: Home, tmp_path: Path, precision: str, going: str | None
) -> None:
    root = tmp_path / "shelf"
    root.mkdir()
    with Catalog.open(home) as catalog:
        library = add_library(catalog, root)
        for number, (name, dtype, bits) in enumerate((("fp16", "F16", 16), ("fp32", "F32", 32))):
            path = root / f"flux {name}.safetensors"
            with path.open("wb") as file:
                file.truncate(20_000 * bits // 8 + 100)
            info = path.stat()
            seen = Found(
                os.fsencode(path.name), info.st_size, info.st_mtime_ns, info.st_dev, info.st_ino
            )
            facts = (
                Evidence("kind", "diffusion_model", Source.TENSORS),
                Evidence("base", "flux1", Source.TENSORS),
            )
            identity = Identity(dtype=dtype, parts=("denoiser",))
            looked = Look(seen, f"{number:032x}", identity=identity, facts=facts, header_bytes=100)
            catalog.looks.record(library, [looked], "1")
        assert plan_dedupe(catalog, Dedupe()).plan.moves == ()
        found = plan_dedupe(catalog, Dedupe(near=True, precision=precision))
        assert set(goes(found.plan)) == {going or "flux fp32.safetensors"}
        assert all(step.same_as is None for step in found.plan.moves)
