"""What a copy of the catalog holds, and what of the present catalog it lacks."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from loradex.catalog.copies import open_to_read
from loradex.catalog.faults import translate
from loradex.catalog.schema import REVISIONS
from loradex.errors import CatalogDamaged, CatalogTooNew


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """How much a catalog holds. Tags, notes and ratings are a person's."""

    revision: str
    newest: float
    """When the latest of its facts was written, Unix seconds; 0 for an empty catalog."""
    libraries: int
    models: int
    files: int
    tags: int
    notes: int
    ratings: int
    collections: int
    plans: int


@dataclass(frozen=True, slots=True)
class Losses:
    """What the present catalog has and a copy has not, or has otherwise."""

    libraries: int = 0
    models: int = 0
    tags: int = 0
    notes: int = 0
    ratings: int = 0
    """Ratings and favourites."""
    collections: int = 0
    verdicts: int = 0
    plans: int = 0
    """Plans of file changes that could not be taken back any more."""

    def __bool__(self) -> bool:
        """True when there is anything."""
        return self != Losses()


def copy_facts(path: Path) -> CopyFacts:
    """Return what a database holds; raise a `CatalogError` when it is none that can be used."""
    try:
        with closing(open_to_read(path)) as connection:
            revision = _revision(connection, path)
            counts = [int(connection.execute(sql).fetchone()[0]) for sql in _COUNTS]
            newest = float(connection.execute(_NEWEST).fetchone()[0] or 0)
    except sqlite3.Error as error:
        raise translate(error, path) from error
    return CopyFacts(revision, newest, *counts)


def losses(present: Path, copy: Path) -> Losses:
    """Return what would be gone if `copy` took the place of `present`; both are healthy."""
    try:
        with closing(open_to_read(present)) as connection:
            uri = f"file:{quote(os.fsencode(copy))}?mode=ro"
            connection.execute("ATTACH ? AS copy", (uri,))
            return Losses(
                **{name: int(connection.execute(sql).fetchone()[0]) for name, sql in _LOST.items()}
            )
    except sqlite3.Error as error:
        raise translate(error, present) from error


def _revision(connection: sqlite3.Connection, path: Path) -> str:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    row = None
    if "alembic_version" in tables:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        raise CatalogDamaged(
            f"{path} is not a loradex catalog.", hint="Copies of yours: loradex backup list"
        )
    if row[0] not in REVISIONS:
        raise CatalogTooNew(
            f"{path} was made by a newer loradex (schema {row[0]}).",
            hint="Upgrade loradex to use it; nothing was changed.",
        )
    return str(row[0])


_PERSONS = "source = 'person' AND NOT removed"
_COUNTS = (
    "SELECT count(*) FROM library",
    "SELECT count(*) FROM content",
    "SELECT count(*) FROM file",
    f"SELECT count(*) FROM content_tag WHERE {_PERSONS}",
    "SELECT count(*) FROM annotation WHERE note <> ''",
    "SELECT count(*) FROM annotation WHERE rating IS NOT NULL OR favourite",
    "SELECT count(*) FROM collection",
    "SELECT count(*) FROM plan",
)
_NEWEST = (
    "SELECT max(coalesce((SELECT max(added_at) FROM content), 0),"
    " coalesce((SELECT max(changed_at) FROM annotation), 0),"
    " coalesce((SELECT max(added_at) FROM content_tag), 0),"
    " coalesce((SELECT max(created_at) FROM verdict), 0),"
    " coalesce((SELECT max(scanned_at) FROM library), 0),"
    " coalesce((SELECT max(created_at) FROM plan), 0))"
)

# What has no schema before its name is of the present catalog.
_THERE = "copy."
# Contents are compared by the digest that all of them have from the first look on.
_SAME = (
    f"SELECT other.id FROM {_THERE}content AS other WHERE other.fingerprint = content.fingerprint"
)
_LOST = {
    "libraries": "SELECT count(*) FROM library WHERE raw_root NOT IN"
    f" (SELECT raw_root FROM {_THERE}library)",
    "models": f"SELECT count(*) FROM content WHERE NOT EXISTS ({_SAME})",
    "tags": "SELECT count(*) FROM content_tag AS mine JOIN tag ON tag.id = mine.tag_id"
    " JOIN content ON content.id = content_id"
    " WHERE mine.source = 'person' AND NOT mine.removed"
    f" AND NOT EXISTS (SELECT 1 FROM {_THERE}content_tag AS theirs JOIN {_THERE}tag AS named"
    f" ON named.id = theirs.tag_id WHERE theirs.content_id IN ({_SAME})"
    " AND named.folded = tag.folded AND theirs.source = 'person' AND NOT theirs.removed)",
    "notes": "SELECT count(*) FROM annotation AS mine JOIN content ON content.id = content_id"
    f" WHERE mine.note <> '' AND NOT EXISTS (SELECT 1 FROM {_THERE}annotation AS theirs"
    f" WHERE theirs.content_id IN ({_SAME}) AND theirs.note = mine.note)",
    "ratings": "SELECT count(*) FROM annotation AS mine JOIN content ON content.id = content_id"
    " WHERE (mine.rating IS NOT NULL OR mine.favourite) AND NOT EXISTS (SELECT 1"
    f" FROM {_THERE}annotation AS theirs WHERE theirs.content_id IN ({_SAME})"
    " AND theirs.rating IS mine.rating AND theirs.favourite = mine.favourite)",
    "collections": "SELECT count(*) FROM collection WHERE name NOT IN"
    f" (SELECT name FROM {_THERE}collection)",
    "verdicts": "SELECT count(*) FROM verdict AS mine JOIN content ON content.id = content_id"
    f" WHERE NOT EXISTS (SELECT 1 FROM {_THERE}verdict AS theirs"
    f" WHERE theirs.content_id IN ({_SAME}) AND theirs.source = mine.source"
    " AND theirs.checkpoint = mine.checkpoint AND theirs.created_at = mine.created_at)",
    "plans": "SELECT count(*) FROM plan WHERE applied_at IS NOT NULL AND id NOT IN"
    f" (SELECT id FROM {_THERE}plan WHERE applied_at IS NOT NULL)",
}
