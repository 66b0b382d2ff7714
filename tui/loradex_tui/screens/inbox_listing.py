"""Which models of the inbox are listed, and in which order. Runs in a thread."""

from __future__ import annotations

from loradex.catalog.catalog import Catalog
from loradex.operations.inbox.items import Group
from loradex.operations.inbox.survey import Survey


def listed(
    catalog: Catalog, survey: Survey, view: Group | None, order: str, query: str
) -> list[int]:
    """Return the models of a group that a query finds, in an order.

    `order` is `sure`, `name`, `added` or `tags`. Raises `QueryError`.
    """
    ids = survey.of_group(view)
    if query.strip():
        found = set(catalog.ids(query))
        ids = [id_ for id_ in ids if id_ in found]
    if order in ("name", "added"):
        wanted = set(ids)
        by = "sort:name" if order == "name" else "sort:added-"
        return [id_ for id_ in catalog.ids(by) if id_ in wanted]
    if order == "tags":
        tags = dict(zip(survey.ids, survey.tags, strict=True))
        ids.sort(key=lambda id_: -tags[id_])
    return ids
