"""Grids, their cells, and the finished pictures behind them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader
from loradex.domain.grid import FailedCell, GridPlan, GridRecord, RenderedCell
from loradex.errors import BadReference

if TYPE_CHECKING:
    from loradex.catalog.writer import Writer


class GridStore:
    """Grids and renders."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def add(self, plan: GridPlan, folder: str) -> int:
        """Keep a grid that is about to be drawn; return its id. `folder` may hold `{id}`."""
        spec = plan.spec
        with self._writer.transaction() as connection:
            run = connection.exec_driver_sql
            grid_id = int(run("SELECT coalesce(max(id), 0) + 1 FROM grid").scalar_one())
            run(
                "INSERT INTO grid(id, title, spec, created_at, folder) VALUES (?, ?, ?, ?, ?)",
                (
                    grid_id,
                    spec.title,
                    json.dumps(asdict(spec), ensure_ascii=False),
                    time.time(),
                    folder.format(id=grid_id),
                ),
            )
            models = {(spec.checkpoint.content_id, "checkpoint")}
            models |= {(lora.content_id, "lora") for lora in spec.loras}
            run(
                "INSERT INTO grid_model(grid_id, content_id, role) VALUES (?, ?, ?)",
                [(grid_id, content_id, role) for content_id, role in sorted(models)],
            )
            run(
                "INSERT INTO cell(grid_id, lora, prompt, seed, strength, key)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (grid_id, p.lora, p.prompt, p.seed, p.strength, p.cell.key)
                    for p in plan.placements
                ],
            )
        return grid_id

    def finished(self, keys: Iterable[str]) -> dict[str, RenderedCell]:
        """Return those of these cells that were drawn before, by key. Files are not looked at."""
        rows = self._reader.rows_of(
            "SELECT key, path, width, height, seconds, infotext FROM render"
            " WHERE path IS NOT NULL AND key IN (SELECT value FROM json_each(?))",
            (json.dumps(list(keys)),),
        )
        return {str(row[0]): RenderedCell(*row) for row in rows}  # type: ignore[arg-type]

    def record(self, cells: Sequence[RenderedCell | FailedCell]) -> None:
        """Keep drawn and failed cells. A failure never replaces a picture."""
        now = time.time()
        with self._writer.transaction() as connection:
            for cell in cells:
                if isinstance(cell, RenderedCell):
                    connection.exec_driver_sql(
                        "INSERT OR REPLACE INTO render(key, path, width, height, seconds, infotext,"
                        " error, created_at) VALUES (?, ?, ?, ?, ?, ?, NULL, ?)",
                        (
                            cell.key,
                            cell.path,
                            cell.width,
                            cell.height,
                            cell.seconds,
                            cell.infotext,
                            now,
                        ),
                    )
                else:
                    connection.exec_driver_sql(
                        "INSERT INTO render(key, width, height, seconds, infotext, error,"
                        " created_at) VALUES (?, 0, 0, 0, '', ?, ?) ON CONFLICT(key) DO UPDATE SET"
                        " error = excluded.error WHERE path IS NULL",
                        (cell.key, cell.message, now),
                    )

    def set_outputs(self, grid_id: int, *, sheet: str | None, page: str | None) -> None:
        """Note where a grid's sheet and page lie."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE grid SET sheet_path = ?, page_path = ? WHERE id = ?", (sheet, page, grid_id)
            )

    def grids(self, content_id: int | None = None) -> list[GridRecord]:
        """Return grids, newest first; only those with this content when one is given."""
        if content_id is None:
            return self._records("1")
        return self._records(
            "grid.id IN (SELECT grid_id FROM grid_model WHERE content_id = ?)", content_id
        )

    def grid(self, grid_id: int) -> GridRecord:
        """Return one grid; raise `BadReference` when there is none of that number."""
        for record in self._records("grid.id = ?", grid_id):
            return record
        raise BadReference(f"There is no grid {grid_id}.", hint="`loradex grids` lists them.")

    def _records(self, where: str, *parameters: int) -> list[GridRecord]:
        rows = self._reader.rows_of(
            "SELECT grid.id, title, spec, grid.created_at, folder, sheet_path, page_path,"
            " count(DISTINCT cell.key), count(DISTINCT CASE WHEN render.path IS NOT NULL THEN"
            " cell.key END), count(DISTINCT CASE WHEN render.error IS NOT NULL AND render.path IS"
            " NULL THEN cell.key END) FROM grid LEFT JOIN cell ON cell.grid_id = grid.id"
            f" LEFT JOIN render ON render.key = cell.key WHERE {where}"
            " GROUP BY grid.id ORDER BY grid.id DESC",
            parameters,
        )
        return [_record(row) for row in rows]

    def cells(self, grid_id: int) -> list[tuple[tuple[int, int, int, int], str | None, str | None]]:
        """Return each place of a grid as ((lora, prompt, seed, strength), path, error)."""
        return [
            ((int(str(r[0])), int(str(r[1])), int(str(r[2])), int(str(r[3]))), r[4], r[5])  # type: ignore[misc]
            for r in self._reader.rows_of(
                "SELECT lora, prompt, seed, strength, render.path, render.error FROM cell"
                " LEFT JOIN render ON render.key = cell.key WHERE grid_id = ?"
                " ORDER BY lora, prompt, seed, strength",
                (grid_id,),
            )
        ]


def _record(row: tuple[object, ...]) -> GridRecord:
    spec = json.loads(str(row[2]))
    return GridRecord(
        id=int(str(row[0])),
        title=str(row[1]),
        created_at=float(str(row[3])),
        checkpoint=spec["checkpoint"]["name"],
        loras=tuple(lora["name"] for lora in spec["loras"]),
        strengths=tuple(spec["strengths"]),
        prompts=tuple(spec["prompts"]),
        seeds=tuple(spec["seeds"]),
        cells_total=int(str(row[7])),
        cells_done=int(str(row[8])),
        cells_failed=int(str(row[9])),
        folder=str(row[4]),
        sheet_path=row[5],  # type: ignore[arg-type]
        page_path=row[6],  # type: ignore[arg-type]
    )
