"""Recipes in the catalog: what an import writes, and what a person lets go of."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from loradex.catalog.recipe_links import count_uses, forget_unnamed, settle
from loradex.catalog.recipe_rows import RecipeRows
from loradex.domain.generation import NamedModel, name_key
from loradex.domain.text import storable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.reader import Reader
    from loradex.catalog.writer import Writer
    from loradex.domain.generation import Generation
    from loradex.domain.picture_recipes import SeenPicture

_PATH_LIMIT = 4_096
_Row = Mapping[str, object]


class RecipeStore(RecipeRows):
    """Recipes, read and written."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        super().__init__(reader)
        self._writer = writer

    def known(self) -> dict[bytes, tuple[int, int]]:
        """Return size and time of change of every picture that was read, by its path."""
        rows = self._reader.rows_of("SELECT raw_path, size, mtime_ns FROM recipe")
        return {bytes(row[0]): (int(str(row[1])), int(str(row[2]))) for row in rows}  # type: ignore[call-overload]

    def record(self, pictures: Sequence[SeenPicture]) -> None:
        """Keep what pictures tell, in one transaction; those that were read before anew.

        A picture that was moved keeps its recipe's number: the file at its old path is gone, and
        the new one has the same size and tells the same. `settle` has to follow.
        """
        if not pictures:
            return
        now = time.time()
        rows = [_row(picture, now) for picture in pictures]
        with self._writer.transaction() as connection:
            _follow_moves(connection, rows)
            lost = _contents_of(connection, [row["raw_path"] for row in rows])
            connection.exec_driver_sql(_UPSERT, rows)
            ids = _ids(connection, [row["raw_path"] for row in rows])
            connection.exec_driver_sql(
                "DELETE FROM recipe_use WHERE recipe_id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(ids.values())),),
            )
            _write_uses(connection, pictures, ids)
            if lost:
                count_uses(connection, lost)

    def settle(self) -> None:
        """Find the models of what was recorded, and count their uses."""
        with self._writer.transaction() as connection:
            settle(connection)

    def settle_if_needed(self) -> None:
        """Do what an import that was cut off has left to do; costs one look otherwise."""
        if self._reader.rows_of("SELECT 1 FROM recipe WHERE NOT counted LIMIT 1"):
            self.settle()

    def match_again(self) -> None:
        """Decide anew for all models which content they are."""
        with self._writer.transaction() as connection:
            run = connection.exec_driver_sql
            run("DELETE FROM content_use")
            run("UPDATE recipe_model SET matched_by = ''")
            run("UPDATE recipe SET counted = 0")
            settle(connection)

    def forget(self, ids: Collection[int]) -> int:
        """Remove recipes; return how many there were. No picture is touched."""
        chosen = (json.dumps(list(ids)),)
        with self._writer.transaction() as connection:
            run = connection.exec_driver_sql
            lost = {
                row[0]
                for row in run(
                    "SELECT DISTINCT content_id FROM recipe_use"
                    " JOIN recipe_model ON recipe_model.id = recipe_model_id"
                    " WHERE recipe_id IN (SELECT value FROM json_each(?))"
                    " AND content_id IS NOT NULL",
                    chosen,
                )
            }
            gone = run("DELETE FROM recipe WHERE id IN (SELECT value FROM json_each(?))", chosen)
            count_uses(connection, lost)
            forget_unnamed(connection)
            return int(gone.rowcount)


_COLUMNS = (
    "raw_path", "path", "size", "mtime_ns", "tool", "made_at", "imported_at", "own", "print",
    "prompt", "negative_prompt", "settings", "problem",
)  # fmt: skip
_UPSERT = (
    f"INSERT INTO recipe({', '.join(_COLUMNS)}, counted)"
    f" VALUES ({', '.join(':' + name for name in _COLUMNS)}, 0)"
    " ON CONFLICT(raw_path) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in (*_COLUMNS[1:], "counted"))
)


def _row(picture: SeenPicture, now: float) -> dict[str, object]:
    told = picture.generation
    return {
        "raw_path": picture.raw_path,
        "path": storable(os.fsdecode(picture.raw_path), _PATH_LIMIT),
        "size": picture.size,
        "mtime_ns": picture.mtime_ns,
        "tool": told.tool if told else "",
        "made_at": picture.mtime_ns / 1e9 if told is None or told.made_at is None else told.made_at,
        "imported_at": now,
        "own": bool(told and told.own),
        "print": _print(picture.size, told) if told else "",
        "prompt": told.prompt if told else "",
        "negative_prompt": told.negative_prompt if told else "",
        "settings": json.dumps(dict(told.settings), ensure_ascii=False) if told else "{}",
        "problem": None if picture.problem is None else storable(picture.problem, 1_000),
    }


