"""Names that nobody vouches for neither crash, nor act, nor shift the layout."""

from __future__ import annotations

import re

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color

from loradex.operations import collections
from loradex.paths import Home
from loradex_tui.cells import ControlFilter, cell_text, fit
from tui.pty_kit import Screen, Session, start
from tui.shelf import HOSTILE, look, shelf
from tui.stage import NARROW, WIDE, Stage, showing

OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f\ud800-\udfff]")


def assert_calm(stage: Stage) -> None:
    """Nothing on the screen is obeyed by a terminal, and every line has its width."""
    width = stage.app.size.width
    for line in stage.lines:
        assert not OBEYED.search(line), ascii(line)
        assert cell_len(line) == width, ascii(line)
        assert line[0] in " ╭│╰", line


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_hostile_names_are_only_shown(home: Home, size: tuple[int, int]) -> None:
    looks = [
        look(name, number, words=(name,), captions=((name, 3),), metadata={name: name},
             problem=name if number % 2 else None)
        for number, name in enumerate(HOSTILE, 1)
    ]  # fmt: skip
    catalog = shelf(home, looks, root=b"/models/[red]\x1b[2J\xff\xfe")
    ids = list(range(1, len(HOSTILE) + 1))
    for id_, name in zip(ids, HOSTILE, strict=True):
        catalog.person.add_tags([id_], [name])
        catalog.person.set_note(id_, f"{name}\nsecond [/] line \x1b[5m")
    async with showing(catalog, size) as stage:
        for _ in ids if size == WIDE else ids[:3]:
            await stage.until(lambda: stage.shown == stage.library.models.current_id)
            assert_calm(stage)
            await stage.press("j")
        await stage.press("enter")
        assert_calm(stage)
        await stage.press("escape")
        await stage.press("t")
        await stage.until(lambda: "Tags of 1 model" in stage.text)
        assert_calm(stage)
        await stage.press("escape", "y")
        await stage.until(lambda: "trigger words" in stage.text)
        assert_calm(stage)
        await stage.press("escape", "?")
        assert_calm(stage)
        assert not stage.app._exit


