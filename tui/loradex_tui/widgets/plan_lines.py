"""A plan as a list of lines that costs what is seen of it, however long it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style

from loradex.domain.plans import PlanState
from loradex_tui.cells import cell_text, fit, fit_right
from loradex_tui.widgets.line_list import LineList
from loradex_tui.widgets.plan_table import Heading, Line, PlanTable, Row, Stay
from loradex_tui.widgets.plan_words import STEP_MARKS, fit_middle
from loradex_tui.wording import size_text

_MARKS = 4
_BESIDE = 4
_SIZE = 8


class PlanLines(LineList):
    """What stays, and what goes where. `left_out` are files that are not to be moved after all."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "line--mark",
        "line--folder",
        "line--stays",
        "line--failed",
        "line--quiet",
        "line--new",
        "line--out",
    }
    DEFAULT_CSS = """
    PlanLines > .line--mark { color: $accent; text-style: bold; }
    PlanLines > .line--folder { color: $primary; text-style: bold; }
    PlanLines > .line--stays { color: $warning; }
    PlanLines > .line--failed { color: $error; }
    PlanLines > .line--quiet { color: $quiet; }
    PlanLines > .line--new { color: $success; }
    PlanLines > .line--out { color: $quiet; text-style: strike; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.table: PlanTable | None = None
        self.lines: Sequence[Line] = ()
        self.left_out: set[int] = set()
        self._words = ""

    @property
    def current(self) -> Line | None:
        """The line under the cursor."""
        return self.lines[self.cursor] if self.cursor < len(self.lines) else None

    def show(self, table: PlanTable, *, keep: bool = False) -> None:
        """Show a plan; with `keep` the cursor and what is folded stay as they are."""
        if keep and self.table is not None:
            table.folded = self.table.folded
        self.table = table
        self._refill(self.cursor if keep else 0)

    def narrow(self, words: str) -> None:
        """Show only the lines with these words."""
        if words != self._words:
            self._words = words
            self._refill(0)

    def _refill(self, cursor: int) -> None:
        self.lines = self.table.lines(self._words) if self.table else ()
        self.set_line_count(len(self.lines), cursor)

    def draw(self, index: int, width: int, base: Style, *, cursor: bool) -> list[Segment]:
        """Return one line: a heading, a model that goes, or a file that stays."""
        line = self.lines[index]
        mark = Segment("❯ " if cursor else "  ", base + self.tone("line--mark"))
        if isinstance(line, Heading):
            return [mark, *self._heading(line, width - 2, base)]
        if isinstance(line, Stay):
            text = fit_middle(line.source, width - _MARKS - 2)
            return [mark, Segment(f"    {text}", base + self.tone("line--quiet"))]
        return [mark, *self._row(line, width - 2, base)]

    def _heading(self, line: Heading, width: int, base: Style) -> list[Segment]:
        tone = "failed" if line.failed else "stays" if line.stays else "folder"
        style = base + self.tone(f"line--{tone}")
        arrow = "▸ " if line.folded else "▾ "
        if line.stays:
            text = f"{arrow}{line.count:,} {cell_text(line.text, 500)}"
            return [Segment(fit(text, width), style)]
        tail = f" {line.count:,} · {size_text(line.nbytes)}"
        text = fit_middle(cell_text(line.text, 4096), max(width - len(tail) - 2, 0))
        return [
            Segment(arrow + text, style),
            Segment(fit_right(tail, len(tail)), base + self.tone("line--quiet")),
        ]

    def _row(self, line: Row, width: int, base: Style) -> list[Segment]:
        item = line.item
        quiet = base + self.tone("line--quiet")
        out = item.file_id is not None and item.file_id in self.left_out
        plan = self.table.view.summary.state if self.table else PlanState.PLANNED
        glyph = "-" if out else STEP_MARKS[item.state] if plan is not PlanState.PLANNED else " "
        failed = self.tone("line--failed") if glyph == "✗" else self.tone("line--mark")
        room = max(width - 2 - _BESIDE - _SIZE, 0)
        plain = base + self.tone("line--out") if out else base
        if line.target:
            after = max(min(len(line.target) + 3, room // 2), room - len(line.source) - 1, 0)
            before = room - after
            names = [
                *self._path(line.source, before, plain, plain if out else quiet),
                Segment(" → " if line.target[:2] != "= " else "   ", quiet),
                Segment(
                    fit_middle(line.target, max(after - 3, 0)),
                    plain if out else base + self.tone("line--new"),
                ),
            ]
        else:
            names = self._path(line.source, room, plain, plain if out else quiet)
        beside = f"+{len(item.beside)}" if item.beside else ""
        return [
            Segment(f"{glyph} ", base + failed),
            *names,
            Segment(fit_right(beside, _BESIDE), quiet),
            Segment(fit_right(size_text(item.nbytes), _SIZE), quiet),
        ]

    @staticmethod
    def _path(text: str, width: int, name: Style, folders: Style) -> list[Segment]:
        """Return a path whose name stands out from its folders."""
        shown = fit_middle(text, width)
        end = shown.rfind("/") + 1
        return [Segment(shown[:end], folders), Segment(shown[end:], name)]

    def fold(self, heading: Heading) -> None:
        """Fold away what is below a heading, or show it again."""
        if self.table is not None:
            self.table.folded ^= {heading.key}
            self._refill(self.cursor)

    def leave_out(self) -> None:
        """Leave a model out or take it in again; on a heading, all models below it."""
        line = self.current
        ids = {
            row.item.file_id
            for row in (self._below(line) if isinstance(line, Heading) else [line])
            if isinstance(row, Row) and row.item.file_id is not None
        }
        self.left_out = self.left_out - ids if ids <= self.left_out else self.left_out | ids
        if isinstance(line, Heading):
            self.refresh()
        else:
            self.redraw(self.cursor)
        self.do_down()

    def _below(self, heading: Heading) -> list[Line]:
        rows: list[Line] = []
        for line in self.lines[self.cursor + 1 :]:
            if isinstance(line, Heading):
                break
            rows.append(line)
        return rows

    def next_heading(self) -> None:
        """Go to the next heading."""
        for index in range(self.cursor + 1, self.line_count):
            if isinstance(self.lines[index], Heading):
                self.move_to(index)
                return
