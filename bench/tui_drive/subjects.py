"""The programs that are measured: how each is started, and where its cursor stands."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .screen import Screen

_COUNT = re.compile(r"([\d,]+)(?: of [\d,]+)? models")
_WAITING = "  ·"

Line = tuple[int, str]
Page = tuple[Line, str]


@dataclass(frozen=True)
class Subject:
    """A program whose list has its cursor line at `column` between two rows.

    `filters` are the keys that each show another result, in turn; `before` and `after` are pressed
    around them. `imports` is what its start loads.
    """

    name: str
    command: Sequence[str]
    column: int
    rows: range
    imports: str
    filters: Sequence[bytes]
    before: bytes = b""
    after: bytes = b""
    search: bytes = b""

    def line(self, screen: Screen) -> Line | None:
        """Return the row of the cursor and its text; None while there is none, or any row waits."""
        row = screen.odd_row(self.column, self.rows)
        if row is None or any(self._text(screen, each).startswith(_WAITING) for each in self.rows):
            return None
        text = self._text(screen, row)
        return (row, text) if text.strip() else None

    def page(self, screen: Screen) -> Page | None:
        """Return the cursor's line and the last row of the list, which is drawn last."""
        line = self.line(screen)
        return line and (line, self._text(screen, self.rows[-1]))

    def turned(self, before: Page | None, screen: Screen) -> bool:
        """Tell whether another page is shown, to its last row."""
        page = self.page(screen)
        if page is None or before is None or page[0] == before[0]:
            return False
        return page[1] != before[1] or page[0][0] == self.rows[-1]

    def _text(self, screen: Screen, row: int) -> str:
        return screen.cells(row, self.column, self.column + 60)

    def count(self, screen: Screen) -> int | None:
        """Return how many models it says it shows."""
        found = _COUNT.search(screen.text)
        return int(found[1].replace(",", "")) if found else None


def loradex() -> Subject:
    """Return the program itself."""
    return Subject(
        "loradex",
        [str(Path(sys.executable).parent / "loradex")],
        29,
        range(5, 43),
        "loradex.cli.main, loradex_tui.app",
        (b"\r", b"\r", b"j\r", b"\r", b"j\r", b"\r"),
        b"f",
        b"\x1b",
        b"/",
    )


def plain(kind: str, name: str, catalog: Path) -> Subject:
    """Return a minimal app with a widget of Textual's own."""
    return Subject(
        name,
        [sys.executable, str(Path(__file__).with_name("plain_app.py")), kind, str(catalog)],
        1,
        range(1, 45),
        "textual.app, textual.widgets, sqlite3",
        (b"f", b"f"),
    )
