"""Models as a table, the same in every listing."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.cli.columns import Column, print_table
from loradex.cli.words import count_text, size_text
from loradex.domain.models import ModelRow

COLUMNS = [
    Column("Id", right=True),
    Column("Name", shrink=True),
    Column("Kind", drop=True),
    Column("Base"),
    Column("Size", right=True),
    Column("Stars", drop=True),
    Column("Tags", shrink=True, drop=True),
    Column("State", drop=True),
]


def print_models(rows: Sequence[ModelRow]) -> None:
    """Print models, one a line."""
    print_table(COLUMNS, [cells(row) for row in rows])


def cells(row: ModelRow) -> tuple[str, ...]:
    """Return a model's line."""
    state = "" if row.state == "present" else row.state
    if row.copies > 1:
        state = count_text(row.copies, "copy", "copies")
    return (
        str(row.id),
        row.name,
        row.kind,
        row.derivative or row.base or "?",
        size_text(row.size),
        ("♥" if row.favourite else "") + "★" * (row.rating or 0),
        ", ".join(row.tags),
        state,
    )
