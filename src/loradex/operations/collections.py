"""Collections: made, filled, renamed and taken apart, with what a person may not do told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from loradex.domain.finding import Collection
from loradex.domain.text import storable
from loradex.errors import QueryError, UsageError

if TYPE_CHECKING:
    from loradex.catalog.catalog import Catalog
    from loradex.catalog.query.lexer import Term

LONGEST = 100


def collection(catalog: Catalog, name: str) -> Collection:
    """Return a collection; raise `UsageError`, with the nearest name, when there is none."""
    found = catalog.collections.named(_clean(name))
    if found is None:
        from difflib import get_close_matches  # noqa: PLC0415

        near = get_close_matches(name, [each.name for each in catalog.collections.all()], n=1)
        raise UsageError(
            f"There is no collection {name!r}.",
            hint=f"Did you mean {near[0]!r}?" if near else "See them: loradex collection list",
        )
    return found


def save_query(catalog: Catalog, name: str, query: str, *, replace: bool = False) -> None:
    """Keep a query under a name; `replace` one of that name.

    Raises `QueryError` for a query that cannot be read or leads back to itself, and `UsageError`
    for a name that is taken.
    """
    name = _checked(name)
    known = catalog.collections.named(name)
    if known is not None and known.query is None:
        raise UsageError(
            f"{known.name!r} is a collection picked by hand.", hint="Use another name."
        )
    if known is not None and not replace:
        raise UsageError(f"There is a saved query {known.name!r}.", hint="Replace it: --replace")
    catalog.check_query(query, known.name if known else name)
    if known is None:
        catalog.collections.make(name, query)
    else:
        catalog.collections.set_query(known.id, query)


def pick(catalog: Catalog, name: str, content_ids: Sequence[int]) -> int:
    """Put models into a collection, made when it is new; return how many were not in it."""
    name = _checked(name)
    known = catalog.collections.named(name)
    if known is None:
        catalog.collections.make(name, None)
        known = collection(catalog, name)
    _by_hand(known)
    return catalog.collections.pick(known.id, content_ids)


def unpick(catalog: Catalog, name: str, content_ids: Sequence[int]) -> int:
    """Take models out of a collection picked by hand; return how many were in it."""
    known = collection(catalog, name)
    _by_hand(known)
    return catalog.collections.unpick(known.id, content_ids)


def rename(catalog: Catalog, name: str, new_name: str) -> None:
    """Give a collection another name. Saved queries that name it have to be changed by hand."""
    known = collection(catalog, name)
    clean = _checked(new_name)
    holder = catalog.collections.named(clean)
    if holder is not None and holder.id != known.id:
        raise UsageError(f"There is a collection {holder.name!r} already.")
    catalog.collections.rename(known.id, clean)


def members(catalog: Catalog, known: Collection) -> list[int]:
    """Return the models in a collection: as they were picked, or as its query orders them.

    Raises `QueryError` for a saved query that can no longer be read.
    """
    if known.query is None:
        return catalog.collections.members(known.id)
    return catalog.ids(known.query)


def fault(catalog: Catalog, known: Collection) -> str | None:
    """Return why a saved query can no longer be read, None when it can."""
    if known.query is None:
        return None
    try:
        catalog.check_query(known.query, known.name)
    except QueryError as error:
        return str(error)
    return None


def naming(catalog: Catalog, name: str) -> list[str]:
    """Return the names of saved queries that name this collection."""
    wanted = name.casefold()
    return [
        saved
        for saved, term in _terms(catalog)
        if term.field == "collection" and any(v.text.casefold() == wanted for v in term.values)
    ]


def naming_field(catalog: Catalog, name: str) -> list[str]:
    """Return the names of saved queries that ask for a field, or sort by it."""
    return [
        saved
        for saved, term in _terms(catalog)
        if term.field == name
        or (term.field == "sort" and any(v.text.rstrip("-+") == name for v in term.values))
    ]


def _terms(catalog: Catalog) -> Iterator[tuple[str, Term]]:
    """Yield the terms of all saved queries, each with the name of its collection."""
    from loradex.catalog.query.lexer import Term, tokenize  # noqa: PLC0415

    for each in catalog.collections.all():
        try:
            tokens = tokenize(each.query or "")
        except QueryError:
            continue
        for token in tokens:
            if isinstance(token, Term):
                yield each.name, token


def _by_hand(known: Collection) -> None:
    if known.query is not None:
        raise UsageError(
            f"{known.name!r} is a saved query: it holds what {known.query!r} finds.",
            hint="Change its query: loradex collection add NAME --query … --replace",
        )


def _clean(name: str) -> str:
    return " ".join(storable(name, LONGEST + 1).split())


def _checked(name: str) -> str:
    clean = _clean(name)
    if not clean:
        raise UsageError("A collection needs a name.")
    if len(clean) > LONGEST:
        raise UsageError(f"The name of a collection has at most {LONGEST} characters.")
    if "," in clean or '"' in clean:
        raise UsageError(
            f"The name {clean!r} has a comma or a quotation mark in it.",
            hint="Queries could not name it: choose another.",
        )
    return clean
