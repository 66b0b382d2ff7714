"""Sends the terminal only the cells that differ from what it shows, and only what changes of a pen.

Textual draws whole pieces of lines anew, a frame of all panes for each layout, and sets every
segment's colours from nothing. What is shown is remembered here, cell by cell: held keys and new
details take a fifth of the bytes, which is what a slow line feels. The first frame of a screen is
sent as a whole, so that going elsewhere heals what another program wrote into the terminal.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

_NEAR = 8
"""Equal cells between two that differ which are cheaper to send than to jump over."""
_PENS = 20_000
_PLAIN = "[^\x00-\x7f─-▟←-↕★☆♥✓✗❯·×…–—•]"
_UNSURE = re.compile(_PLAIN)
"""What terminals may give another width than we do: such a piece is sent as a whole."""
_RENDERED = re.compile(r"(?:\x1b\]8;(?P<link>.*?)\x1b\\)?(?:\x1b\[(?P<codes>[0-9;]*)m)?\x00")
_SEEN_ON_SPACES = {"4", "7", "9", "21", "53"}


@dataclass(frozen=True, slots=True)
class Pen:
    """How a cell is drawn, as SGR codes: attributes, colour, background; and its link."""

    attributes: str = ""
    colour: str = ""
    ground: str = ""
    link: str = ""

    @property
    def on_space(self) -> tuple[str, ...]:
        """What of it is seen on a space."""
        seen = _SEEN_ON_SPACES.intersection(self.attributes.split(";"))
        return (self.ground, self.link, *((self.attributes, self.colour) if seen else ()))

    def after(self, before: Pen) -> str:
        """Return what makes a terminal go on with this pen when it has the other."""
        link = "" if self.link == before.link else f"\x1b]8;{self.link or ';'}\x1b\\"
        if self.attributes == before.attributes:
            colour = self.colour or "39" if self.colour != before.colour else ""
            ground = self.ground or "49" if self.ground != before.ground else ""
            codes = [code for code in (colour, ground) if code]
        else:
            codes = [code for code in ("0", self.attributes, self.colour, self.ground) if code]
        return f"{link}\x1b[{';'.join(codes)}m" if codes else link


BARE = Pen()


@lru_cache(_PENS)
def _after(pen: Pen, before: Pen) -> str:
    return pen.after(before)


@lru_cache(_PENS)
def _same_on_space(pen: Pen, before: Pen) -> bool:
    return pen.on_space == before.on_space


class Shown:
    """What the terminal shows. A cell of two columns is followed by an empty one."""

    def __init__(self) -> None:
        self._characters: list[list[str]] = []
        self._pens: list[list[Pen | None]] = []
        self._known: dict[Hashable, Pen] = {}
        self._painted: tuple[object, Region] | None = None
        self._cursor: tuple[int, int] | None = None
        """Where the terminal writes next, where that is sure."""

    def forget(self) -> None:
        """Know nothing of what the terminal shows: send the next frame of all as a whole."""
        self._painted = None

    def paint(self, update: LayoutUpdate | ChopsUpdate, screen: object, console: Console) -> str:
        """Return what makes the terminal show `update`, a frame of `screen`."""
        whole = isinstance(update, LayoutUpdate) and self._painted != (screen, update.region)
        if isinstance(update, LayoutUpdate):
            self._painted = (screen, update.region)
        out: list[str] = []
        pen = BARE
        self._cursor = None
        for y, x, strip in _whole(update) if isinstance(update, LayoutUpdate) else _parts(update):
            pen = self._piece(out, pen, (x, y), strip, console, whole=whole)
        if pen != BARE:
            out.append(_after(BARE, pen))
        return "".join(out)

    def _piece(
        self,
        out: list[str],
        pen: Pen,
        at: tuple[int, int],
        strip: Strip,
        console: Console,
        *,
        whole: bool,
    ) -> Pen:
        """Append what shows a piece of a line; return the pen the terminal has then."""
        x, y = at
        end = x + strip.cell_length
        self._grow(y, end)
        characters, pens = self._characters[y], self._pens[y]
        if any(segment.control for segment in strip):
            pens[x:end] = [None] * (end - x)
            self._cursor = None
            out += (_after(BARE, pen) if pen != BARE else "", _move(x, y), strip.render(console))
            return BARE
        new, colours = self._cells(strip, console)
        end = x + len(new)
        if not whole and characters[x:end] == new and pens[x:end] == colours:
            return pen
        unsure = _UNSURE.search("".join((*characters[x:end], *new)))
        runs = [(0, len(new))] if whole or unsure else _runs(characters, pens, x, new, colours)
        characters[x:end] = new
        pens[x:end] = colours
        for start, stop in runs:
            if self._cursor != (x + start, y):
                out.append(_move(x + start, y))
            self._cursor = None if unsure else (x + stop, y)
            for character, wanted in zip(new[start:stop], colours[start:stop], strict=True):
                if wanted is not pen and not (character == " " and _same_on_space(wanted, pen)):
                    out.append(_after(wanted, pen))
                    pen = wanted
                out.append(character)
        return pen

    def _grow(self, y: int, columns: int) -> None:
        while len(self._characters) <= y:
            self._characters.append([])
            self._pens.append([])
        missing = columns - len(self._characters[y])
        if missing > 0:
            self._characters[y] += [""] * missing
            self._pens[y] += [None] * missing

    def _cells(self, strip: Strip, console: Console) -> tuple[list[str], list[Pen]]:
        characters: list[str] = []
        pens: list[Pen] = []
        for text, style, _ in strip:
            pen = self._pen(style, console)
            if text.isascii():
                characters += text
                pens += [pen] * len(text)
                continue
            for character in text:
                width = cell_len(character)
                if width:
                    characters.append(character)
                    characters += [""] * (width - 1)
                    pens += [pen] * width
                elif characters:
                    place = -1 if characters[-1] or len(characters) == 1 else -2
                    characters[place] += character
        return characters, pens

    def _pen(self, style: Style | None, console: Console) -> Pen:
        if style is None:
            return BARE
        # Text that can be selected has its place in its style, which no terminal is told.
        known: Hashable = style if style._meta is None else _seen_of(style)
        pen = self._known.get(known)
        if pen is None:
            if len(self._known) >= _PENS:
                self._known.clear()
            pen = self._known[known] = _read_pen(Strip([Segment("\x00", style)]).render(console))
        return pen


class Repaint(CompositorUpdate):
    """An update of Textual's, written by what the terminal shows already."""

    def __init__(self, update: LayoutUpdate | ChopsUpdate, screen: object, shown: Shown) -> None:
        self._update = update
        self._screen = screen
        self._shown = shown

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        """Return what is to be written."""
        return self._shown.paint(self._update, self._screen, console)


