"""Free text and text fields as SQL, with everything a person types taken literally."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from loradex.catalog.folding import folded
from loradex.catalog.query.condition import NOTHING, Condition, Match, among, any_of

WORDS = "content_fts"
PARTS = "content_fts_parts"
ABOUT = "content_fts_about"
TRIGRAM = 3
"""Characters that the index of parts needs to answer."""
_INDEXED = 3
"""Characters of a word's beginning that the index of words has ready."""
NAMED = f"SELECT id FROM content WHERE id IN (SELECT rowid FROM {PARTS} WHERE {PARTS} MATCH ?)"
"""Contents with a quoted text in a name."""
_BELOW_ROOT = "substr(folded, length(root) + 1)"
"""The path of a folder below the root of its library."""
_STAR = re.compile(r"\*+")


def anywhere(text: str, *, phrase: bool) -> Condition:
    """Match `text` in names, tags, trigger words, notes and what hubs say.

    A word matches the beginning of a word, or any part of a name, file name or folder in a library
    when it has three or more characters (that is what the trigram index can answer). A phrase
    matches whole words.
    A star stands for anything within a name.
    """
    if not phrase and "*" in text.rstrip("*"):
        return part("name", text.strip("*"), wild=True)
    if not phrase:
        text = text.rstrip("*") or text
    if not any(character.isalnum() for character in text):
        return part("name", text)
    text = unicodedata.normalize("NFC", text)
    exact = quoted(text)
    if phrase:
        return any_of((_match(WORDS, exact), _match(ABOUT, exact)))
    ways = [_begins(WORDS, text)]
    if len(text) < TRIGRAM:
        return any_of((*ways, _match(ABOUT, exact)))
    needle = folded(text)
    return any_of(
        (
            *ways,
            _match(PARTS, quoted(needle)),
            _begins(ABOUT, text),
            in_folders(_BELOW_ROOT, needle),
        )
    )


def in_column(column: str, text: str, *, phrase: bool = False) -> Condition:
    """Match words beginning with `text` in one column of the word index."""
    if not any(character.isalnum() for character in text):
        return NOTHING
    exact = quoted(unicodedata.normalize("NFC", text))
    return _match(WORDS, f"{column} : ({exact}{'' if phrase else ' *'})")


def described(text: str, *, phrase: bool) -> Condition:
    """Match what hubs say at length."""
    if not any(character.isalnum() for character in text):
        return NOTHING
    exact = quoted(unicodedata.normalize("NFC", text))
    return _match(ABOUT, exact) if phrase else _begins(ABOUT, text)


def part(column: str, text: str, *, wild: bool = False) -> Condition:
    """Match `text` anywhere in the names (`name`) or file names (`file`) of a content.

    With `wild`, stars stand for anything. One or two characters are only looked for in the name
    that lists show: the index cannot answer them.
    """
    needle = folded(text).replace("\x00", "")
    if wild:
        return Condition("content.sort_name LIKE ? ESCAPE '\\'", (f"%{starred(needle)}%",))
    if len(needle) < TRIGRAM:
        if column == "file":
            return among(
                "SELECT content_id FROM content_place WHERE name LIKE ? ESCAPE '\\'",
                f"%{escaped(needle)}%",
            )
        return Condition("content.sort_name LIKE ? ESCAPE '\\'", (f"%{escaped(needle)}%",))
    return _match(PARTS, f"{column} : {quoted(needle)}")


def in_folders(path: str, needle: str) -> Condition:
    """Match contents in folders that have a text in their path: SQL of columns of `folder`."""
    found = among(
        "SELECT content_id FROM content_place WHERE folder_id IN"
        f" (SELECT id FROM folder WHERE {path} LIKE ? ESCAPE '\\')",
        f"%{escaped(needle)}%",
    )
    return replace(found, folders=(path, needle))


def whole(column: str, text: str) -> Condition:
    """Match names that are `text` from beginning to end, its stars standing for anything."""
    pattern = starred(folded(text))
    if column == "file":
        return among("SELECT content_id FROM content_place WHERE name LIKE ? ESCAPE '\\'", pattern)
    return Condition("content.sort_name LIKE ? ESCAPE '\\'", (pattern,))


def escaped(text: str) -> str:
    """Return a text that LIKE takes literally, with a backslash as its ESCAPE."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def starred(text: str) -> str:
    """Return a text for LIKE in which each star stands for anything."""
    return _STAR.sub("%", escaped(text))


def _match(table: str, expression: str, begins: str = "") -> Condition:
    found = among(f"SELECT rowid FROM {table} WHERE {table} MATCH ?", expression)
    return replace(found, match=Match(table, expression, begins))


def _begins(table: str, text: str) -> Condition:
    """Match words that begin with `text`: of letters and digits without accents, one word."""
    word = text.isascii() and text.isalnum() and len(text) > _INDEXED
    return _match(table, f"{quoted(text)} *", text.lower() if word else "")


def quoted(text: str) -> str:
    """Return a text as one phrase for the full-text index."""
    return '"' + text.replace('"', '""').replace("\x00", "") + '"'
