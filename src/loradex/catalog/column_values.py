"""Values of models for columns of a list: what a `sort:` knows, more texts, and custom fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from loradex.catalog.query.fields import ALIASES
from loradex.catalog.query.sorts import SORTS
from loradex.catalog.reader import Reader
from loradex.errors import UsageError

_TEXTS: Mapping[str, str] = {
    "name": "content.name",
    "file": "content.file_name",
    "derivative": "content.derivative",
    "variant": "content.variant",
    "algorithm": "content.algorithm",
    "dtype": "content.dtype",
    "quantisation": "content.quantisation",
    "prediction": "content.prediction",
    "safety": "content.safety",
    "favourite": "content.favourite",
    "matched": "content.matched",
    "tag": "content.tags",
    "trigger": "content.words",
    "verdict": "(SELECT json_group_array(kind) FROM (SELECT DISTINCT kind FROM verdict_finding"
    " WHERE content_id = content.id AND counts ORDER BY verdict_id DESC, position))",
    "note": "(SELECT note FROM annotation WHERE content_id = content.id)",
    "title": "(SELECT title FROM training WHERE content_id = content.id)",
    "author": "(SELECT author FROM training WHERE content_id = content.id)",
    "hash": "content.sha256",
    "library": "(SELECT min(library.name) FROM file JOIN library ON library.id = library_id"
    " WHERE content_id = content.id)",
    "creator": "(SELECT min(m.creator) FROM match JOIN hub_model AS m ON m.hub = match.hub"
    " AND m.id = match.model_id WHERE match.content_id = content.id)",
    "model": "(SELECT min(m.name) FROM match JOIN hub_model AS m ON m.hub = match.hub"
    " AND m.id = match.model_id WHERE match.content_id = content.id)",
    "version": "(SELECT min(v.name) FROM match JOIN hub_version AS v ON v.hub = match.hub"
    " AND v.id = match.version_id WHERE match.content_id = content.id)",
}


def column_names() -> list[str]:
    """Return what a column may be, custom fields apart."""
    return sorted({**SORTS, **_TEXTS})


def column_values(
    reader: Reader, ids: Sequence[int], names: Sequence[str]
) -> dict[int, tuple[object, ...]]:
    """Return the values of these columns; raise `UsageError` for one that is none.

    Times are Unix seconds, `changed` nanoseconds, tags and trigger words JSON lists.
    """
    custom = reader.lore().fields
    sql = []
    for name in names:
        word = ALIASES.get(name.lower(), name.lower())
        if word in custom:
            sql.append(
                "(SELECT coalesce(text_value, number_value) FROM custom_value"
                f" WHERE content_id = content.id AND field_id = {custom[word].id})"
            )
        elif word in _TEXTS or word in SORTS:
            sql.append(_TEXTS.get(word) or SORTS[word])
        else:
            known = [*column_names(), *custom]
            near = get_close_matches(word, known, n=1)
            raise UsageError(
                f"There is no column {name!r}.",
                hint=f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}.",
            )
    return reader.values(ids, sql) if sql else {}
