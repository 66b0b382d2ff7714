"""What a terminal would show of the bytes a program wrote: characters and their styles in cells.

It knows what full-screen programs send: text, cursor moves, SGR, erasing. It answers nothing.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

_TOKEN = re.compile(
    r"\x1b\[(?P<args>[0-9;:?<=>]*)[ -/]*(?P<final>[@-~])"
    r"|\x1b[\]PX^_](?P<string>[^\x07\x1b]*)(?:\x07|\x1b\\)"
    r"|\x1b[()*+#%][0-9A-Za-z@]"
    r"|\x1b[0-9=>A-Za-z]"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
)
_UNFINISHED = re.compile(r"\x1b(\[[0-9;:?<=> -/]*|[\]PX^_][^\x07\x1b]*\x1b?|[()*+#%])?$")

BLANK = " "


@dataclass(frozen=True)
class Pen:
    """How a cell is drawn: SGR codes of colours, and of attributes; empty is the terminal's own."""

    colour: str = ""
    ground: str = ""
    attributes: frozenset[str] = frozenset()

    def with_codes(self, args: str) -> Pen:
        """Return the pen after an SGR sequence with these parameters."""
        pen = self
        codes = (args or "0").split(";")
        while codes:
            code = codes.pop(0) or "0"
            if code in ("38", "48"):
                count = 4 if codes[:1] == ["2"] else 2
                whole = ";".join((code, *codes[:count]))
                del codes[:count]
                pen = replace(pen, **{"colour" if code == "38" else "ground": whole})
            elif code == "0":
                pen = Pen()
            elif len(code) > 1 and code[:-1] in ("3", "9"):
                pen = replace(pen, colour="" if code == "39" else code)
            elif len(code) > 1 and code[:-1] in ("4", "10"):
                pen = replace(pen, ground="" if code == "49" else code)
            else:
                pen = replace(pen, attributes=pen.attributes | {code})
        return pen


@dataclass(frozen=True)
class Order:
    """Something that a terminal obeys: a CSI's or string's text, or a control character."""

    text: str
    final: str = ""


class Screen:
    """Cells of `columns` times `rows`, top left is (0, 0). `orders` are all sequences that came."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self.orders: list[Order] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._clear()

    def _clear(self) -> None:
        self._cells = [[BLANK] * self.columns for _ in range(self.rows)]
        self._pens = [[Pen()] * self.columns for _ in range(self.rows)]
        self._x = self._y = 0
        self._pen = Pen()

    @property
    def lines(self) -> list[str]:
        """The text of each row; a wide character stands once."""
        return ["".join(row) for row in self._cells]

    @property
    def text(self) -> str:
        """The text of all rows."""
        return "\n".join(self.lines)

    def cells(self, row: int, start: int = 0, end: int | None = None) -> str:
        """Return the text of some cells of a row."""
        return "".join(self._cells[row][start:end])

    def pen(self, row: int, column: int) -> Pen:
        """Return how a cell is drawn."""
        return self._pens[row][column]

    def odd_row(self, column: int, rows: Sequence[int]) -> int | None:
        """Return the one of these rows that has a ground unlike the others."""
        seen: dict[tuple[str, bool], list[int]] = {}
        for row in rows:
            pen = self._pens[row][column]
            seen.setdefault((pen.ground, "7" in pen.attributes), []).append(row)
        alone = [found[0] for found in seen.values() if len(found) == 1]
        return alone[0] if len(alone) == 1 else None

    def feed(self, data: bytes) -> None:
        """Take what the program wrote."""
        text = self._rest + self._decoder.decode(data)
        unfinished = _UNFINISHED.search(text)
        self._rest = text[unfinished.start() :] if unfinished else ""
        end = unfinished.start() if unfinished else len(text)
        at = 0
        while at < end:
            token = _TOKEN.match(text, at, end)
            if token is None:
                self.orders.append(Order(text[at]))
                at += 1
                continue
            at = token.end()
            if token["text"]:
                self._write(token["text"])
            elif token["final"]:
                self._obey(token["args"], token["final"])
            elif token["control"]:
                self._control(token["control"])
            else:
                self.orders.append(Order(token.group()))

    def _write(self, text: str) -> None:
        for character in text:
            width = _width(character)
            if width == 0:
                if self._x:
                    self._cells[self._y][self._x - 1] += character
                continue
            if self._x + width > self.columns:
                self._x, self._y = 0, min(self._y + 1, self.rows - 1)
            row, pens = self._cells[self._y], self._pens[self._y]
            row[self._x], pens[self._x] = character, self._pen
            if width == 2:
                row[self._x + 1], pens[self._x + 1] = "", self._pen
            self._x += width

    def _control(self, character: str) -> None:
        if character == "\n":
            self._y = min(self._y + 1, self.rows - 1)
        elif character == "\r":
            self._x = 0
        else:
            self.orders.append(Order(character))

    def _obey(self, args: str, final: str) -> None:
        numbers = [int(n) if n.isdigit() else 0 for n in args.lstrip("?<=>").split(";")]
        if final == "m" and not args.startswith((">", "?")):
            self._pen = self._pen.with_codes(args)
            return
        if final in "Hf":
            row, column = [*numbers, 1, 1][:2]
            self._y = min(max(row - 1, 0), self.rows - 1)
            self._x = min(max(column - 1, 0), self.columns - 1)
            return
        self.orders.append(Order(args, final))
        if (final == "J" and numbers[0] == 2) or (final in "hl" and args == "?1049"):
            self._clear()


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