MORE = (
    "雪" * 400,
    "x" * 4_000,
    "\x1b]52;c;cm0=\x07",
    "\x1bP1;2;3~\x1b\\",
    "\x1b[?1049l\x1b[5;5H\x1b[2J",
    "a\x07\x08\x7f\x00b",
    "%s%n{0}",
    "\u2028line\u2029",
    "🏳\u200d🌈🏴\U000e0067\U000e007f",
    "\udcffhalf",
    "\x90\x9d\x9f",
    "../../etc",
)
RAW = re.compile("[\x80-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
STEPS = (
    *("t", "e", "y", "s", "m", "C", "i", "i", " c", "x", ":neon", "?", "/[x\r", "G"),
    *("2", "jj", "e", "3", "4", "5", "6", "7", "jjjj"),
)
"""Keys, each followed by escape: the library's dialogs, then the other screens."""


def assert_only_shown(session: Session) -> None:
    """Nothing but what Textual means to say was said, and every pane ends where it should."""
    said = bytes(session.raw).decode("utf-8", "replace")
    assert not RAW.search(said)
    strings = [order.text for order in session.screen.orders if not order.final]
    assert all(text.startswith(("\x1b]22;", "\x1b_Gi=31", "\x1b[")) for text in strings), strings
    finals = {order.final for order in session.screen.orders if order.final}
    assert finals <= set("hlucqptnJsm"), finals
    for line in session.screen.lines[1:-1]:
        if line[0] in "╭│╰┏┃┗":
            assert line[-1] in "╮│╯┓┃┛", ascii(line)


def test_nothing_hostile_reaches_a_terminal(home: Home) -> None:
    names = (*HOSTILE, *MORE)
    looks = [
        look(name[:180], number, words=(name,), captions=((name, 3),), metadata={"a": name},
             problem=name if number % 2 else None)
        for number, name in enumerate(names, 1)
    ]  # fmt: skip
    catalog = shelf(home, looks, root=b"/models/[red]\x1b[2J\xff\xfe")
    for id_, name in enumerate(names, 1):
        catalog.person.add_tags([id_], [name[:60].replace("\u2028", "")])
        catalog.person.set_note(id_, name)
    for name in HOSTILE[:8]:
        collections.pick(catalog, name, [1, 2])
    catalog.close()

    def ready(screen: Screen) -> bool:
        return f"{len(names)} of {len(names)} models" in screen.text

    with start(home, size=(120, 36), EDITOR="true", VISUAL="true") as session:
        session.until(ready)
        for _ in names:
            session.write(b"j")
            session.read_for(0.12)
        session.settle(0.2)
        assert_only_shown(session)
        for keys in STEPS:
            session.write(keys.encode())
            session.settle(0.15, 2)
            assert_only_shown(session)
            session.write(b"\x1b")
            session.settle(0.15, 2)
        assert session.exit_code is None, session.screen.text


async def test_a_filter_of_a_hostile_tag_finds_it(home: Home) -> None:
    tags = ["[@click=app.quit]x[/]", "two words", "\x1b[31mred", "a,b", 'quo"te', "日本語"]
    catalog = shelf(home, [look("one", 1), look("two", 2)])
    catalog.person.add_tags([1], tags)
    async with showing(catalog) as stage:
        await stage.press("f")
        library = stage.library
        facets = library.query_one("#facets")
        for tag in tags:
            index = [line.value for line in facets.lines].index(tag)  # type: ignore[attr-defined]
            facets.move_to(index)  # type: ignore[attr-defined]
            before = library.query_text
            await stage.press("enter")
            await stage.until(lambda before=before: library.query_text != before)
            assert list(library.models.window.ids) == [1]
            assert_calm(stage)


async def test_what_errors_quote_is_shown_literally(home: Home) -> None:
    catalog = shelf(home, [look("one", 1)])
    async with showing(catalog, toasts=True) as stage:
        stage.library.search_bar.set_text("kind:[/red]\x1b[31m")
        await stage.until(lambda: stage.library.search_bar.has_class("-wrong"))
        assert "[/red]" in stage.text
        assert_calm(stage)
        stage.app.notify("[/] \x1b]0;x\x07 [@click=app.quit]x[/]")
        await stage.until(lambda: "[@click=app.quit]x[/]" in stage.text)
        for line in stage.lines:
            assert not OBEYED.search(line), ascii(line)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("width", [1, 5, 20, 60])
def test_a_name_takes_exactly_its_cells(name: str, width: int) -> None:
    shown = fit(name, width)
    assert cell_len(shown) == width
    assert not OBEYED.search(shown)
    # One by one, as a terminal that joins nothing would draw them.
    assert sum(cell_len(character) for character in shown) == width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("👨\u200d👩\u200d👧", "👨👩👧"),
        ("🇩🇪", "DE"),
        ("👍🏽", "👍"),
        ("a\u0301", "a\u0301"),
        ("Z" + "\u0351" * 9, "Z" + "\u0351" * 2),
        ("\x1b[31m", "\\x1b[31m"),
        ("a\u200db", "a\\u200db"),
        ("\ud800", "\\ud800"),
    ],
)
def test_cell_text(text: str, shown: str) -> None:
    assert cell_text(text) == shown


def test_the_last_filter_keeps_widths_and_lets_graphics_pass() -> None:
    sixel = Segment("\x1bPq\x1b\\", None, [(1,)])  # type: ignore[list-item]
    segments = [Segment("a\x1b[31mb\ud800\u202e"), sixel]
    told = ControlFilter().apply(segments, Color(0, 0, 0))
    assert [segment.text for segment in told] == ["a[31mb\ufffd", sixel.text]
    assert cell_len(told[0].text) == cell_len(segments[0].text)
