"""Plans as files: written, edited, and never trusted."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from loradex.catalog.catalog import Catalog
from loradex.domain.plans import LinkKind
from loradex.errors import UsageError
from loradex.operations.tidying.deduping import Dedupe, plan_dedupe
from loradex.operations.tidying.kept import checked_again
from loradex.operations.tidying.organising import Tidy, organise_template, plan_tidy
from loradex.operations.tidying.plan_file import document, names_of
from loradex.operations.tidying.plan_reading import read_document
from loradex.paths import Home
from moves_kit import add, rescan
from tidy_kit import do, fill_heap, goes, stays

Document = dict[str, Any]


@pytest.fixture
def heap(tmp_path: Path) -> Path:
    fill_heap(tmp_path / "heap")
    return tmp_path / "heap"


@pytest.fixture
def catalog(home: Home, heap: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    monkeypatch.setenv("XDG_DATA_HOME", str(heap.parent / "data"))
    with Catalog.open(home) as opened:
        add(opened, heap)
        yield opened


@pytest.fixture
def written(catalog: Catalog) -> Document:
    """The file of a plan that was kept."""
    plan = plan_tidy(catalog, Tidy("organise", organise_template("{kind}/{base}/{file}")))
    number = catalog.plans.add(plan)
    names = names_of(catalog.files.libraries())
    found: Document = json.loads(json.dumps(document(plan, catalog.plans.plan(number), names)))
    return found


def read(catalog: Catalog, found: Document) -> dict[str, str]:
    return goes(read_document(catalog, json.dumps(found)).plan)


def test_what_is_written_is_read_again(catalog: Catalog, written: Document) -> None:
    filed = read_document(catalog, json.dumps(written))
    assert filed.number == 1
    assert goes(filed.plan) == goes(checked_again(catalog, 1))
    assert goes(filed.plan)["a.png"] == "LoRA/SDXL/a.png"
    assert written["items"][0]["with"] == ["a.png"]


def test_lines_can_be_removed_and_changed(catalog: Catalog, written: Document, heap: Path) -> None:
    first, *_ = (item for item in written["items"] if item["from"] == "a.safetensors")
    first["to"] = "favourites/best.safetensors"
    written["items"] = [first]
    plan = read_document(catalog, json.dumps(written)).plan
    assert goes(plan) == {
        "a.safetensors": "favourites/best.safetensors", "a.png": "favourites/best.png",
    }  # fmt: skip
    do(catalog, plan)
    assert (heap / "favourites" / "best.png").exists()


def test_a_dedupe_plan_keeps_its_conditions(catalog: Catalog, heap: Path) -> None:
    plan = plan_dedupe(catalog, Dedupe(link=LinkKind.SYMBOLIC)).plan
    text = json.dumps(document(plan, None, names_of(catalog.files.libraries())))
    filed = read_document(catalog, text)
    assert filed.number is None
    (heap / "b.safetensors").write_bytes(b"x" * (heap / "b.safetensors").stat().st_size)
    report = do(catalog, filed.plan)
    assert report.files == 0
    assert report.problems


def _set(**values: object) -> Callable[[Document], None]:
    return lambda found: found["items"][0].update(values)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_set(to="../out.safetensors"), "lead out"),
        (_set(to="x/../../out.safetensors"), "lead out"),
        (_set(to="/etc/x.safetensors"), "absolute"),
        (_set(to="a//b.safetensors"), "lead out"),
        (_set(to="a/con/b.safetensors"), "not every system"),
        (_set(to="a/b:c.safetensors"), "not every system"),
        (_set(to="a\\b.safetensors"), "not every system"),
        (_set(to="a/b.safetensors "), "not every system"),
        (_set(to="a/\u202eb.safetensors"), "not every system"),
        (_set(to="a/\x00b.safetensors"), "NUL"),
        (_set(to="a/" + "x" * 300 + ".safetensors"), "longer than"),
        (_set(to="a/b.txt"), "ending of a model"),
        (_set(to=7), "no text"),
        (_set(to=""), "empty"),
        (_set(to_library="nowhere"), "no such library"),
        (_set(library="nowhere"), "no such library"),
        (_set(library=None), "no such library"),
        (_set(**{"from": "../heap/a.safetensors"}), "lead out"),
        (_set(do="delete"), "neither move nor trash"),
        (_set(do="trash", link="hard"), "wants same_as"),
        (_set(do="trash", same_as=3), "no object"),
        (_set(do="trash", same_as={"library": "heap", "path": "b.safetensors"}, link="x"), "nei"),
        (lambda found: found["items"].append("x"), "no object"),
        (lambda found: found["items"].append(found["items"][0]), "another item"),
        (lambda found: found.update(items={}), "items"),
        (lambda found: found.update(loradex_plan=99), "another version"),
        (lambda found: found.pop("loradex_plan"), "no `loradex_plan`"),
    ],
)
def test_what_leads_out_or_means_nothing_is_refused_as_a_whole(
    catalog: Catalog, written: Document, spoil: Callable[[Document], None], words: str
) -> None:
    spoil(written)
    with pytest.raises(UsageError) as wrong:
        read_document(catalog, json.dumps(written))
    assert words in wrong.value.message


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000, b"\xff\xfe", '{"a":1}'])
def test_what_is_no_plan_is_refused(catalog: Catalog, text: str | bytes) -> None:
    with pytest.raises(UsageError, match="no plan"):
        read_document(catalog, text)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_set(sha256="0" * 64), "not the file any more"),
        (_set(**{"from": "gone.safetensors"}), "scan first"),
        (_set(do="trash", same_as={"library": "heap", "path": "gone.safetensors"}), "not known"),
    ],
)
def test_what_cannot_be_done_any_more_stays(
    catalog: Catalog, written: Document, spoil: Callable[[Document], None], words: str
) -> None:
    written["items"] = written["items"][:1]
    spoil(written)
    plan = read_document(catalog, json.dumps(written)).plan
    assert plan.moves == ()
    (reason,) = stays(plan.conflicts).values()
    assert words in reason


def test_a_link_out_of_the_library_is_not_followed(
    catalog: Catalog, written: Document, heap: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (heap / "door").symlink_to(tmp_path / "outside")
    written["items"][0]["to"] = "door/a.safetensors"
    reasons = stays(read_document(catalog, json.dumps(written)).plan.conflicts)
    assert any("leads elsewhere" in reason for reason in reasons.values())


@pytest.mark.parametrize("do_what", [{"do": "trash"}, {"do": "move", "to": "mine.txt"}])
def test_only_models_are_taken_from_behind_a_link(
    catalog: Catalog, heap: Path, tmp_path: Path, do_what: Document
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "letter.txt").write_text("private")
    (heap / "door").symlink_to(tmp_path / "outside")
    item = {"library": "heap", "from": "door/letter.txt", **do_what}
    plan = read_document(catalog, json.dumps({"loradex_plan": 1, "items": [item]})).plan
    assert plan.moves == ()
    assert "leads elsewhere" in plan.conflicts[0].reason


def test_names_that_are_no_unicode_survive_the_file(catalog: Catalog, heap: Path) -> None:
    odd = os.fsencode(heap) + b"/od\xff.safetensors"
    os.rename(heap / "a.safetensors", odd)  # noqa: PTH104 - pathlib takes no bytes
    rescan(catalog)
    plan = plan_tidy(catalog, Tidy("organise", organise_template("{kind}/")))
    text = json.dumps(document(plan, None, names_of(catalog.files.libraries())))
    assert text.isascii()
    again = read_document(catalog, text).plan
    assert {step.target.relative for step in again.moves} == {
        step.target.relative for step in plan.moves
    }
    assert b"LoRA/od\xff.safetensors" in {step.target.relative for step in again.moves}


def test_a_lost_sidecar_can_go_by_itself(catalog: Catalog, heap: Path) -> None:
    (heap / "lost.civitai.info").write_text("{}")
    item = {"do": "trash", "library": "heap", "from": "lost.civitai.info"}
    plan = read_document(catalog, json.dumps({"loradex_plan": 1, "items": [item]})).plan
    assert do(catalog, plan).files == 1
    assert not (heap / "lost.civitai.info").exists()
