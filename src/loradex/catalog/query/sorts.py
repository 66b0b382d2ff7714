"""What lists can be sorted by: a word, and the SQL of its value for a row of `content`."""

from __future__ import annotations

from collections.abc import Mapping

_OF_MATCH = (
    "FROM match JOIN hub_version AS v ON v.hub = match.hub AND v.id = match.version_id"
    " LEFT JOIN hub_model AS m ON m.hub = match.hub AND m.id = match.model_id"
    " WHERE match.content_id = content.id)"
)


def _of(table: str, column: str) -> str:
    return f"(SELECT {column} FROM {table} WHERE {table}.content_id = content.id)"


SORTS: Mapping[str, str] = {
    "name": "content.sort_name",
    "added": "content.added_at",
    "size": "content.size",
    "rating": "content.rating",
    "kind": "content.kind",
    "base": "content.base",
    "path": "content.path",
    "copies": "content.copies",
    "rank": "content.rank",
    "state": "content.state",
    "format": "content.format",
    "level": "content.content_level",
    "changed": _of("file", "max(mtime_ns)"),
    "trained": _of("training", "trained_at"),
    "alpha": _of("training", "alpha"),
    "uses": f"coalesce({_of('content_use', 'uses')}, 0)",
    "used": _of("content_use", "last_used"),
    "strength": _of("content_strength", "coalesce(best, low)"),
    "best": "(SELECT low FROM verdict_finding WHERE content_id = content.id AND kind = 'best'"
    " AND counts ORDER BY verdict_id DESC LIMIT 1)",
    # The plus keeps SQLite from walking the index of times until it comes to this content.
    "probed": "(SELECT max(created_at) FROM verdict WHERE content_id = content.id"
    " AND +source = 'probe')",
    "downloads": f"(SELECT max(m.downloads) {_OF_MATCH}",
    "likes": f"(SELECT max(m.likes) {_OF_MATCH}",
    "published": f"(SELECT max(v.published_at) {_OF_MATCH}",
    "creator": f"(SELECT min(m.creator) COLLATE NOCASE {_OF_MATCH}",
    "id": "content.id",
}
"""Orders. `sort:size-` turns one round."""


def custom_value(field_id: int, type_: str) -> str:
    """Return the SQL of a custom field's value: a number, or folded text."""
    column = "folded_value" if type_ in ("text", "choice") else "number_value"
    return (
        f"(SELECT {column} FROM custom_value WHERE custom_value.content_id = content.id"
        f" AND field_id = {field_id})"
    )
