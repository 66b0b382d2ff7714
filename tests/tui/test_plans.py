"""Plans in the terminal UI: drawn up, looked at, changed, applied, and taken back."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from loradex.domain.plans import PlanState
from loradex.paths import Home
from loradex_tui.screens.organise_dialog import OrganiseDialog
from loradex_tui.screens.plan_trash import TrashScreen
from loradex_tui.screens.plan_view import PlanScreen
from loradex_tui.widgets.plan_table import Heading, Row
from moves_kit import tree
from tui.heap import COPIES, MODELS, drawn, heap
from tui.stage import NARROW, WIDE, Stage, showing


def plan_screen(stage: Stage) -> PlanScreen:
    screen = stage.app.screen
    assert isinstance(screen, PlanScreen), stage.text
    return screen


async def opened(stage: Stage) -> PlanScreen:
    await stage.until(
        lambda: isinstance(stage.app.screen, PlanScreen) and stage.app.screen.view is not None
    )
    return plan_screen(stage)


def _flat(text: str) -> str:
    """Return the text of the pane on the right on one line."""
    return " ".join(" ".join(line[-44:].strip(" │").split()) for line in text.splitlines())


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_messy_folder_is_organised_and_all_is_taken_back(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    root = tmp_path / "heap"
    catalog = await asyncio.to_thread(heap, home, root, monkeypatch)
    before = tree(root)
    async with showing(catalog, size, toasts=True) as stage:
        await stage.press("ctrl+a", "m")
        assert f"{MODELS + 1} marked models" in stage.text
        await stage.press("o")
        dialog = stage.app.screen
        assert isinstance(dialog, OrganiseDialog)
        await stage.press("ctrl+u")
        await stage.type("{bse}/{hash8}")
        await stage.until(lambda: "no field 'bse'" in stage.text)
        await stage.press("ctrl+u")
        await stage.type("{base}/{hash8}")
        await stage.until(lambda: "→ heap/SDXL/" in stage.text)
        assert "no field" not in stage.text
        await stage.press("enter")

        screen = await opened(stage)
        first = screen.lines.lines[0]
        assert isinstance(first, Heading)
        assert first.stays
        rows = [line for line in screen.lines.lines if isinstance(line, Row)]
        assert len(rows) == MODELS + 1
        assert f"move {MODELS + 1} models with 14 files beside them" in stage.text
        assert f"skip {COPIES}" in stage.text
        assert "Another copy of it has that place" in stage.text
        assert "→ heap/SD 1.5/" in stage.text
        await stage.press("a")
        assert "Apply plan 1?" in stage.text
        assert "u takes it back, today or next month" in stage.text
        assert tree(root) == before
        await stage.press("y")
        await stage.until(lambda: catalog.plans.plan(1).state is PlanState.APPLIED)  # type: ignore[union-attr]
        await stage.until(lambda: "u takes it back" in stage.toasts)
        await stage.until(lambda: "✓" in stage.text)
        moved = tree(root)
        assert sorted(moved.values()) == sorted(before.values())
        assert not any("downloads" in path for path in moved)

        await stage.press("escape")
        assert len(stage.library.models.marks) == MODELS + 1
        await stage.until(lambda: "1: 59 moves" in stage.library.situation.around.undoable)
        await stage.press("u")
        # A folder may go while one looks through it: look when all is back.
        await stage.until(lambda: "59 files brought back" in stage.toasts)
        assert tree(root) == before


async def test_a_plan_is_narrowed_changed_and_deleted_before_it_is_done(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "heap"
    catalog = await asyncio.to_thread(heap, home, root, monkeypatch)
    async with showing(catalog, NARROW, toasts=True) as stage:
        await stage.press("6")
        await stage.until(lambda: "No plans yet" in stage.text)
        await asyncio.to_thread(drawn, catalog)
        await stage.press("1", "6")
        await stage.until(lambda: "to be done" in stage.text)
        assert "1 plan · 1 to be done" in stage.text
        await stage.press("enter")
        screen = await opened(stage)

        await stage.press("J", "n", "j", "enter")
        assert "From" in stage.text
        await stage.press("escape")
        # What is hidden takes no keys: the list has them again.
        assert stage.app.focused is screen.lines
        await stage.press("/")
        await stage.type("deep 3.safe")
        found = [line for line in screen.lines.lines if isinstance(line, Row)]
        assert [row.source for row in found] == ["old stuff [v1]/deep/neon 3.safetensors"]
        await stage.press("enter", "n", "j")
        row = screen.lines.current
        if isinstance(row, Heading):
            await stage.press("j")
        await stage.press("space")
        assert screen.lines.left_out == {found[0].item.file_id}
        assert "1 left out" in stage.text
        await stage.press("k")
        current = screen.lines.current
        if isinstance(current, Heading):
            await stage.press("j")
        await stage.press("enter")
        assert "Left out: it stays" in stage.text
        await stage.press("escape")
        await stage.press("escape")
        assert len([line for line in screen.lines.lines if isinstance(line, Row)]) > 1
        await stage.press("escape")
        await stage.until(lambda: "left out of plan 1" in stage.toasts)
        kept = {entry.step.file_id for entry in catalog.plans.steps(1)}
        assert found[0].item.file_id not in kept
        assert "(edited)" in catalog.plans.plans()[0].note

        await stage.press("u")
        assert "Nothing was done here" in stage.toasts
        await stage.press("d")
        assert "Delete plan 1?" in stage.text
        await stage.press("y")
        await stage.until(lambda: "No plans yet" in stage.text)


async def test_what_goes_to_the_trash_is_told_brought_back_or_deleted_for_good(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "heap"
    catalog = await asyncio.to_thread(heap, home, root, monkeypatch)
    catalog.person.set_rating([1], 5)
    before = tree(root)
    async with showing(catalog, WIDE, toasts=True) as stage:
        await stage.search("rating:5")
        await stage.press("enter", "space")
        await stage.search("-rating:5")
        await stage.press("enter", "d")
        await stage.until(lambda: "None of them is in the list now" in stage.text)
        await stage.press("n")
        await stage.search("rating:5")
        await stage.press("enter", "d")
        await stage.until(lambda: "into the trash?" in stage.text)
        assert "in the list now" not in stage.text
        assert "on no hub that is known" in stage.text
        assert "1 of what you like or judged" in stage.text
        await stage.press("y")
        await stage.until(lambda: "put in the trash" in stage.toasts)
        assert len(tree(root)) < len(before)

        await stage.until(lambda: "in the trash: plan 1 put it there" in _flat(stage.text))
        assert "loradex undo 1" in stage.text
        await stage.press("6")
        await stage.until(lambda: "✓ done" in stage.text)
        await stage.press("i")
        await stage.until(lambda: "free when it is emptied" in stage.text)
        await stage.press("r")
        await stage.until(lambda: "Nothing that loradex put there" in stage.text)
        assert tree(root) == before

        await stage.press("1", "d")
        await stage.until(lambda: "into the trash?" in stage.text)
        await stage.press("y")
        await stage.until(lambda: len(tree(root)) < len(before))
        await stage.press("6", "i")
        await stage.until(lambda: "free when it is emptied" in stage.text)
        screen = stage.app.screen
        assert isinstance(screen, TrashScreen)
        await stage.until(lambda: not stage.app.jobs.names)
        await stage.press("D")
        await stage.type("9")
        await stage.press("enter")
        assert "That is not the number" in stage.text
        await stage.press("backspace")
        await stage.type(str(len(screen.listing.files)))
        await stage.press("enter")
        await stage.until(lambda: "are free" in stage.toasts)
        await stage.press("escape")
        await stage.until(lambda: stage.app.screen.situation.plan is not None)  # type: ignore[attr-defined]

        # `u` takes back what was done in this session: it cannot, and says so.
        lost = next(plan for plan in catalog.plans.plans() if plan.emptied)
        index = [plan.id for plan in stage.app.screen.listing.plans].index(lost.id)  # type: ignore[attr-defined]
        stage.app.screen.listing.move_to(index)  # type: ignore[attr-defined]
        await stage.press("enter")
        await opened(stage)
        await stage.press("u")
        await stage.until(lambda: "Nothing of this plan can come back" in stage.text)
        assert "deleted from the trash" in stage.text


async def test_one_model_is_renamed_at_once_and_gets_its_name_back(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "heap"
    catalog = await asyncio.to_thread(heap, home, root, monkeypatch)
    before = tree(root)
    async with showing(catalog, NARROW, toasts=True) as stage:
        await stage.search('path:"deep/neon 3"')
        await stage.press("enter", "f2")
        await stage.press("ctrl+u")
        await stage.type("glow/bad")
        assert "a name has no / in it" in stage.text
        await stage.press("ctrl+u")
        await stage.type("CON")
        assert "neon 3.safetensors → _CON.safetensors" in stage.text
        await stage.press("ctrl+u")
        await stage.type("glow")
        assert "neon 3.safetensors → glow.safetensors" in stage.text
        await stage.press("enter")
        await stage.until((root / "old stuff [v1]" / "deep" / "glow.safetensors").exists)
        await stage.until(lambda: "is glow.safetensors now" in stage.toasts)
        await stage.press("u")
        await stage.until(lambda: tree(root) == before)


async def test_a_plan_whose_process_died_is_gone_on_with(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = await asyncio.to_thread(heap, home, tmp_path / "heap", monkeypatch)
    await asyncio.to_thread(drawn, catalog)
    with closing(sqlite3.connect(home.catalog)) as connection, connection:
        connection.execute("UPDATE plan SET state = 'applying'")
    async with showing(catalog, WIDE, toasts=True) as stage:
        await stage.until(lambda: "Cut off when loradex ended: plan 1 after 0 of" in stage.toasts)
        await stage.press("6")
        await stage.until(lambda: "begun" in stage.text)
        await stage.press("a")
        await stage.until(lambda: "plan 1?" in stage.text)
        await stage.press("y")
        await stage.until(lambda: catalog.plans.plan(1).state is PlanState.APPLIED)  # type: ignore[union-attr]
