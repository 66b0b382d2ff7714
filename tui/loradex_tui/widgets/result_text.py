"""What was found, in a line; and what to do where nothing was."""

from __future__ import annotations

from textual.content import Content

from loradex_tui.cells import cell_text
from loradex_tui.query_text import sort_of
from loradex_tui.widgets.marks import Marks
from loradex_tui.wording import count_text


def result_line(query: str, found: int, total: int, marks: Marks) -> Content:
    """Return how many were found of how many, their order, and how many are marked."""
    parts: list[tuple[str, str]] = [
        (f"{found:,}", "bold $foreground"),
        (f" of {count_text(total, 'model')}", "$quiet"),
    ]
    if sort_of(query) != "name":
        parts.append((f"  by {cell_text(sort_of(query).rstrip('-+'))}", "$quiet"))
    if marks.ids:
        away = len(marks.ids) - marks.shown
        parts.append((f"  * {len(marks.ids):,} marked", "bold $accent"))
        parts.append((f" ({away:,} not shown)" if away else f" of {found:,}", "$quiet"))
    if marks.sticky:
        parts.append(("  range: v ends it", "bold $primary"))
    return Content.assemble(*parts)


def empty_text(libraries: int, total: int, *, scanning: bool = False) -> Content:
    """Say what is missing, and what repairs it."""
    key = "bold $accent"
    if scanning and not total:
        return Content("Your libraries are being read: models appear here as they are found.")
    if total:
        return Content.assemble(
            f"0 of {count_text(total, 'model')} match.\n\n",
            ("Esc", key), " clears the search · ", ("f", key), " shows the filters · ",
            ("F", key), " clears all",
        )  # fmt: skip
    if libraries:
        return Content.assemble(
            "No models yet. Press ", ("R", key), " to scan your libraries, or ",
            ("n", key), " to add a folder.\n\n",
            ("or run: loradex scan", "$quiet"),
        )  # fmt: skip
    return Content.assemble(
        "No library yet. Press ", ("n", key), " to add a folder that has models.\n\n",
        ("or run: loradex library add PATH", "$quiet"),
    )  # fmt: skip
