"""Where contents lie, folder by folder: what `path:` and `folder:` look into."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from loradex.catalog.folding import folded

if TYPE_CHECKING:
    from sqlalchemy import Connection


class Lies(NamedTuple):
    """A content's place: the library's root, the folder in it, and the folded name of the file."""

    root: str
    folder: str
    name: str


def put_places(
    connection: Connection, places: Mapping[int, Sequence[Lies]], *, new: bool = False
) -> None:
    """Write the places of these contents, where they differ; `new` ones have none yet."""
    before = {} if new else _places_of(connection, places)
    changed = {id_: set(lie) for id_, lie in places.items() if set(lie) != before.get(id_, set())}
    if not changed:
        return
    gone = [(id_,) for id_ in changed if id_ in before]
    if gone:
        connection.exec_driver_sql("DELETE FROM content_place WHERE content_id = ?", gone)
    numbers = _numbers(
        connection, {(lie.root, lie.folder) for own in changed.values() for lie in own}
    )
    rows = sorted(
        (numbers[lie.root, lie.folder], id_, lie.name)
        for id_, own in changed.items()
        for lie in own
    )
    if rows:
        connection.exec_driver_sql(
            "INSERT INTO content_place(folder_id, content_id, name) VALUES (?, ?, ?)", rows
        )
    if gone:
        _forget_empty(connection, {lie for id_ in changed for lie in before.get(id_, ())})


def _places_of(connection: Connection, ids: Iterable[int]) -> Mapping[int, set[Lies]]:
    found: dict[int, set[Lies]] = defaultdict(set)
    for id_, *place in connection.exec_driver_sql(
        "SELECT content_id, root, path, name FROM content_place"
        " JOIN folder ON folder.id = folder_id"
        " WHERE content_id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    ):
        found[id_].add(Lies(*place))
    return found


def _numbers(
    connection: Connection, folders: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """Return the ids of these folders, made where they are new."""
    wanted = sorted(folders)
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO folder(root, path, folded) VALUES (?, ?, ?)",
        [(root, path, folded(f"{root}/{path}".rstrip("/") + "/")) for root, path in wanted],
    )
    return {
        (root, path): id_
        for id_, root, path in connection.exec_driver_sql(
            "SELECT folder.id, folder.root, folder.path FROM json_each(?) AS wanted JOIN folder"
            " ON folder.root = wanted.value ->> 0 AND folder.path = wanted.value ->> 1",
            (json.dumps(wanted),),
        )
    }


def _forget_empty(connection: Connection, left: Iterable[Lies]) -> None:
    connection.exec_driver_sql(
        "DELETE FROM folder WHERE root = ?1 AND path = ?2"
        " AND NOT EXISTS (SELECT 1 FROM content_place WHERE folder_id = folder.id)",
        sorted({(lie.root, lie.folder) for lie in left}),
    )
