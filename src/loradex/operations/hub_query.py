"""A search on a hub as one line of text, in the library's own query language where both can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from loradex.catalog.query.fields import BASE_WORDS, KIND_WORDS
from loradex.catalog.query.lexer import Close, Not, Open, Or, Term, Value, tokenize
from loradex.domain.content_level import ContentLimit
from loradex.domain.hub_search import HubQuery, SearchPeriod, SearchSort
from loradex.domain.kinds import ModelKind
from loradex.errors import QueryError

FIELDS = ("kind", "base", "tag", "by", "sort", "period", "owned")
_OWNED = {"yes": True, "no": False}

_T = TypeVar("_T")


def read_hub_query(text: str, limit: ContentLimit) -> HubQuery:
    """Return what `text` asks for; raise `QueryError` at the place that cannot be read.

    Words and phrases are searched for; `kind:lora`, `base:sdxl,pony` (or a hub's own name,
    quoted), `tag:style`, `by:creator`, `sort:newest` and `period:month` restrict and order;
    `owned:yes` and `owned:no` are no hub's business: `read_owned` tells them. Hubs know no
    negation and no "or" between terms.
    """
    query = HubQuery(content_limit=limit)
    words: list[str] = []
    for token in tokenize(text):
        if isinstance(token, Or):
            raise _wrong(
                text, token.position, token.length, "A hub cannot be asked for one or the other."
            )
        if isinstance(token, (Not, Open, Close)):
            raise _wrong(text, token.position, 1, "Hubs know no groups and leave nothing out.")
        if token.negated:
            raise _wrong(text, token.position, token.length, "A hub cannot leave things out.")
        if token.field is None:
            words += [value.text for value in token.values]
        elif token.field == "owned":
            read_owned(text)
        else:
            query = _with(query, token, text)
    return replace(query, text=" ".join(words))


def read_owned(text: str) -> bool | None:
    """Return what `owned:` of a query says; None when it says nothing. Raises `QueryError`."""
    said: bool | None = None
    for token in tokenize(text):
        if isinstance(token, Term) and token.field == "owned" and token.values:
            word = token.values[0]
            said = _one_of(_OWNED.__getitem__, list(_OWNED), word, text)
    return said


def _with(query: HubQuery, term: Term, text: str) -> HubQuery:
    if term.field not in FIELDS:
        raise _wrong(
            text,
            term.position,
            len(term.field or ""),
            f"Hubs have no field {term.field}.",
            f"They know {', '.join(FIELDS)}.",
        )
    if not term.values:
        raise _wrong(text, term.position, term.length, f"{term.field}: says nothing.")
    if term.field == "kind":
        kinds = tuple(_kind(value, text) for value in term.values)
        return replace(query, kinds=(*query.kinds, *kinds))
    if term.field == "base":
        bases = tuple(BASE_WORDS.get(v.text.casefold(), v.text) for v in term.values)
        return replace(query, bases=(*query.bases, *bases))
    if len(term.values) > 1:
        raise _wrong(text, term.position, term.length, f"A hub takes one {term.field} only.")
    value = term.values[0]
    if term.field == "tag":
        return replace(query, tag=value.text)
    if term.field == "by":
        return replace(query, creator=value.text)
    if term.field == "sort":
        return replace(query, sort=_one_of(SearchSort, list(SearchSort), value, text))
    return replace(query, period=_one_of(SearchPeriod, list(SearchPeriod), value, text))


def _kind(value: Value, text: str) -> ModelKind:
    word = KIND_WORDS.get(value.text.casefold(), value.text.casefold())
    return _one_of(ModelKind, list(ModelKind), replace(value, text=word), text)


def _one_of(read: Callable[[str], _T], known: Sequence[object], value: Value, text: str) -> _T:
    try:
        return read(value.text.casefold())
    except (ValueError, KeyError) as error:
        raise _wrong(
            text,
            value.position,
            value.length,
            f"{value.text!r} is not known here.",
            f"Say one of {', '.join(str(each) for each in known)}.",
        ) from error


def _wrong(
    text: str, position: int, length: int, message: str, hint: str | None = None
) -> QueryError:
    return QueryError(message, query=text, position=position, length=max(length, 1), hint=hint)
