"""What a person decides in the inbox, written so that all of it can be taken back exactly.

Everything one decision writes bears the same moment. With it, and with the rows that were there
before, the decision is undone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.catalog.hub_evidence import MatchFound, put_hub_evidence
from loradex.catalog.inbox_rows import InboxRows
from loradex.catalog.reader import Reader
from loradex.catalog.tag_names import named_tags
from loradex.catalog.writer import BULK
from loradex.domain.evidence import Source
from loradex.domain.tags import fold_tag
from loradex.domain.text import storable

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from loradex.catalog.writer import Writer

_THESE = "content_id IN (SELECT value FROM json_each(?))"
_BEFORE = {
    "evidence": "content_id, field, value, source, confidence, detail, seen_at",
    "trigger_word": "content_id, text, folded, source, position, effect, verdict",
    "content_tag": "content_id, tag_id, source, removed, confidence, detail, rule, added_at",
    "match": "content_id, hub, version_id, model_id, matched_by, confidence, matched_at",
}
"""Tables of which rows are kept to be put back, and their columns."""

Rows = dict[str, list[list[object]]]
"""Rows by table, as `_BEFORE` orders their columns: JSON can hold them."""


@dataclass(frozen=True, slots=True)
class DecidedTag:
    """A proposed tag that a person takes or refuses."""

    content_id: int
    tag: str
    rule: str
    confidence: float
    reason: str


@dataclass(frozen=True, slots=True)
class Statement:
    """A person's fact on a model; an empty value takes an earlier one away."""

    content_id: int
    field: str
    value: str
    detail: str = ""


class InboxStore(InboxRows):
    """Reads what is to be decided, and writes decisions."""

    def __init__(self, reader: Reader, writer: Writer) -> None:
        super().__init__(reader)
        self._writer = writer

    def put_tags(
        self, moment: float, tags: Sequence[DecidedTag], *, refused: bool = False
    ) -> tuple[list[int], list[str]]:
        """Put a person's tags on models, or note that they refuse them.

        What the person has said of a tag before stands. Returns the models that changed, and the
        tags that are new to the vocabulary.
        """
        changed: list[int] = []
        new: list[str] = []
        for start in range(0, len(tags), BULK):
            some = tags[start : start + BULK]
            with self._writer.transaction() as connection:
                known = _known_tags(connection, {fold_tag(each.tag) for each in some})
                ids = named_tags(connection, (each.tag for each in some))
                new += (folded for folded in ids if folded not in known)
                rows = [
                    (
                        each.content_id, ids[fold_tag(each.tag)], Source.PERSON.value, refused,
                        each.confidence, storable(each.reason, 1024), each.rule, moment,
                    )
                    for each in some
                    if fold_tag(each.tag) in ids
                ]  # fmt: skip
                if rows:
                    connection.exec_driver_sql(
                        "INSERT OR IGNORE INTO content_tag(content_id, tag_id, source, removed,"
                        " confidence, detail, rule, added_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                        rows,
                    )
                models = sorted({each.content_id for each in some})
                self._writer.refresh(connection, models)
                changed += models
        return changed, new

    def state(self, moment: float, statements: Sequence[Statement]) -> Rows:
        """Write a person's facts on models; return those they stand in the place of."""
        before: Rows = {}
        for start in range(0, len(statements), BULK):
            some = statements[start : start + BULK]
            ids = sorted({each.content_id for each in some})
            with self._writer.transaction() as connection:
                keys = {(each.content_id, each.field) for each in some}
                kept = [
                    row
                    for row in _rows(connection, "evidence", "source = 'person'", ids)
                    if (row[0], row[1]) in keys
                ]
                before.setdefault("evidence", []).extend(kept)
                connection.exec_driver_sql(
                    "DELETE FROM evidence WHERE content_id = ? AND field = ? AND source = 'person'",
                    sorted(keys),
                )
                said = [
                    (each.content_id, each.field, storable(each.value, 4096),
                     storable(each.detail, 1024), moment)
                    for each in some
                    if each.value
                ]  # fmt: skip
                if said:
                    connection.exec_driver_sql(
                        "INSERT INTO evidence(content_id, field, value, source, confidence, detail,"
                        " seen_at) VALUES (?, ?, ?, 'person', 1.0, ?, ?)",
                        said,
                    )
                self._writer.refresh(connection, ids)
        return before

    def choose_version(
        self, moment: float, content_id: int, hub: str, chosen: MatchFound | None
    ) -> Rows:
        """Let a person say which version of a hub a content is, or that it is none it was told.

        What the hub told of it before goes, and what it tells of the chosen version comes. Returns
        the rows that were there.
        """
        with self._writer.transaction() as connection:
            run = connection.exec_driver_sql
            before = self._hub_rows(connection, content_id)
            was = {str(row[1]): row for row in before["match"]}
            same = hub in was and chosen is not None and was[hub][2] == chosen.version.id
            if not same:
                _forget_hub(connection, content_id, hub, alone=set(was) <= {hub})
            if chosen is None:
                run("DELETE FROM match WHERE content_id = ? AND hub = ?", (content_id, hub))
            else:
                run(
                    "INSERT OR REPLACE INTO match(content_id, hub, version_id, model_id,"
                    " matched_by, confidence, matched_at) VALUES (?, ?, ?, ?, 'person', 1.0, ?)",
                    (content_id, hub, chosen.version.id, chosen.version.model_id, moment),
                )
                put_hub_evidence(connection, hub, [chosen], moment)
            self._writer.refresh(connection, [content_id])
        return before

    def take_back(
        self,
        moment: float,
        content_ids: Sequence[int],
        before: Mapping[str, Sequence[Sequence[object]]],
        new_tags: Sequence[str] = (),
    ) -> None:
        """Undo what was decided at a moment on these models: rows that were there come back."""
        for start in range(0, len(content_ids), BULK):
            some = set(content_ids[start : start + BULK])
            these = json.dumps(sorted(some))
            with self._writer.transaction() as connection:
                run = connection.exec_driver_sql
                run(
                    "DELETE FROM content_tag WHERE source = 'person' AND added_at = ?2 AND"
                    " content_id IN (SELECT value FROM json_each(?1))",
                    (these, moment),
                )
                run(
                    "DELETE FROM evidence WHERE source = 'person' AND seen_at = ?2 AND"
                    " content_id IN (SELECT value FROM json_each(?1))",
                    (these, moment),
                )
                if before.get("match"):
                    for id_ in sorted({_number(row[0]) for row in before["match"]} & some):
                        _forget_hub(connection, id_, None, alone=True)
                        run("DELETE FROM match WHERE content_id = ?", (id_,))
                for table, rows in before.items():
                    _put_back(connection, table, [row for row in rows if row[0] in some])
                self._writer.refresh(connection, sorted(some))
        self._drop_tags(new_tags)

    def _drop_tags(self, names: Sequence[str]) -> None:
        """Take tags out of the vocabulary that nothing has and nobody speaks of."""
        if not names:
            return
        with self._writer.transaction() as connection:
            connection.exec_driver_sql(
                "DELETE FROM tag WHERE folded IN (SELECT value FROM json_each(?))"
                " AND NOT EXISTS (SELECT 1 FROM content_tag WHERE tag_id = tag.id)"
                " AND NOT EXISTS (SELECT 1 FROM tag_alias WHERE tag_id = tag.id)"
                " AND NOT EXISTS (SELECT 1 FROM tag_parent"
                " WHERE tag_id = tag.id OR parent_id = tag.id)",
                (json.dumps(list(names)),),
            )

    def _hub_rows(self, connection: Connection, content_id: int) -> Rows:
        return {
            table: _rows(connection, table, condition, [content_id])
            for table, condition in (
                ("match", "1"),
                ("evidence", "source = 'hub'"),
                ("trigger_word", "source = 'hub'"),
                ("content_tag", "source = 'hub'"),
            )
        }


