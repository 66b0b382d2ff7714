"""The vocabulary of tags: their names, which means which, and which is a kind of which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.reader import Reader, chunks
from loradex.catalog.tag_effect import refresh_effective_tags
from loradex.catalog.tag_names import named_tags
from loradex.catalog.writer import BULK
from loradex.domain.tags import clean_tag, fold_tag

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer


@dataclass(frozen=True, slots=True)
class TagEntry:
    """A tag of the vocabulary. Counts are models; `found` includes those of its children."""

    id: int
    name: str
    shown: int
    found: int
    aliases: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()


class TagStore:
    """Tags as words. What each model has of them is `PersonStore`'s and `AutoTagStore`'s."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        self._reader = reader
        self._writer = writer

    def entries(self) -> list[TagEntry]:
        """Return every tag that finds a model or that the vocabulary speaks of, by name."""
        rows = self._reader.rows_of
        counts = {
            row[0]: row[1:]
            for row in rows("SELECT tag_id, sum(direct), count(*) FROM tag_effective GROUP BY 1")
        }
        aliases = _many(rows("SELECT tag_id, name FROM tag_alias WHERE tag_id IS NOT NULL"))
        parents = _many(
            rows(
                "SELECT tag_parent.tag_id, name FROM tag_parent JOIN tag ON tag.id = parent_id"
                " WHERE removed = 0"
            )
        )
        entries = []
        for id_, name in rows("SELECT id, name FROM tag ORDER BY folded"):
            shown, found = counts.get(id_, (0, 0))
            entry = TagEntry(
                int(str(id_)),
                str(name),
                int(str(shown)),
                int(str(found)),
                aliases.get(id_, ()),
                parents.get(id_, ()),
            )
            if entry.found or entry.aliases or entry.parents:
                entries.append(entry)
        return entries

    def names(self) -> list[str]:
        """Return the names of all tags, and their aliases."""
        return [
            str(row[0])
            for row in self._reader.rows_of(
                "SELECT name FROM tag UNION SELECT name FROM tag_alias WHERE tag_id IS NOT NULL"
            )
        ]

    def meaning(self, name: str) -> tuple[int, str] | None:
        """Return id and name of the tag that a name means, None when there is none."""
        rows = self._reader.rows_of(
            "SELECT id, name FROM tag WHERE folded = ?1 OR id ="
            " (SELECT tag_id FROM tag_alias WHERE folded = ?1)",
            (fold_tag(name),),
        )
        return (int(str(rows[0][0])), str(rows[0][1])) if rows else None

    def meanings(self) -> dict[str, str | None]:
        """Return what each alias means, both folded; None for names that were deleted."""
        return {
            str(alias): None if tag is None else str(tag)
            for alias, tag in self._reader.rows_of(
                "SELECT tag_alias.folded, tag.folded FROM tag_alias"
                " LEFT JOIN tag ON tag.id = tag_id"
            )
        }

    def aliases(self) -> list[tuple[str, str | None]]:
        """Return every alias with the tag it means, None for a name that was deleted."""
        return [
            (str(alias), None if tag is None else str(tag))
            for alias, tag in self._reader.rows_of(
                "SELECT tag_alias.name, tag.name FROM tag_alias LEFT JOIN tag ON tag.id = tag_id"
                " ORDER BY tag.folded IS NULL, tag.folded, tag_alias.folded"
            )
        ]

    def parents(self) -> list[tuple[str, str]]:
        """Return every tag that is a kind of another, with that one."""
        return [
            (str(child), str(parent))
            for child, parent in self._reader.rows_of(
                "SELECT child.name, parent.name FROM tag_parent"
                " JOIN tag AS child ON child.id = tag_parent.tag_id"
                " JOIN tag AS parent ON parent.id = parent_id WHERE tag_parent.removed = 0"
                " ORDER BY parent.folded, child.folded"
            )
        ]

    def parents_taken_back(self) -> set[tuple[str, str]]:
        """Return what a person said is no kind of what: both names folded."""
        return {
            (str(child), str(parent))
            for child, parent in self._reader.rows_of(
                "SELECT child.folded, parent.folded FROM tag_parent"
                " JOIN tag AS child ON child.id = tag_parent.tag_id"
                " JOIN tag AS parent ON parent.id = parent_id WHERE tag_parent.removed = 1"
            )
        }

    def tagged(self, tag_id: int) -> list[int]:
        """Return the models on which this tag shows or was taken off, by whomever."""
        rows = self._reader.rows_of(
            "SELECT DISTINCT content_id FROM content_tag WHERE tag_id = ? ORDER BY 1", (tag_id,)
        )
        return [int(str(row[0])) for row in rows]

    def lies_above(self, tag_id: int, other_id: int) -> bool:
        """Tell whether the first tag is the other one, or a parent of it over any steps."""
        with self._reader.connection() as connection:
            edges = connection.execute(
                "SELECT tag_id, parent_id FROM tag_parent WHERE removed = 0"
            ).fetchall()
        return tag_id in _above(other_id, edges)

    def add_alias(self, alias: str, tag: str) -> None:
        """Let a name that is no tag mean a tag, which is made where there is none."""
        with self._writer.transaction() as connection:
            (tag_id,) = named_tags(connection, [tag], revive=True).values()
            _write_alias(connection, alias, tag_id)

    def remove_alias(self, alias: str) -> bool:
        """Let a name mean nothing special any more; return whether it did before."""
        with self._writer.transaction() as connection:
            run = connection.exec_driver_sql
            gone = run("DELETE FROM tag_alias WHERE folded = ?", (fold_tag(alias),)).rowcount
        return gone > 0

    def add_parents(self, pairs: Sequence[tuple[str, str]], *, by_person: bool = True) -> None:
        """Make tags kinds of others; both are made where there are none.

        A pair that would close a circle is left out. What a person took back stays so unless it
        is a person who says it now.
        """
        with self._writer.transaction() as connection:
            run = connection.exec_driver_sql
            names = (name for pair in pairs for name in pair)
            ids = named_tags(connection, names, revive=by_person)
            touched = set()
            for child, parent in pairs:
                child_id, parent_id = ids.get(fold_tag(child)), ids.get(fold_tag(parent))
                edges = run("SELECT tag_id, parent_id FROM tag_parent WHERE removed = 0").all()
                if child_id is None or parent_id is None or child_id in _above(parent_id, edges):
                    continue
                again = "DO UPDATE SET removed = 0" if by_person else "DO NOTHING"
                run(
                    "INSERT INTO tag_parent(tag_id, parent_id, removed) VALUES (?, ?, 0)"
                    f" ON CONFLICT(tag_id, parent_id) {again}",
                    (child_id, parent_id),
                )
                touched.add(child_id)
            _refresh_found(connection, touched)

    def remove_parent(self, child_id: int, parent_id: int) -> None:
        """Let a tag be no kind of another; no rule makes it one again."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "INSERT INTO tag_parent(tag_id, parent_id, removed) VALUES (?, ?, 1)"
                " ON CONFLICT(tag_id, parent_id) DO UPDATE SET removed = 1",
                (child_id, parent_id),
            )
            _refresh_found(connection, {child_id})

    def merge(self, tag_id: int, into: str) -> None:
        """Make one tag another, which may be new; its name becomes an alias of that.

        Every source's word on it moves along. Where a person said both, the later word stands.
        When it is cut off it is merged in part, and merging again goes on.
        """
        with self._writer.transaction() as connection:
            into_id = named_tags(connection, [into], revive=True)[fold_tag(into)]
        if into_id == tag_id:
            return
        self._over_models(
            tag_id, lambda connection, ids: _move_tags(connection, tag_id, into_id, ids)
        )
        with self._writer.transaction() as connection:
            found = _found(connection, tag_id)
            _move_words(connection, tag_id, into_id)
            refresh_effective_tags(connection, {*found, *_found(connection, into_id)})

    def respell(self, tag_id: int, name: str) -> None:
        """Write a tag in another spelling that is still the same tag."""
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "UPDATE tag SET name = ? WHERE id = ?", (clean_tag(name), tag_id)
            )
        self._over_models(tag_id, lambda _connection, _ids: None)

    def delete(self, tag_id: int) -> None:
        """Take a tag off everything and out of the vocabulary; no source brings its name back."""
        self._over_models(
            tag_id,
            lambda connection, ids: connection.exec_driver_sql(
                "DELETE FROM content_tag WHERE tag_id = ? AND content_id = ?",
                [(tag_id, id_) for id_ in ids],
            ),
        )
        with self._writer.transaction() as connection:
            run = connection.exec_driver_sql
            found = _found(connection, tag_id)
            run("UPDATE tag_alias SET tag_id = NULL WHERE tag_id = ?", (tag_id,))
            run(
                "INSERT INTO tag_alias(folded, name) SELECT folded, name FROM tag WHERE id = ?",
                (tag_id,),
            )
            run("DELETE FROM tag WHERE id = ?", (tag_id,))
            refresh_effective_tags(connection, found)

    def _over_models(
        self, tag_id: int, change: Callable[[Connection, Sequence[int]], object]
    ) -> None:
        """Change the models with a tag, a portion in each transaction."""
        for some in chunks(self.tagged(tag_id), BULK):
            with self._writer.transaction() as connection:
                change(connection, some)
                self._writer.refresh(connection, some)


def _many(rows: Sequence[tuple[object, ...]]) -> dict[object, tuple[str, ...]]:
    found: dict[object, tuple[str, ...]] = {}
    for key, value in rows:
        found[key] = (*found.get(key, ()), str(value))
    return found


def _above(tag_id: int, edges: Iterable[Sequence[int]]) -> set[int]:
    """Return a tag with all its parents, over any steps; an edge is a tag and its parent."""
    parents: dict[int, list[int]] = {}
    for child, parent in edges:
        parents.setdefault(child, []).append(parent)
    found, waiting = {tag_id}, [tag_id]
    while waiting:
        for parent in parents.get(waiting.pop(), ()):
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return found


def _write_alias(connection: Connection, alias: str, tag_id: int) -> None:
    connection.exec_driver_sql(
        "INSERT INTO tag_alias(folded, name, tag_id) VALUES (?, ?, ?)"
        " ON CONFLICT(folded) DO UPDATE SET name = excluded.name, tag_id = excluded.tag_id",
        (fold_tag(alias), clean_tag(alias), tag_id),
    )


def _found(connection: Connection, tag_id: int) -> list[int]:
    rows = connection.exec_driver_sql(
        "SELECT content_id FROM tag_effective WHERE tag_id = ?", (tag_id,)
    )
    return [row[0] for row in rows]


def _refresh_found(connection: Connection, tag_ids: Iterable[int]) -> None:
    ids = {content_id for tag_id in tag_ids for content_id in _found(connection, tag_id)}
    refresh_effective_tags(connection, sorted(ids))


def _move_tags(connection: Connection, tag_id: int, into_id: int, ids: Sequence[int]) -> None:
    """Let these models have one tag instead of another; a person's later word on either stands."""
    run = connection.exec_driver_sql
    for winner, loser in ((into_id, tag_id), (tag_id, into_id)):
        newer = ">" if winner == tag_id else ">="
        run(
            "DELETE FROM content_tag WHERE tag_id = ? AND content_id = ? AND source = 'person'"
            " AND EXISTS (SELECT 1 FROM content_tag AS other WHERE other.tag_id = ?"
            " AND other.content_id = content_tag.content_id AND other.source = 'person'"
            f" AND other.added_at {newer} content_tag.added_at)",
            [(loser, id_, winner) for id_ in ids],
        )
    run(
        "UPDATE OR IGNORE content_tag SET tag_id = ? WHERE tag_id = ? AND content_id = ?",
        [(into_id, tag_id, id_) for id_ in ids],
    )
    run(
        "DELETE FROM content_tag WHERE tag_id = ? AND content_id = ?",
        [(tag_id, id_) for id_ in ids],
    )


