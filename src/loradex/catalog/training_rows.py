"""Who trained a model, when, and with which alpha, as its header says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from loradex.domain.look import Look, Training

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NOTHING = Training()


def put_training(connection: Connection, looks: Mapping[int, Look]) -> None:
    """Write what these looks, by content, tell; what earlier ones told is to be gone already."""
    rows = [
        (id_, said.title, said.author, said.trained_at, said.alpha)
        for id_, look in looks.items()
        if (said := look.training) != _NOTHING
    ]
    if rows:
        connection.exec_driver_sql(
            "INSERT OR REPLACE INTO training(content_id, title, author, trained_at, alpha)"
            " VALUES (?, ?, ?, ?, ?)",
            rows,
        )
