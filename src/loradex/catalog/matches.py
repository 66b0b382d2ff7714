"""Asks the full-text indexes for contents.

For words that begin with a text SQLite merges the contents of all of them, before it gives the
first: as long again as reading those of the one word that most have. So this is read by itself, and
longer words, which as a rule have few contents, from the list of words.
"""

from __future__ import annotations

import sqlite3

from loradex.catalog.query.condition import Match
from loradex.catalog.query.text import ABOUT, WORDS
from loradex.catalog.snapshot import listed

_MOST = 2_000
"""Places of longer words that are read: from some 5,000 on merging is quicker."""

_AFTER, _LAST = "\x01", "\U0010ffff"
"""Lower and higher than any character of a word."""


def _words(table: str) -> str:
    return f"temp.{table}_word"


def prepare(connection: sqlite3.Connection) -> None:
    """Let a connection list words. It may have been told to write nothing."""
    connection.execute("PRAGMA query_only = OFF")
    for table in (WORDS, ABOUT):
        connection.execute(
            f"CREATE VIRTUAL TABLE {_words(table)} USING fts5vocab(main, {table}, instance)"
        )
    connection.execute("PRAGMA query_only = ON")


def matching(connection: sqlite3.Connection, asked: Match) -> list[int]:
    """Return ids of contents that an index finds, perhaps some twice."""
    expression, longer = asked.expression, None
    if asked.begins:
        longer = _longer(connection, asked.table, asked.begins)
        expression = f'"{asked.begins}"' if longer is not None else expression
    ids = listed(
        connection,
        f"SELECT json_group_array(rowid) FROM {asked.table} WHERE {asked.table} MATCH ?",
        (expression,),
    )
    return ids + longer if longer else ids


def _longer(connection: sqlite3.Connection, table: str, word: str) -> list[int] | None:
    """Return contents with a longer word that begins with this one; None where many have one."""
    ids = listed(
        connection,
        "SELECT json_group_array(doc) FROM"
        f" (SELECT doc FROM {_words(table)} WHERE term >= ? AND term <= ? LIMIT ?)",
        (word + _AFTER, word + _LAST, _MOST),
    )
    return ids if len(ids) < _MOST else None
