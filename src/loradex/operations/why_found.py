"""Why a query found a model whose name does not hold its words."""

from __future__ import annotations

from functools import lru_cache

from loradex.catalog.folding import folded
from loradex.catalog.query.lexer import Not, Or, Term, tokenize
from loradex.domain.models import ModelRow
from loradex.errors import QueryError

_ELSEWHERE = "note or the hub's words"


def why_found(query: str, row: ModelRow) -> str:
    """Return where the words of a query are that the name does not hold, as in `word neonkn`.

    Empty when the name holds them all, or when the query has none. What a row does not tell, a
    note or the hub's description, is what is left when nothing else has the word.
    """
    words, certain = _words(query)
    name = folded(row.name)
    reasons = [_reason(word, row) for word in words if word not in name]
    if not certain:
        return ", ".join(dict.fromkeys(reason for reason in reasons if reason))
    return ", ".join(dict.fromkeys(reason or _ELSEWHERE for reason in reasons))


def _reason(word: str, row: ModelRow) -> str:
    for kind, texts in (
        ("word", row.trigger_words),
        ("tag", row.tags),
        ("file", (row.file_name,)),
        ("path", (row.path,)),
    ):
        found = next((text for text in texts if word in folded(text)), None)
        if found is not None:
            return f"{kind} {found}"
    return ""


@lru_cache(maxsize=8)
def _words(query: str) -> tuple[tuple[str, ...], bool]:
    """Return the words that are looked for anywhere, folded, and whether each must be found."""
    try:
        tokens = tokenize(query)
    except QueryError:
        return (), False
    if any(isinstance(token, Not) for token in tokens):
        return (), False
    words = tuple(
        folded(term.values[0].text.strip("*"))
        for term in tokens
        if isinstance(term, Term) and term.field is None and not term.negated and term.values
    )
    return words, not any(isinstance(token, Or) for token in tokens)
