"""Versions of hubs that a person says contents are not."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

REFUSED = "not "
"""Begins the name of a person's fact, a hub follows: its value lists the versions it is not."""


def refused_versions(
    connection: Connection, hub: str, content_ids: Iterable[int]
) -> set[tuple[int, int]]:
    """Return pairs of content and version of this hub that a person says are not the same."""
    return {
        (row[0], int(version))
        for row in connection.exec_driver_sql(
            "SELECT content_id, value FROM evidence WHERE source = 'person' AND field = ?1"
            " AND content_id IN (SELECT value FROM json_each(?2))",
            (f"{REFUSED}{hub}", json.dumps(list(content_ids))),
        )
        for version in str(row[1]).split()
    }
