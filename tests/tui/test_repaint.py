"""What is left out of a frame is what the terminal shows already."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.screen import Screen as AppScreen
from textual.strip import Strip

from loradex.catalog.catalog import Catalog
from loradex_tui.app import LoradexApp
from loradex_tui.repaint import Repaint, Shown
from tui import stage as stage_module
from tui.pty_kit import Screen
from tui.shelf import picture
from tui.stage import WIDE, showing

CONSOLE = Console(color_system="truecolor", force_terminal=True, width=40)


class Twice(LoradexApp):
    """Shows each frame on two screens: as Textual sends it, and as we do."""

    def _display(self, screen: AppScreen[object], renderable: RenderableType | None) -> None:
        if not hasattr(self, "theirs"):
            self.theirs, self.ours, self.sent = Screen(*WIDE), Screen(*WIDE), [0, 0]
        if isinstance(renderable, ChopsUpdate | LayoutUpdate):
            theirs = renderable.render_segments(self.console).encode()
            ours = Repaint(renderable, screen, self._shown).render_segments(self.console).encode()
            self.theirs.feed(theirs)
            self.ours.feed(ours)
            self.sent = [self.sent[0] + len(theirs), self.sent[1] + len(ours)]
        super()._display(screen, renderable)


def looks(screen: Screen) -> list[list[tuple[object, ...]]]:
    """Return what is seen of each cell: a blank's colour is not, unless it is underlined."""
    rows = []
    for y in range(screen.rows):
        row: list[tuple[object, ...]] = []
        for x in range(screen.columns):
            pen, text = screen.pen(y, x), screen.cells(y, x, x + 1)
            blank = text == " " and not pen.attributes & {"4", "7", "9"}
            row.append((text, pen.ground) if blank else (text, pen))
        rows.append(row)
    return rows


async def test_both_show_the_same_for_a_fraction_of_the_bytes(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(tmp_path / "models" / "neon_knight_v3.png")
    monkeypatch.setattr(stage_module, "LoradexApp", Twice)
    async with showing(catalog) as stage:
        app = stage.app
        assert isinstance(app, Twice)
        for key in ("j", "space", "j", "G", "k", "s", "escape", "?", "escape", "t", "escape", "4"):
            await stage.press(key)
            assert looks(app.ours) == looks(app.theirs), key
        await stage.press("1")
        await stage.look_at("neon_knight_v3")
        await stage.press("escape", "j")
        assert looks(app.ours) == looks(app.theirs)
        assert app.sent[1] * 3 < app.sent[0]


def frame(*lines: Strip) -> LayoutUpdate:
    return LayoutUpdate([[line] for line in lines], Region(0, 0, 40, len(lines)))


def line(text: str, style: str = "") -> Strip:
    return Strip([Segment(text, Style.parse(style) if style else None)])


def sent(shown: Shown, update: LayoutUpdate, screen: str = "one") -> str:
    return Repaint(update, screen, shown).render_segments(CONSOLE)


def test_a_frame_that_is_there_costs_nothing_until_it_is_forgotten() -> None:
    shown = Shown()
    update = frame(line("hello world", "bold red"), line("two"))
    first = sent(shown, update)
    assert sent(shown, update) == ""
    assert "hello world" in sent(shown, update, "another")
    shown.forget()
    assert sent(shown, update, "another") == first


@pytest.mark.parametrize(
    ("before", "after", "written"),
    [
        (line("abc def"), line("abX def"), "\x1b[1;3HX"),
        (line("a" + "-" * 20 + "b"), line("A" + "-" * 20 + "B"), "\x1b[1;1HA\x1b[1;22HB"),
        (line("ab", "red"), line("ab", "bold red"), "\x1b[1;1H\x1b[0;1;31mab\x1b[0m"),
        (line("a b", "red"), line("a b", "green"), "\x1b[1;1H\x1b[32ma b\x1b[39m"),
        (line("x雪y"), line("x雪z"), "\x1b[1;1Hx雪z"),
    ],
)
def test_only_what_differs_is_written(before: Strip, after: Strip, written: str) -> None:
    shown = Shown()
    sent(shown, frame(before))
    assert sent(shown, frame(after)) == written