def _forget_hub(connection: Connection, content_id: int, hub: str | None, *, alone: bool) -> None:
    """Take away what a hub (None: any) told of a content.

    Words do not say which hub they are of: they go only when it is the one that is matched.
    """
    run = connection.exec_driver_sql
    told = " AND (?2 IS NULL OR detail = ?2 OR detail LIKE ?2 || ':%')"
    for table in ("evidence", "content_tag"):
        run(
            f"DELETE FROM {table} WHERE content_id = ?1 AND source = 'hub'{told}",
            (content_id, hub),
        )
    if alone:
        run("DELETE FROM trigger_word WHERE content_id = ? AND source = 'hub'", (content_id,))


def _rows(
    connection: Connection, table: str, condition: str, content_ids: Sequence[int]
) -> list[list[object]]:
    return [
        list(row)
        for row in connection.exec_driver_sql(
            f"SELECT {_BEFORE[table]} FROM {table} WHERE {condition} AND {_THESE}",
            (json.dumps(list(content_ids)),),
        )
    ]


def _put_back(connection: Connection, table: str, rows: Sequence[Sequence[object]]) -> None:
    if rows:
        columns = _BEFORE[table]
        marks = ", ".join("?" * (columns.count(",") + 1))
        connection.exec_driver_sql(
            f"INSERT OR REPLACE INTO {table}({columns}) VALUES ({marks})",
            [tuple(row) for row in rows],
        )


def _known_tags(connection: Connection, folded: set[str]) -> set[str]:
    """Return which of these names the vocabulary has, as a tag or as another name of one."""
    wanted = (json.dumps(sorted(folded)),)
    return {
        row[0]
        for row in connection.exec_driver_sql(
            "SELECT folded FROM tag WHERE folded IN (SELECT value FROM json_each(?1))"
            " UNION SELECT folded FROM tag_alias WHERE folded IN (SELECT value FROM json_each(?1))",
            wanted,
        )
    }


def _number(value: object) -> int:
    return int(str(value))
