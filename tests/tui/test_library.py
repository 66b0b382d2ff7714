"""Searching, filtering and looking at models."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.operations.child_job import JobStatus
from loradex.paths import Home
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.rest import Rest
from loradex_tui.widgets.facet_pane import FacetPane
from loradex_tui.widgets.model_list import ModelList
from tui.shelf import few, picture, shelf
from tui.stage import NARROW, WIDE, showing


async def test_a_result_comes_with_its_rows(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[list[bool]] = []
    show = ModelList.show_ids

    def show_ids(models: ModelList, ids: Sequence[int], keep: int | None = None) -> None:
        show(models, ids, keep)
        shown.append([models.window.row(index) is not None for index in range(len(ids))])

    monkeypatch.setattr(ModelList, "show_ids", show_ids)
    async with showing(catalog) as stage:
        await stage.search("base:sdxl")
    assert len(shown) == 2
    assert all(map(all, shown))


async def test_the_library_shows_what_there_is(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        assert stage.library.models.line_count == 10
        assert "10 of 10 models" in stage.text
        (line,) = (line for line in stage.lines if "oil paint" in line)
        assert all(part in line for part in ("LoRA", "FLUX.1", "218 MB", "★★★★★"))
        (broken,) = (line for line in stage.lines if "halved" in line)
        assert "! halved" in broken


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_search_narrows_the_list_as_it_is_typed(
    catalog: Catalog, size: tuple[int, int]
) -> None:
    async with showing(catalog, size) as stage:
        await stage.press("/")
        await stage.type("neon -alley")
        await stage.until(lambda: stage.library.query_text == "neon -alley")
        assert list(stage.library.models.window.ids) == [1]
        assert "1 of 10 models" in stage.text
        await stage.press("enter")
        assert stage.library.models.has_focus


@pytest.mark.parametrize(
    ("query", "place", "sentence"),
    [
        ("kind:lorx", (5, 9), "Did you mean lora?"),
        ("neon foo:x", (5, 10), "There is no field 'foo'."),
        ('"open', (0, 5), "never closed"),
    ],
)
async def test_a_wrong_query_says_where_and_keeps_the_last_result(
    catalog: Catalog, query: str, place: tuple[int, int], sentence: str
) -> None:
    async with showing(catalog) as stage:
        await stage.search("base:sdxl kind:lora")
        library = stage.library
        library.search_bar.set_text(query)
        await stage.until(lambda: library.search_bar.has_class("-wrong"))
        assert sentence in " ".join(stage.text.split())
        spans = library.search_bar.field._value.spans
        assert place in [(span.start, span.end) for span in spans]
        assert library.models.line_count == 2
        library.search_bar.set_text("oil")
        await stage.until(lambda: not library.search_bar.has_class("-wrong"))
        assert library.models.line_count == 1


async def test_filters_write_the_query(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        library = stage.library
        facets = library.query_one(FacetPane)
        await stage.until(lambda: facets.lines)
        counts = {(line.field, line.value): line.count for line in facets.lines if line.value}
        assert counts["kind", "lora"] == 4
        assert counts["base", "pony"] == 2
        assert counts["tag", "neon"] == 2
        await stage.press("f")
        assert facets.has_focus
        await stage.press("enter")
        await stage.until(lambda: library.query_text == "kind:lora")
        assert library.models.line_count == 4
        line = facets.lines[facets.cursor]
        assert (line.value, line.on) == ("lora", True)
        # The other kinds stay to choose from.
        assert any(each.value == "vae" and each.count == 1 for each in facets.lines)
        await stage.press("-")
        await stage.until(lambda: library.query_text == "-kind:lora")
        assert library.models.line_count == 6
        await stage.press("-", "l")
        await stage.until(lambda: library.query_text == "")
        assert library.models.has_focus


async def test_the_sort_menu_writes_the_order_and_turns_it_round(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        library = stage.library
        await stage.press("s", "s")
        await stage.until(lambda: library.query_text == "sort:size-")
        assert library.models.current_id in (6, 7)
        assert "Size v" in stage.text
        await stage.press("s", "s")
        await stage.until(lambda: library.query_text == "sort:size")
        assert library.models.current_id == 10
        await stage.press("F")
        assert library.query_text == "sort:size"


async def test_details_tell_all_that_is_known(catalog: Catalog) -> None:
    async with showing(catalog, (140, 70)) as stage:
        await stage.look_at("knight")
        text = " ".join(stage.text.split())
        for part in (
            "neon_knight_v3", "neonkn header", "by you neon, scifi, style", "Works best at 0.8.",
            "Algorithm lora", "Rank 32", "Precision F16", "main · 144 MB", "120", "night city",
            "not computed yet", "its keys end in lora_down", "tensors",
        ):  # fmt: skip
            assert part in text, part


async def test_the_details_follow_the_cursor_and_tell_of_problems(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        await stage.search("is:unreadable")
        await stage.press("enter")
        await stage.until(lambda: stage.shown == 10)
        assert "The header is cut off." in stage.text
        await stage.search("sort:size- kind:checkpoint")
        await stage.press("enter", "j", "j")
        await stage.until(lambda: stage.shown == 5)
        assert "dreamshaper_8" in stage.text


async def test_a_preview_beside_the_file_is_drawn(catalog: Catalog, tmp_path: Path) -> None:
    picture(tmp_path / "models" / "oil paint.preview.png")
    async with showing(catalog) as stage:
        await stage.look_at("oil")
        await stage.until(lambda: "▀▀▀" in stage.text)
        assert "preview" in stage.text
        await stage.look_at("knight")
        assert "▀" not in stage.text


async def test_a_narrow_terminal_shows_one_pane_at_a_time(catalog: Catalog) -> None:
    async with showing(catalog, NARROW) as stage:
        assert "Details" not in stage.text
        assert "Filter ─" not in stage.text
        await stage.look_at("knight")
        await stage.press("enter")
        assert "Details" in stage.text
        assert "Works best at 0.8." in stage.text
        assert "of 10 models" not in stage.text
        await stage.press("escape")
        assert "1 of 10 models" in stage.text
        await stage.press("f")
        assert "Base model" in stage.text
        await stage.press("escape")
        assert stage.library.models.has_focus


async def test_escape_goes_back_one_step_at_a_time(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        library = stage.library
        await stage.search("neon")
        await stage.press("enter", "space", "/")
        assert library.search_bar.field.has_focus
        await stage.press("escape")
        assert library.models.has_focus
        assert len(library.models.marks) == 1
        await stage.press("escape")
        assert not library.models.marks
        assert library.search_bar.text == "neon"
        await stage.press("escape")
        await stage.until(lambda: library.query_text == "")


async def test_tab_goes_round_the_panes(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        seen = []
        for _ in range(4):
            await stage.press("tab")
            focused = stage.app.focused
            seen.append(focused.id if focused else None)
        assert seen == ["about", "facets", "query", "list"]


@pytest.mark.parametrize(
    ("looks", "library", "told"),
    [
        (0, False, ["No library yet", "loradex library add PATH"]),
        (0, True, ["No models yet", "scan"]),
        (10, True, ["0 of 10 models match.", "Esc", "clears the search"]),
    ],
)
async def test_what_is_empty_says_what_to_do(
    home: Home, looks: int, library: bool, told: list[str]
) -> None:
    catalog = shelf(home, few()[:looks]) if library else Catalog.open(home)
    async with showing(catalog) as stage:
        if looks:
            await stage.search("nowhere")
        for part in told:
            assert part in stage.text


async def test_a_tiny_terminal_says_so_and_recovers(catalog: Catalog) -> None:
    async with showing(catalog, (50, 12), toasts=True) as stage:
        assert "Too small: 50×12, 60×15 needed" in stage.text
        stage.app.notify("what hides nothing now")
        await stage.pilot.resize_terminal(10, 6)
        await stage.settle()
        assert stage.text.split() == ["Too", "small:", "10×6,", "60×15", "needed"]
        await stage.pilot.resize_terminal(80, 24)
        await stage.settle()
        assert "Too small" not in stage.text
        assert "10 of 10 models" in stage.text


async def test_what_the_core_refuses_becomes_a_toast(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with showing(catalog) as stage:
        catalog.home.catalog.with_suffix(".db").write_bytes(b"no database" * 1000)
        catalog._reader.close()
        library = stage.library
        library.search_bar.set_text("oil")
        await stage.until(lambda: "damaged" in stage.toasts)
        assert library.models.line_count == 10


@pytest.mark.parametrize("mode", [PictureMode.SIXEL, PictureMode.KITTY])
async def test_the_terminals_own_graphics_get_their_room(
    catalog: Catalog, tmp_path: Path, mode: PictureMode
) -> None:
    picture(tmp_path / "models" / "oil paint.png", size=(64, 32))
    picture(tmp_path / "models" / "neon_knight_v3.png", size=(32, 32))
    async with showing(catalog, pictures=mode) as stage:
        box = stage.library.details.picture
        await stage.look_at("oil")
        await stage.until(lambda: box.children and box.children[0].size.height)
        (shown,) = box.children
        assert shown.size.width == 4 * shown.size.height
        await stage.look_at("knight")
        await stage.until(lambda: box.children[0].size.width == 2 * box.children[0].size.height)
        top = box.region.y
        await stage.press("J")
        assert box.region.y == top - 4, "it goes with the text"
        await stage.look_at("lunar")
        await stage.until(lambda: not box.shown)
        assert not box.display


async def test_details_are_selected_with_the_mouse_wherever_they_were_scrolled_to(
    catalog: Catalog,
) -> None:
    async with showing(catalog, NARROW) as stage:
        await stage.look_at("knight")
        await stage.press("enter", "j")
        details = stage.library.details
        y = next(y for y, line in enumerate(stage.lines) if "glowing armor" in line)
        x = stage.lines[y].index("glowing")
        await stage.pilot.mouse_down(offset=(x, y))
        await stage.pilot.hover(offset=(x + 6, y))
        await stage.pilot.mouse_up(offset=(x + 6, y))
        assert stage.library.get_selected_text() == "glowing"
        assert details.scroll_offset.y == 2


async def test_keys_come_before_what_a_scan_brings(catalog: Catalog) -> None:
    async with showing(catalog) as stage:
        library, before = stage.library, stage.library.found
        library._found_at = time.monotonic() - 3.0
        await stage.press("j")
        library.job_moved("scan", JobStatus())
        await stage.settle()
        assert library.found is before
        stage.app.rest = Rest()
        library.job_moved("scan", JobStatus())
        await stage.until(lambda: library.found is not before)
        assert library.models.cursor == 1


async def test_what_a_job_did_to_a_file_shows_in_its_row(catalog: Catalog, home: Home) -> None:
    async with showing(catalog) as stage:
        assert "? lunar_hall" not in stage.text
        with closing(sqlite3.connect(home.catalog)) as connection, connection:
            connection.execute("UPDATE content SET state = 'missing' WHERE id = 3")
        stage.library.job_moved("move", JobStatus("done"))
        await stage.until(lambda: "? lunar_hall" in stage.text)
