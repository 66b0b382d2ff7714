"""Free text and text fields as SQL, with everything a person types taken literally."""

from __future__ import annotations

import unicodedata

Condition = tuple[str, list[str | float]]

WORDS = "content_fts"
PARTS = "content_fts_parts"
_TRIGRAM = 3
"""Characters that the index of parts needs to answer."""


def anywhere(text: str, *, phrase: bool) -> Condition:
    """Match `text` in names, tags, trigger words, notes and what hubs say.

    A word matches the beginning of a word, or any part of a name or path when it has three or
    more characters (that is what the trigram index can answer). A phrase matches whole words.
    """
    if not any(character.isalnum() for character in text):
        return in_part("name", text)
    text = unicodedata.normalize("NFC", text)
    quoted = _quote(text)
    words = f"content.id IN (SELECT rowid FROM {WORDS} WHERE {WORDS} MATCH ?)"
    if phrase:
        return words, [quoted]
    if len(text) < _TRIGRAM:
        return words, [f"{quoted} *"]
    parts = f"content.id IN (SELECT rowid FROM {PARTS} WHERE {PARTS} MATCH ?)"
    return f"({words} OR {parts})", [f"{quoted} *", quoted]


def in_column(column: str, text: str) -> Condition:
    """Match words beginning with `text` in one column of the word index."""
    if not any(character.isalnum() for character in text):
        return "0", []
    return (
        f"content.id IN (SELECT rowid FROM {WORDS} WHERE {WORDS} MATCH ?)",
        [f"{column} : ({_quote(text)} *)"],
    )


def in_part(column: str, text: str) -> Condition:
    """Match `text` anywhere in the names or paths (`column`) of all places of a content.

    One or two characters are only looked for in the name or path that lists show: the index
    cannot answer them, and reading all its texts takes ten times as long.
    """
    text = unicodedata.normalize("NFC", text).replace("\x00", "")
    if len(text) < _TRIGRAM:
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"content.{column} LIKE ? ESCAPE '\\'", [f"%{escaped}%"]
    return (
        f"content.id IN (SELECT rowid FROM {PARTS} WHERE {PARTS} MATCH ?)",
        [f"{column} : {_quote(text)}"],
    )


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""').replace("\x00", "") + '"'
