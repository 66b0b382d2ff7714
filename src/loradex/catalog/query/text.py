"""Free text and text fields as SQL, with everything a person types taken literally."""

from __future__ import annotations

Condition = tuple[str, list[str | float]]

WORDS = "content_fts"
PARTS = "content_fts_parts"


def anywhere(text: str, *, phrase: bool) -> Condition:
    """Match `text` in names, tags, trigger words, notes and what hubs say.

    A word matches the beginning of a word, or any part of a name or path when it has three or
    more characters (that is what the trigram index can answer). A phrase matches whole words.
    """
    if not any(character.isalnum() for character in text):
        return contains("content.name", text)
    quoted = _quote(text)
    words = f"content.id IN (SELECT rowid FROM {WORDS} WHERE {WORDS} MATCH ?)"
    if phrase:
        return words, [quoted]
    if len(text) < 3:
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


def contains(column: str, text: str) -> Condition:
    """Match `text` anywhere in `column`, ignoring the case of ASCII letters."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{column} LIKE ? ESCAPE '\\'", [f"%{escaped}%"]


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""').replace("\x00", "") + '"'
