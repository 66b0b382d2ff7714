"""Grids, their cells, and the finished pictures behind them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from loradex.catalog.grid_record import flat_place, kept_spec, place_at, record_of, roles
from loradex.catalog.reader import Reader
from loradex.domain.grid import (
    FailedCell,
    GridPlan,
    GridRecord,
    GridSpec,
    RecordCell,
    RenderedCell,
)
from loradex.domain.grid_json import spec_to_json
from loradex.domain.text import storable
from loradex.errors import BadReference, CatalogError

if TYPE_CHECKING:
    from loradex.catalog.writer import Writer

_LONGEST_TITLE = 1_000
_FORGET = "DELETE FROM render WHERE key IN (SELECT value FROM json_each(?))"


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
                    storable(spec.title, _LONGEST_TITLE),
                    spec_to_json(spec),
                    time.time(),
                    folder.format(id=grid_id),
                ),
            )
            run(
                "INSERT INTO grid_model(grid_id, content_id, role) VALUES (?, ?, ?)",
                [(grid_id, content_id, role) for content_id, role in sorted(roles(plan))],
            )
            run(
                "INSERT INTO cell(grid_id, place, key, base_key) VALUES (?, ?, ?, ?)",
                [
                    (grid_id, flat_place(p.at, spec.lengths), p.cell.key, p.base_key)
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
        raise _no_grid(grid_id)

    def spec(self, grid_id: int) -> GridSpec:
        """Return what a grid was asked for with.

        Raises `BadReference` when there is none of that number, and `CatalogError` when what was
        kept of it cannot be read any more.
        """
        for (text,) in self._reader.rows_of("SELECT spec FROM grid WHERE id = ?", (grid_id,)):
            return kept_spec(grid_id, str(text))
        raise _no_grid(grid_id)

    def cells(self, grid_id: int) -> list[RecordCell]:
        """Return the places of a grid in their order; places that are left out are not there.

        Raises as `spec` does.
        """
        lengths = self.spec(grid_id).lengths
        rows = self._reader.rows_of(
            "SELECT place, render.path, render.error, base.path, cell.key, render.seconds FROM cell"
            " LEFT JOIN render ON render.key = cell.key"
            " LEFT JOIN render AS base ON base.key = cell.base_key"
            " WHERE grid_id = ? ORDER BY place",
            (grid_id,),
        )
        return [
            RecordCell(
                place_at(int(str(place)), lengths),
                path,  # type: ignore[arg-type]
                error,  # type: ignore[arg-type]
                base,  # type: ignore[arg-type]
                str(key),
                float(str(seconds or 0)),
            )
            for place, path, error, base, key, seconds in rows
        ]

    def own_pictures(self, grid_id: int) -> list[tuple[str, str]]:
        """Return the keys and paths of a grid's pictures that no other grid has."""
        rows = self._reader.rows_of(
            "SELECT DISTINCT render.key, render.path FROM cell"
            " JOIN render ON render.key = cell.key WHERE cell.grid_id = ?1"
            " AND render.path IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM cell AS other WHERE other.key = cell.key AND other.grid_id != ?1)",
            (grid_id,),
        )
        return [(str(key), str(path)) for key, path in rows]

    def verdicts_on(self, grid_id: int) -> list[int]:
        """Return the contents whose verdicts have their pictures in this grid."""
        rows = self._reader.rows_of(
            "SELECT DISTINCT content_id FROM verdict WHERE grid_id = ? ORDER BY content_id",
            (grid_id,),
        )
        return [int(str(row[0])) for row in rows]

    def probed(self) -> dict[int, list[int]]:
        """Return the grids that verdicts have their pictures in, each with its contents."""
        found: dict[int, list[int]] = {}
        for grid_id, content_id in self._reader.rows_of(
            "SELECT DISTINCT grid_id, content_id FROM verdict WHERE grid_id IS NOT NULL", ()
        ):
            found.setdefault(int(str(grid_id)), []).append(int(str(content_id)))
        return found

    def loras(self) -> dict[int, list[int]]:
        """Return the LoRAs of each grid that has any."""
        found: dict[int, list[int]] = {}
        for grid_id, content_id in self._reader.rows_of(
            "SELECT grid_id, content_id FROM grid_model WHERE role = 'lora'"
            " ORDER BY grid_id, content_id",
            (),
        ):
            found.setdefault(int(str(grid_id)), []).append(int(str(content_id)))
        return found

    def delete(self, grid_id: int, pictures: Iterable[str]) -> None:
        """Forget a grid, and the pictures with these keys. Files are not touched.

        Verdicts that point to it stay, without their pictures.
        """
        with self._writer.transaction() as connection:
            run = connection.exec_driver_sql
            run("DELETE FROM grid WHERE id = ?", (grid_id,))
            run(_FORGET, (json.dumps(list(pictures)),))

    def forget(self, keys: Iterable[str]) -> None:
        """Forget that these cells were drawn, or failed, so that they are drawn again."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(_FORGET, (json.dumps(list(keys)),))

    def lately(self, checkpoint: int, most: int) -> list[tuple[float, int, int, str]]:
        """Return the newest pictures of grids with this checkpoint alone.

        Each as (seconds, width, height, parameter text).
        """
        rows = self._reader.rows_of(
            "SELECT DISTINCT render.key, seconds, width, height, infotext, render.created_at"
            " FROM render JOIN cell ON cell.key = render.key WHERE render.path IS NOT NULL"
            " AND cell.grid_id IN (SELECT grid_id FROM grid_model WHERE role = 'checkpoint'"
            " GROUP BY grid_id HAVING count(*) = 1 AND max(content_id) = ?)"
            " ORDER BY render.created_at DESC LIMIT ?",
            (checkpoint, most),
        )
        return [(float(str(r[1])), int(str(r[2])), int(str(r[3])), str(r[4])) for r in rows]

    def _records(self, where: str, *parameters: int) -> list[GridRecord]:
        rows = self._reader.rows_of(
            "SELECT spec, grid.id, title, grid.created_at, folder, sheet_path, page_path,"
            " count(DISTINCT cell.key), count(DISTINCT CASE WHEN render.path IS NOT NULL THEN"
            " cell.key END), count(DISTINCT CASE WHEN render.error IS NOT NULL AND render.path IS"
            " NULL THEN cell.key END) FROM grid LEFT JOIN cell ON cell.grid_id = grid.id"
            f" LEFT JOIN render ON render.key = cell.key WHERE {where}"
            " GROUP BY grid.id ORDER BY grid.id DESC",
            parameters,
        )
        return [_record(row) for row in rows]


def _record(row: tuple[object, ...]) -> GridRecord:
    """Return a record; one whose spec cannot be read stays in the list, without its axes."""
    spec, *facts = row
    try:
        return record_of(facts, kept_spec(int(str(facts[0])), str(spec)))
    except CatalogError:
        return record_of(facts, None)


def _no_grid(grid_id: int) -> BadReference:
    return BadReference(f"There is no grid {grid_id}.", hint="`loradex grids` lists them.")