def _print(size: int, told: Generation) -> str:
    """Return the digest that copies of a picture share: of its size and of all that it tells."""
    facts = [size, told.tool, told.prompt, told.negative_prompt, dict(told.settings)]
    models = [[*_key(model), model.strength, model.strength_clip] for model in told.models]
    text = json.dumps([facts, models], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _key(model: NamedModel) -> tuple[str, str, str, int, int]:
    """Return what makes a row of `recipe_model` one row."""
    return (model.role.value, model.name, model.hash, model.version_id, model.model_id)


def _follow_moves(connection: Connection, rows: Sequence[_Row]) -> None:
    """Give pictures that were moved their new paths."""
    news = {row["print"]: row["raw_path"] for row in rows if row["print"]}
    known = _ids(connection, list(news.values()))
    for id_, print_, before in connection.exec_driver_sql(
        "SELECT id, print, raw_path FROM recipe WHERE print IN (SELECT value FROM json_each(?))",
        (json.dumps(list(news)),),
    ).fetchall():
        path = news.get(print_)
        if path is not None and path not in known and not os.path.lexists(_file_of(before)):
            connection.exec_driver_sql("UPDATE recipe SET raw_path = ? WHERE id = ?", (path, id_))
            del news[print_]


def _file_of(path: bytes) -> bytes:
    """Return the file of a path that may end in `#2`, as pictures of a hub's answer do."""
    name, mark, number = path.rpartition(b"#")
    return name if mark and number.isdigit() and not os.path.lexists(path) else path


def _contents_of(connection: Connection, paths: Sequence[object]) -> set[int]:
    """Return the contents whose uses these pictures have been counted among."""
    ids = json.dumps(list(_ids(connection, paths).values()))
    return {
        row[0]
        for row in connection.exec_driver_sql(
            "SELECT DISTINCT content_id FROM recipe_use"
            " JOIN recipe_model ON recipe_model.id = recipe_model_id"
            " WHERE recipe_id IN (SELECT value FROM json_each(?)) AND content_id IS NOT NULL",
            (ids,),
        )
    }


def _ids(connection: Connection, paths: Sequence[object]) -> dict[object, int]:
    found: dict[object, int] = {}
    for start in range(0, len(paths), 500):
        some = tuple(paths[start : start + 500])
        marks = ",".join("?" * len(some))
        for id_, path in connection.exec_driver_sql(
            f"SELECT id, raw_path FROM recipe WHERE raw_path IN ({marks})", some
        ):
            found[path] = id_
    return found


def _write_uses(
    connection: Connection, pictures: Sequence[SeenPicture], ids: Mapping[object, int]
) -> None:
    run = connection.exec_driver_sql
    named = {
        _key(model): model
        for picture in pictures
        if picture.generation
        for model in picture.generation.models
    }
    if not named:
        return
    run(
        "INSERT OR IGNORE INTO recipe_model(role, name, hash, version_id, model_id, name_key,"
        " matched_by, confidence, candidates) VALUES (?, ?, ?, ?, ?, ?, '', 0, '[]')",
        [(*key, name_key(model.name)) for key, model in named.items()],
    )
    numbers = {
        (role, name, digest, version_id, model_id): id_
        for id_, role, name, digest, version_id, model_id in run(
            "SELECT recipe_model.id, role, name, hash, version_id, model_id"
            " FROM json_each(?) AS named JOIN recipe_model"
            " ON role = json_extract(named.value, '$[0]')"
            " AND name = json_extract(named.value, '$[1]')"
            " AND hash = json_extract(named.value, '$[2]')"
            " AND version_id = json_extract(named.value, '$[3]')"
            " AND model_id = json_extract(named.value, '$[4]')",
            (json.dumps(list(named)),),
        )
    }
    run(
        "INSERT INTO recipe_use(recipe_id, position, recipe_model_id, strength, strength_clip)"
        " VALUES (?, ?, ?, ?, ?)",
        [
            (ids[picture.raw_path], place, numbers[_key(model)], model.strength,
             model.strength_clip)
            for picture in pictures
            if picture.generation
            for place, model in enumerate(picture.generation.models)
        ],
    )  # fmt: skip