def _whole(update: LayoutUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, strips in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in strips:
            yield y, x, strip
            x += strip.cell_length


def _parts(update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    for y, first, last in update.spans:
        for (x, strip), end in zip(update.chops[y].items(), update.chop_ends[y], strict=False):
            if strip is not None and x < last and end > first:
                yield y, x, strip if end <= last else strip.crop(0, last - x)


def _runs(
    characters: list[str], pens: list[Pen | None], x: int, new: list[str], colours: list[Pen]
) -> Iterable[tuple[int, int]]:
    """Return where, counted from `x`, cells are to be sent."""
    runs: list[tuple[int, int]] = []
    for place, (character, pen) in enumerate(zip(new, colours, strict=True), x):
        if characters[place] == character and pens[place] == pen:
            continue
        at = place - x
        if runs and at - runs[-1][1] < _NEAR:
            runs[-1] = (runs[-1][0], at + 1)
        else:
            runs.append((at, at + 1))
    return runs


def _seen_of(style: Style) -> Hashable:
    """Return all of a style that is seen."""
    return (
        style._color, style._bgcolor, style._attributes, style._set_attributes, style._link,
    )  # fmt: skip


def _move(x: int, y: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H"


def _read_pen(rendered: str) -> Pen:
    """Read what Textual would write for a style."""
    found = _RENDERED.match(rendered)
    if found is None:
        return BARE
    codes = (found["codes"] or "").split(";")
    attributes: list[str] = []
    colours = {"3": "", "4": ""}
    while codes:
        code = codes.pop(0)
        if code in ("38", "48"):
            count = 4 if codes and codes[0] == "2" else 2
            colours[code[0]] = ";".join((code, *codes[:count]))
            del codes[:count]
        elif len(code) > 1 and code[:-1] in ("3", "9"):
            colours["3"] = code
        elif len(code) > 1 and code[:-1] in ("4", "10"):
            colours["4"] = code
        elif code:
            attributes.append(code)
    return Pen(";".join(attributes), colours["3"], colours["4"], found["link"] or "")
