"""Which contents each tag finds: worked out from who tagged what, removals, and parents."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

_THESE = "content_id IN (SELECT value FROM json_each(?))"


def refresh_effective_tags(connection: Connection, content_ids: Iterable[int]) -> None:
    """Write `tag_effective` anew for these contents.

    A tag that a person took off a content is not found through its children either.
    """
    run = connection.exec_driver_sql
    ids = (json.dumps(list(content_ids)),)
    run(f"DELETE FROM tag_effective WHERE {_THESE}", ids)
    written = run(
        "INSERT INTO tag_effective(tag_id, content_id, direct) SELECT tag_id, content_id, 1"
        f" FROM content_tag WHERE {_THESE} GROUP BY content_id, tag_id HAVING max(removed) = 0",
        ids,
    ).rowcount
    while written > 0:  # a level of parents each time; there are no cycles
        written = run(
            "INSERT OR IGNORE INTO tag_effective(tag_id, content_id, direct)"
            " SELECT parent_id, content_id, 0 FROM tag_effective"
            " JOIN tag_parent ON tag_parent.tag_id = tag_effective.tag_id"
            f" AND tag_parent.removed = 0 WHERE {_THESE} AND NOT EXISTS (SELECT 1"
            " FROM content_tag AS said WHERE said.content_id = tag_effective.content_id"
            " AND said.tag_id = parent_id AND said.removed)",
            ids,
        ).rowcount
