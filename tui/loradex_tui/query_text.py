"""Read and edit the text of a query: what the filter pane and the sort menu do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loradex.catalog.query.fields import BASE_WORDS, KIND_WORDS
from loradex.catalog.query.lexer import Term, tokenize
from loradex.errors import QueryError
from loradex.operations.narrowing import ALTERNATIVES

_CANONICAL: Mapping[str, Mapping[str, str]] = {"kind": KIND_WORDS, "base": BASE_WORDS}


def _terms(query: str, field: str) -> list[Term]:
    try:
        tokens = tokenize(query)
    except QueryError:
        return []
    return [token for token in tokens if isinstance(token, Term) and token.field == field]


def _canonical(field: str, value: str) -> str:
    word = value.casefold()
    return _CANONICAL.get(field, {}).get(word, word)


def chosen(query: str, field: str) -> dict[str, bool]:
    """Return the values of a field that the query names; False for one it leaves out."""
    return {
        _canonical(field, value.text): not term.negated
        for term in _terms(query, field)
        for value in term.values
    }


def toggle(query: str, field: str, value: str, *, negated: bool = False) -> str:
    """Return the query with this value of this field added, or taken out where it stands.

    Raises `QueryError` for a value that the language cannot write.
    """
    wanted = _canonical(field, value)
    for term in _terms(query, field):
        values = [_canonical(field, each.text) for each in term.values]
        if wanted in values:
            kept = [each.text for each in term.values if _canonical(field, each.text) != wanted]
            without = _replace(query, term, _written(field, kept, negated=term.negated))
            return (
                without
                if term.negated == negated
                else toggle(without, field, value, negated=negated)
            )
    for term in _terms(query, field):
        if field in ALTERNATIVES and term.values and term.negated == negated:
            every = [each.text for each in term.values] + [value]
            return _replace(query, term, _written(field, every, negated=negated))
    return _tidy(f"{query} {_written(field, [value], negated=negated)}")


def without(query: str, fields: Sequence[str]) -> str:
    """Return the query with all terms of these fields taken out."""
    for field in fields:
        for term in reversed(_terms(query, field)):
            query = query[: term.position] + query[term.position + term.length :]
    return _tidy(query)


def sort_of(query: str) -> str:
    """Return the order the query asks for, as `size-`; `name` when it asks for none."""
    terms = _terms(query, "sort")
    return terms[-1].values[0].text if terms and terms[-1].values else "name"


def with_sort(query: str, order: str) -> str:
    """Return the query in another order; `name` is what it has without a word."""
    bare = without(query, ["sort"])
    return bare if order == "name" else _tidy(f"{bare} sort:{order}")


def _written(field: str, values: Sequence[str], *, negated: bool) -> str:
    if not values:
        return ""
    return f"{'-' if negated else ''}{field}:{','.join(_quoted(value) for value in values)}"


def _quoted(value: str) -> str:
    plain = not any(character.isspace() or character == "," for character in value)
    if plain and not value.startswith('"'):
        return value
    if '"' in value:
        raise QueryError(
            "A quotation mark cannot be looked for in this way.",
            query=value,
            position=value.index('"'),
            hint="Type a part of it into the search instead.",
        )
    return f'"{value}"'


def _replace(query: str, term: Term, text: str) -> str:
    return _tidy(query[: term.position] + text + query[term.position + term.length :])


def _tidy(query: str) -> str:
    """Take out the gaps that removed terms leave, but none inside quotation marks."""
    pieces = query.split('"')
    for index in range(0, len(pieces), 2):
        while "  " in pieces[index]:
            pieces[index] = pieces[index].replace("  ", " ")
    return '"'.join(pieces).strip()
