"""From what people, hubs and rules call a tag to the tag they mean."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from loradex.domain.tags import clean_tag, fold_tag

if TYPE_CHECKING:
    from sqlalchemy import Connection


def named_tags(
    connection: Connection, names: Iterable[str], *, revive: bool = False
) -> dict[str, int]:
    """Return the id of the tag that each folded name means, made where there is none.

    Aliases lead to their tags. A name that a person deleted leads nowhere and is left out, unless
    `revive` says that a person uses it again. Empty names are left out.
    """
    spelled: dict[str, str] = {}
    for name in names:
        if fold_tag(name):
            spelled.setdefault(fold_tag(name), clean_tag(name))
    if not spelled:
        return {}
    run = connection.exec_driver_sql
    wanted = (json.dumps(list(spelled)),)
    if revive:
        run(
            "DELETE FROM tag_alias WHERE tag_id IS NULL"
            " AND folded IN (SELECT value FROM json_each(?))",
            wanted,
        )
    known: dict[str, int | None] = {
        row[0]: row[1]
        for row in run(
            "SELECT folded, tag_id FROM tag_alias WHERE folded IN (SELECT value FROM json_each(?))",
            wanted,
        )
    }
    new = [(name, folded) for folded, name in spelled.items() if folded not in known]
    if new:
        run("INSERT OR IGNORE INTO tag(name, folded) VALUES (?, ?)", new)
    for folded, id_ in run(
        "SELECT folded, id FROM tag WHERE folded IN (SELECT value FROM json_each(?))", wanted
    ):
        known[folded] = id_
    return {folded: id_ for folded, id_ in known.items() if id_ is not None}