def _move_words(connection: Connection, tag_id: int, into_id: int) -> None:
    """Give aliases and relations of one tag to another, and its name as one more alias."""
    run = connection.exec_driver_sql
    run("UPDATE tag_alias SET tag_id = ? WHERE tag_id = ?", (into_id, tag_id))
    moved = run(
        "SELECT tag_id, parent_id, removed FROM tag_parent WHERE tag_id = ?1 OR parent_id = ?1",
        (tag_id,),
    ).all()
    (folded, name) = run("SELECT folded, name FROM tag WHERE id = ?", (tag_id,)).one()
    run("DELETE FROM tag_parent WHERE tag_id = ?1 OR parent_id = ?1", (tag_id,))
    run("DELETE FROM tag WHERE id = ?", (tag_id,))
    run("INSERT INTO tag_alias(folded, name, tag_id) VALUES (?, ?, ?)", (folded, name, into_id))
    for edge in moved:
        child, parent = (into_id if each == tag_id else each for each in edge[:2])
        edges = run("SELECT tag_id, parent_id FROM tag_parent WHERE removed = 0").all()
        if child not in _above(parent, edges):
            run(
                "INSERT OR IGNORE INTO tag_parent(tag_id, parent_id, removed) VALUES (?, ?, ?)",
                (child, parent, edge[2]),
            )
