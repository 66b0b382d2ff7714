"""What a download would bring and where, before it begins."""

from __future__ import annotations

import os
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from loradex.operations.downloads.plan import DownloadPlan, PlannedFile, Verdict
from loradex_tui.cells import cell_text
from loradex_tui.screens.dialog import Dialog, key_words
from loradex_tui.wording import size_text


class GetDialog(Dialog[bool]):
    """Shows a plan; the result is True when it is to be done."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,y", "start", "Start", show=False)]
    DEFAULT_CSS = """
    GetDialog > #box { width: 80; padding: 1 2; }
    GetDialog #keys { margin: 1 0 0 0; }
    """

    def __init__(self, plan: DownloadPlan) -> None:
        super().__init__()
        self._plan = plan

    @property
    def possible(self) -> bool:
        """Whether there is anything to fetch."""
        wanted = (Verdict.GET, Verdict.QUEUED)
        return any(each.verdict in wanted for each in self._plan.files)

    def compose(self) -> ComposeResult:
        """The files, what stands in the way, and the keys."""
        with Vertical(id="box") as box:
            box.border_title = Content("Download")
            yield Static(Content("\n").join(self._lines()))
            start = [("Enter", "starts it")] if self.possible else []
            yield Static(key_words(*start, ("Esc", "leaves")), id="keys")

    def _lines(self) -> list[Content]:
        lines: list[Content] = []
        for each in self._plan.files:
            lines += _file_lines(each)
        for problem in self._plan.problems:
            told = f"{problem.message} {problem.hint or ''}".strip()
            lines.append(Content.styled(cell_text(told, 600), "$error"))
        lines += [Content.styled(cell_text(note, 600), "$quiet") for note in self._plan.notes]
        for room in self._plan.rooms:
            lacking = room.lacking
            told = f"{size_text(room.free)} free at {room.shown}"
            if lacking:
                told += f": {size_text(lacking)} are missing"
            lines.append(Content.styled(cell_text(told, 600), "$error" if lacking else "$quiet"))
        return lines

    def action_start(self) -> None:
        """Do it, if there is anything to do."""
        if self.possible:
            self.dismiss(True)


def _file_lines(each: PlannedFile) -> list[Content]:
    size = size_text(each.file.size_bytes) if each.file.size_bytes else "size unknown"
    lines = [
        Content.assemble(
            (cell_text(each.file.name, 200), "bold $foreground"), (f"  {size}", "$quiet")
        )
    ]
    if each.new is not None:
        place = os.fsdecode(os.path.join(each.new.root, each.new.relative))  # noqa: PTH118 - bytes
        lines.append(Content.assemble(("to ", "$quiet"), cell_text(place, 1_000)))
    if each.reason:
        told = f"{each.reason} {each.hint or ''}".strip()
        style = "$error" if each.verdict is Verdict.REFUSED else "$accent"
        lines.append(Content.styled(cell_text(told, 600), style))
    return lines
