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
        """Return the row of the cursor and its text; None while there is none, or it waits."""
        row = screen.odd_row(self.column, self.rows)
        if row is None:
            return None
        text = screen.cells(row, self.column, self.column + 60)
        return None if not text.strip() or text.startswith(_WAITING) else (row, text)

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
