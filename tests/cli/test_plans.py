"""Plans and the trash by hand: drawn up, shown, edited, applied, emptied."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from cli.kit import Run
from loradex.catalog.catalog import Catalog
from loradex.cli import columns, plans_text
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.moves.applying import apply_plan
from loradex.paths import Home
from moves_kit import tree
from tidy_kit import fill_heap, match


@pytest.fixture
def heap(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    fill_heap(tmp_path / "heap")
    assert run("library", "add", str(tmp_path / "heap")).code == 0
    assert run("scan", "--hash", "now", "--progress", "none").code == 0
    return tmp_path / "heap"


def test_a_plan_changes_nothing_until_it_is_applied(run: Run, heap: Path) -> None:
    before = tree(heap)
    drawn = run("plan", "organise")
    assert drawn.code == 0
    rows = [line.split("\t") for line in drawn.out.splitlines()]
    assert rows[0][:4] == ["move", "heap/a.safetensors", "heap/LoRA/SDXL/a.safetensors", "+1"]
    assert len(rows) == 4
    assert "4 files of 3 models with 2 files beside them" in drawn.err
    assert "Do it: loradex apply 1" in drawn.err
    assert tree(heap) == before
    assert "heap/LoRA/SDXL/a.safetensors" in run("apply", "-n").out
    assert tree(heap) == before
    done = run("apply")
    assert done.code == 0
    assert done.out.startswith("Plan 1: 6 files moved (")
    assert "loradex undo 1" in done.err
    assert (heap / "LoRA" / "SDXL" / "a.png").exists()
    assert run("undo", "1").out == "Plan 1: 6 files brought back.\n"
    assert tree(heap) == before


def test_a_dry_run_keeps_no_plan(run: Run, heap: Path) -> None:
    assert run("plan", "organise", "-n").code == 0
    assert json.loads(run("plan", "list", "--json").out) == []
    assert run("apply").code == 1


def test_a_plan_that_cannot_be_written_is_not_kept(run: Run, heap: Path) -> None:
    for output in ("nowhere/plan.json", "heap/a.safetensors"):
        assert run("plan", "organise", "-o", output).code == 1
    assert json.loads(run("plan", "list", "--json").out) == []


def test_what_nobody_edited_is_not_called_so(run: Run, heap: Path) -> None:
    note = json.loads(run("plan", "organise", "--json").out)["note"]
    assert json.loads(run("apply", "-n", "--json").out)["note"] == note


def test_the_same_plan_drawn_up_again_takes_the_place_of_the_first(run: Run, heap: Path) -> None:
    for _ in range(2):
        assert "Kept as plan 1;" in run("plan", "organise").err
    assert "Kept as plan 2;" in run("plan", "organise", "-t", "{base}/").err
    assert run("plan", "edit", "1", "--leave", "c").code == 0
    assert "Kept as plan 3;" in run("plan", "organise").err


def test_what_is_in_order_needs_no_plan(run: Run, heap: Path) -> None:
    run("plan", "organise")
    run("apply")
    again = run("plan", "organise")
    assert (again.code, again.out) == (0, "")
    assert "Nothing to do." in again.err
    assert len(json.loads(run("plan", "list", "--json").out)) == 1


def test_conflicts_come_first(run: Run, heap: Path) -> None:
    (heap / "LoRA" / "SDXL").mkdir(parents=True)
    (heap / "LoRA" / "SDXL" / "A.png").write_bytes(b"somebody's")
    first = run("plan", "organise").out.splitlines()[0].split("\t")
    assert first[:2] == ["stays", "heap/a.safetensors"]
    assert "A.png already" in first[2]
    document = json.loads(run("plan", "organise", "--json").out)
    assert [each["path"] for each in document["stays"]] == ["a.safetensors"]


def test_a_wrong_template_is_pointed_at(run: Run, heap: Path) -> None:
    ended = run("plan", "organise", "-t", "{kind}/{nme}")
    assert ended.code == 2
    assert ended.err.splitlines()[1:3] == ["  {kind}/{nme}", "          ^^^"]
    assert run("plan", "rename", "-t", "a/b").code == 2
    assert run("plan", "organise", "-t", " ").code == 2
    assert run("plan", "consolidate", "--into", "nowhere").code == 2


def test_a_plan_that_is_not_begun_can_be_edited_and_deleted(run: Run, heap: Path) -> None:
    run("plan", "organise")
    assert run("plan", "edit", "1", "--leave", "base:sd1").code == 0
    assert "c.safetensors" not in run("plan", "show").out
    assert json.loads(run("plan", "list", "--json").out)[0]["note"].endswith("(edited)")
    assert run("plan", "edit", "1", "--only", "base:sd1").code == 0
    assert run("plan", "show", "1").out == ""
    assert run("plan", "edit", "1").code == 2
    assert run("plan", "delete", "1").out == "1 plan deleted.\n"
    assert run("plan", "show", "1").code == 2
    run("plan", "organise")
    assert [each["id"] for each in json.loads(run("plan", "list", "--json").out)] == [2]


def test_a_field_of_ones_own_makes_folders(run: Run, heap: Path) -> None:
    assert run("field", "add", "series", "text").code == 0
    assert run("field", "set", "c", "series=Summer 24").code == 0
    rows = run("plan", "organise", "-t", '{field(series)|"no series"}/').out.splitlines()
    targets = {row.split("\t")[2] for row in rows}
    assert "heap/Summer 24/c.safetensors" in targets
    assert "heap/no series/a.safetensors" in targets


def test_an_edited_file_is_applied_under_its_number(run: Run, heap: Path, tmp_path: Path) -> None:
    assert run("plan", "organise", "-o", "plan.json").code == 0
    assert run("plan", "organise", "-o", "plan.json").code == 1
    document = json.loads((tmp_path / "plan.json").read_text())
    document["items"] = [item for item in document["items"] if item["from"] == "a.safetensors"]
    (tmp_path / "plan.json").write_text(json.dumps(document))
    assert run("apply", "plan.json", "-n").code == 0
    ended = run("apply", "plan.json")
    assert ended.out.startswith("Plan 1: 2 files moved")
    assert run("apply", "1").code == 2
    again = run("apply", "plan.json")
    assert again.code == 3
    assert (heap / "new" / "c.safetensors").exists()


def test_a_file_that_lies_is_refused(run: Run, heap: Path, tmp_path: Path) -> None:
    item = {"do": "move", "library": "heap", "from": "a.safetensors", "to": "../a.safetensors"}
    (tmp_path / "evil.json").write_text(json.dumps({"loradex_plan": 1, "items": [item]}))
    ended = run("apply", "evil.json")
    assert ended.code == 2
    assert "items[0].to" in ended.err
    assert run("apply", "missing.json").code == 2
    assert run("apply", "99").code == 2


def test_what_changed_meanwhile_stays_and_the_rest_goes(run: Run, heap: Path) -> None:
    run("plan", "organise")
    (heap / "a.safetensors").write_bytes(b"other")
    ended = run("apply", "--json")
    assert ended.code == 3
    result = json.loads(ended.out)
    assert result["models"] == 3
    assert "changed since" in result["stays"][0]["reason"]
    assert (heap / "a.png").exists()
    assert run("undo").code == 0


def test_a_stopped_plan_goes_on(run: Run, home: Home, heap: Path) -> None:
    run("plan", "organise")
    cancel = CancelToken()
    cancel.cancel()
    with Catalog.open(home) as catalog:
        assert apply_plan(catalog, 1, sink=SilentSink(), cancel=cancel).stopped
    assert json.loads(run("plan", "list", "--json").out)[0]["state"] == "stopped"
    assert run("apply", "-n").code == 0
    assert run("apply").out.startswith("Plan 1: 6 files moved")


def test_copies_go_to_the_trash_and_the_trash_is_emptied(run: Run, heap: Path) -> None:
    run("plan", "dedupe")
    assert "= heap/b.safetensors" in run("plan", "show").out
    ended = run("apply")
    assert "1 file put in the trash" in ended.out
    assert "loradex trash empty" in ended.err
    copy = heap / "new" / "b (1).safetensors"
    (listed,) = json.loads(run("trash", "list", "--json").out)
    assert listed["path"] == str(copy)
    assert Path(listed["in"]).exists()
    assert run("trash", "list", "--older-than", "1d").out == ""
    assert "Would delete 1 file" in run("trash", "empty", "-n").out
    assert run("trash", "empty").code == 2
    assert "1 file deleted" in run("trash", "empty", "--yes").out
    assert not Path(listed["in"]).exists()
    assert list(Path(listed["in"]).parents[1].glob("info/*")) == []
    assert run("trash", "empty", "--yes").out == "There is nothing to delete.\n"
    undone = run("undo", "1")
    assert undone.code == 3
    assert "nothing brings it back" in undone.err
    assert str(copy) in undone.err


def test_what_is_gone_for_good_can_be_had_again(run: Run, home: Home, heap: Path) -> None:
    with Catalog.open(home) as catalog:
        match(catalog, heap / "a.safetensors", number=1, name="v1", published="2021-01-01")
    assert run("plan", "trash", "neon", "--exactly").code == 0
    assert run("undo", "1").code == 2
    assert run("apply").code == 0
    assert run("trash", "empty", "--yes").code == 0
    ended = run("undo")
    assert ended.code == 1
    ended = run("undo", "1")
    assert ended.code == 3
    assert "The hub has it: loradex hub get version:1" in ended.err


def test_somebody_elses_trash_is_left_alone(run: Run, heap: Path, tmp_path: Path) -> None:
    run("plan", "dedupe")
    run("apply")
    (listed,) = json.loads(run("trash", "list", "--json").out)
    theirs = Path(listed["in"]).with_name("theirs.txt")
    theirs.write_text("x")
    replaced = Path(listed["in"])
    replaced.unlink()
    replaced.write_text("another file of that name")
    assert run("trash", "list").out == ""
    assert run("trash", "empty", "--yes").code == 0
    assert theirs.exists()
    assert replaced.exists()


def test_a_single_model_comes_back_from_the_trash(run: Run, heap: Path) -> None:
    run("plan", "dedupe")
    run("apply")
    assert run("trash", "restore", "c").code == 2
    assert "Would move 1 file" in run("trash", "restore", "b", "-n").out
    assert run("trash", "restore", "b").out == "1 file brought back.\n"
    assert (heap / "new" / "b (1).safetensors").exists()
    assert run("trash", "list").out == ""


def test_advice_says_why_and_what_stays(run: Run, heap: Path) -> None:
    ended = run("plan", "trash")
    assert (ended.code, ended.out) == (0, "")
    assert "3 stay: no hub is known to have it." in ended.err
    assert run("plan", "trash", "--exactly").code == 2
    assert run("plan", "trash", "--free", "much").code == 2
    assert json.loads(run("plan", "trash", "--json").out)["kept"] == {
        "no hub is known to have it": 3
    }


def test_options_that_do_not_go_together(run: Run, heap: Path) -> None:
    assert run("plan", "dedupe", "--precision", "fp16").code == 2
    assert run("plan", "dedupe", "--keep", "library:nowhere").code == 2
    assert run("plan", "dedupe", "--keep", "nicest").code == 2
    assert run("plan", "delete").code == 2
    assert run("undo", "--list").code == 0


def test_names_that_would_own_a_terminal_are_shown_harmless(run: Run, heap: Path) -> None:
    os.rename(heap / "a.safetensors", heap / "a\x1b]0;x\x07.safetensors")  # noqa: PTH104
    run("scan", "--hash", "never", "--progress", "none")
    ended = run("plan", "organise")
    assert "\x1b" not in ended.out + ended.err
    assert r"a\x1b]0;x\x07.safetensors" in ended.out


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (("organise", "-t", "{kind}/{base}/"), "  heap/LoRA/SDXL/  "),
        (("rename", "-t", "{file}x"), "  ax.safetensors  "),
        (("organise", "-t", "new/{file}x"), "  heap/new/ax.safetensors  "),
    ],
)
def test_a_terminal_shows_what_is_new_of_a_place(
    run: Run, heap: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], shown: str
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for module in (columns, plans_text):
        monkeypatch.setattr(module, "is_terminal", lambda stream: stream is sys.stdout)
    lines = run("plan", *command, "-n").out.splitlines()
    (line,) = (line for line in lines if "heap/a.safetensors" in line)
    assert shown in line
