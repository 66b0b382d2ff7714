"""A long list costs what is seen of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from loradex.catalog.catalog import Catalog
from loradex.domain.models import ModelRow
from loradex.paths import Home
from loradex_tui.widgets.columns import GUTTER, layout
from loradex_tui.widgets.row_window import KEPT, WINDOW, RowWindow
from tui.shelf import many, shelf
from tui.stage import showing

LONG = 20_000


@pytest.fixture
def long_catalog(home: Home) -> Catalog:
    return shelf(home, many(LONG))


async def test_only_windows_around_the_view_are_read(
    long_catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[int]] = []
    rows = long_catalog.rows

    def counted(ids: Sequence[int]) -> list[ModelRow]:
        asked.append(list(ids))
        return rows(ids)

    monkeypatch.setattr(long_catalog, "rows", counted)
    async with showing(long_catalog) as stage:
        models = stage.library.models
        await stage.until(lambda: models.current_row)
        assert models.line_count == LONG
        assert "20,000 of 20,000 models" in stage.text
        assert sum(map(len, asked)) <= 2 * WINDOW
        await stage.press("G")
        await stage.until(lambda: "model 019999" in stage.text)
        await stage.press("pageup", "pageup", "g", "g", "pagedown")
        assert all(len(ids) <= WINDOW for ids in asked)
        assert sum(map(len, asked)) <= 6 * WINDOW
        known = len(asked)
        await stage.press("j", "k", "j", "space")
        assert len(asked) == known
        await stage.search("base:flux1")
        await stage.until(lambda: models.line_count == LONG // 5)
        await stage.until(lambda: models.current_row)


async def test_marks_and_the_cursor_outlive_a_new_result(long_catalog: Catalog) -> None:
    async with showing(long_catalog) as stage:
        models = stage.library.models
        await stage.press("ctrl+a")
        assert len(models.marks) == LONG
        assert "20,000 marked" in stage.text
        await stage.search("kind:checkpoint")
        await stage.press("enter", "ctrl+a")
        assert len(models.marks) == LONG - LONG // 10


def row(id_: int, name: str = "") -> ModelRow:
    return ModelRow(
        id_, name or f"m{id_}", "f", "lora", "sdxl", None, 1, "present", 1, None, False, (), (),
        False, None, 0.0, "/p", None,
    )  # fmt: skip


def test_a_window_asks_once_and_forgets_what_is_old() -> None:
    window = RowWindow()
    window.set_ids(range(10_000))
    assert window.row(250) is None
    ids = window.wanted()
    assert ids == list(range(200, 400))
    assert window.wanted() == []
    window.store(ids, map(row, ids))
    assert window.row(250) == row(250)
    for start in range(400, 400 + KEPT, WINDOW):
        window.row(start)
        more = window.wanted()
        window.store(more, map(row, more))
    assert window.row(250) is None


def test_a_row_that_was_changed_is_shown_until_its_new_form_is_here() -> None:
    window = RowWindow()
    window.set_ids([1, 2, 3])
    window.row(0)
    window.store(window.wanted(), [row(1), row(2)])
    assert window.row(2) is None, "3 is gone"
    assert window.wanted() == []
    window.forget([2])
    assert window.row(1) == row(2)
    assert window.wanted() == [2]
    window.store([2], [row(2, "new")])
    row_now = window.row(1)
    assert row_now is not None
    assert row_now.name == "new"


@pytest.mark.parametrize("width", range(10, 200, 7))
def test_columns_fill_the_width(width: int) -> None:
    columns = layout(width)
    assert sum(cells for _, cells in columns) == width - GUTTER
    names = [column.id for column, _ in columns]
    assert names[0] == "name"
    if width >= 76:
        assert {"kind", "base", "size", "rating"} <= set(names)
