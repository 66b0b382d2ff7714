"""Changes of collections that can be taken back: each returns what undoes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.domain.finding import Collection
from loradex.errors import QueryError
from loradex.operations import collections

Back = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Listed:
    """A collection and how many models it holds now; None where its query cannot be read."""

    known: Collection
    models: int | None


def listed(catalog: Catalog) -> list[Listed]:
    """Return all collections by name, with how many models each holds."""
    return [Listed(each, _models(catalog, each)) for each in catalog.collections.all()]


def save_query(catalog: Catalog, name: str, query: str) -> Back:
    """Keep a query under a name, in place of one of that name.

    Raises `QueryError` and `UsageError` as `collections.save_query` does.
    """
    before = catalog.collections.named(name)
    collections.save_query(catalog, name, query, replace=True)
    made = collections.collection(catalog, name)
    if before is None or before.query is None:
        return lambda: catalog.collections.delete(made.id)
    earlier = before.query
    return lambda: catalog.collections.set_query(made.id, earlier)


def delete(catalog: Catalog, name: str) -> Back:
    """Delete a collection; nothing happens to the models in it."""
    known = collections.collection(catalog, name)
    members = catalog.collections.members(known.id)
    catalog.collections.delete(known.id)

    def back() -> None:
        catalog.collections.make(known.name, known.query)
        if known.query is None:
            catalog.collections.pick(collections.collection(catalog, known.name).id, members)

    return back


def rename(catalog: Catalog, name: str, new_name: str) -> Back:
    """Give a collection another name."""
    known = collections.collection(catalog, name)
    collections.rename(catalog, name, new_name)
    return lambda: catalog.collections.rename(known.id, known.name)


def query_of(known: Collection) -> str:
    """Return the query that shows a collection."""
    return f'collection:"{known.name}"'


def _models(catalog: Catalog, known: Collection) -> int | None:
    if known.query is None:
        return known.picked
    try:
        return catalog.count(known.query)
    except QueryError:
        return None
