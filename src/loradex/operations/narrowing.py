"""By what a result can be narrowed: values of fields, each with how many it would leave."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.catalog.query.lexer import Term, tokenize
from loradex.domain.tags import fold_tag
from loradex.domain.verdicts import VerdictKind
from loradex.errors import QueryError

Counts = list[tuple[str, int]]
"""Values of a field, each with how many models have it."""

MOST_TAGS = 100
"""Tags that are counted for a text they are narrowed by."""

_FIXED: Mapping[str, Sequence[str]] = {
    "rating": ("5", "4", "3", "2", "1"),
    "is": (
        "favourite", "untagged", "unrated", "noted", "unmatched", "untested", "duplicate",
        "missing", "offline", "unreadable", "unsafe", "unhashed",
    ),
    "verdict": tuple(kind.value for kind in VerdictKind),
}  # fmt: skip
"""Values that are counted one by one: each is a set that is kept once it was looked for."""

ALTERNATIVES = ("kind", "base", "rating", "library", "collection")
"""Fields of which several values mean any of them; of the others they mean all."""

FIELDS = ("kind", "base", "rating", "is", "verdict", "library", "collection", "tag")


@dataclass(frozen=True, slots=True)
class Narrowing:
    """The values of each field, most frequent first where they have no order of their own.

    `tags_left` tells how many more tags there are, which a text would have to find.
    """

    values: Mapping[str, Counts]
    tags_left: int


def narrowing(
    catalog: Catalog, query: str, needle: str = "", wanted: Callable[[], bool] = lambda: True
) -> Narrowing | None:
    """Count what a query's result can be narrowed by; None when it is not `wanted` any more.

    With a `needle` only values that hold it are counted: then there is none that is left out.
    What a field has chosen itself does not narrow its own counts, where several mean any.
    Raises `QueryError`.
    """
    facets = catalog.facets(query)
    values: dict[str, Counts] = {}
    for field in ("kind", "base"):
        other = bare(query, (field,))
        values[field] = facets[field] if other == bare(query) else catalog.facets(other)[field]
    for field, names in _to_count(catalog).items():
        held = [name for name in names if _holds(name, needle)]
        apart = (field,) if field in ALTERNATIVES else ()
        counts = _counted(catalog, bare(query, apart), field, held, wanted)
        if counts is None:
            return None
        values[field] = counts
    known = [entry.name for entry in catalog.tags.entries() if entry.shown]
    if not needle:
        values["tag"] = facets["tag"]
        all_shown = len(facets["tag"]) < MOST_TAGS
        return Narrowing(values, 0 if all_shown else len(known) - len(facets["tag"]))
    found = [name for name in known if _holds(name, needle)]
    found.sort(key=lambda name: (not fold_tag(name).startswith(fold_tag(needle)), name))
    tags = _counted(catalog, bare(query), "tag", found[:MOST_TAGS], wanted)
    if tags is None:
        return None
    values["tag"] = tags
    return Narrowing(values, max(len(found) - MOST_TAGS, 0))


def _counted(
    catalog: Catalog,
    query: str,
    field: str,
    names: Sequence[str],
    wanted: Callable[[], bool],
) -> Counts | None:
    """Count values one by one; those that nothing has are left out. None when not wanted."""
    counts: Counts = []
    for name in names:
        if not wanted():
            return None
        counts.append((name, _count(catalog, query, field, name)))
    return [each for each in counts if each[1]]


def bare(query: str, fields: Iterable[str] = ()) -> str:
    """Return a query without its order, and without what it says of these fields."""
    out = {"sort", "limit", *fields}
    try:
        terms = [each for each in tokenize(query) if isinstance(each, Term) and each.field in out]
    except QueryError:
        return query
    for term in reversed(terms):
        query = query[: term.position] + query[term.position + term.length :]
    return query.strip()


def _to_count(catalog: Catalog) -> dict[str, Sequence[str]]:
    libraries = [each.name for each in catalog.files.libraries()]
    return {
        **_FIXED,
        "library": libraries if len(libraries) > 1 else (),
        "collection": [each.name for each in catalog.collections.all()],
    }


def _count(catalog: Catalog, query: str, field: str, value: str) -> int:
    term = f'{field}:"{value}"'
    try:
        return catalog.count(f"({query}) {term}" if query else term)
    except QueryError:
        # A saved query that cannot be read, or a name that no query can hold.
        return 0


def _holds(name: str, needle: str) -> bool:
    return fold_tag(needle) in fold_tag(name)
