"""Minimal Textual apps with the rows of a catalog: `python plain_app.py datatable CATALOG`.

Each is what a straightforward program would be: all rows are given to Textual's own widget, and a
filter gives it other rows. `f` shows LoRAs only, or everything again; the count stands on top.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Label, OptionList

Row = tuple[str, str, str, str]

WHERE = ("", "WHERE kind = 'lora'")


def rows(catalog: str, where: str) -> list[Row]:
    """Read name, kind, base and size of all models by name."""
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as database:
        found = database.execute(
            f"SELECT name, kind, coalesce(base, ''), size FROM content {where} ORDER BY name"
        )
        return [(name, kind, base, f"{size // 1_000_000} MB") for name, kind, base, size in found]


class Plain(App[None]):
    """Shows rows in `widget`, which `refill` gives others."""

    BINDINGS = [("f", "filter", "Filter"), ("q", "quit", "Quit")]  # noqa: RUF012 - Textual's way
    CSS = """
    Screen { overflow: hidden; }
    #count { dock: top; height: 1; }
    DataTable, OptionList { height: 1fr; border: none; padding: 0; }
    """

    def __init__(self, catalog: str) -> None:
        super().__init__()
        self.catalog = catalog
        self.filtered = False

    def compose(self) -> ComposeResult:
        yield Label("0 models", id="count")
        yield self.list()

    def list(self) -> DataTable[str] | OptionList:
        raise NotImplementedError

    def refill(self, found: list[Row]) -> None:
        raise NotImplementedError

    def on_mount(self) -> None:
        self.show()

    def show(self) -> None:
        found = rows(self.catalog, WHERE[self.filtered])
        self.refill(found)
        self.query_one("#count", Label).update(f"{len(found):,} models")

    def action_filter(self) -> None:
        self.filtered = not self.filtered
        self.show()


class Table(Plain):
    """Rows in a `DataTable`."""

    BINDINGS = [("j", "down", "Down")]  # noqa: RUF012

    def list(self) -> DataTable[str]:
        table: DataTable[str] = DataTable(cursor_type="row", show_header=False)
        table.add_columns("name", "kind", "base", "size")
        return table

    def refill(self, found: list[Row]) -> None:
        table = self.query_one(DataTable)
        table.clear()
        table.add_rows(found)

    def action_down(self) -> None:
        self.query_one(DataTable).action_cursor_down()


class Options(Plain):
    """Rows in an `OptionList`: one text each."""

    BINDINGS = [("j", "down", "Down")]  # noqa: RUF012

    def list(self) -> OptionList:
        return OptionList(markup=False)

    def refill(self, found: list[Row]) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(f"{a:<60} {b:<15} {c:<15} {d}" for a, b, c, d in found)
        options.highlighted = 0

    def action_down(self) -> None:
        self.query_one(OptionList).action_cursor_down()


APPS: dict[str, Callable[[str], Plain]] = {"datatable": Table, "optionlist": Options}

if __name__ == "__main__":
    APPS[sys.argv[1]](sys.argv[2]).run()
