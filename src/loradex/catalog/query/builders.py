"""Ways for a value to become SQL that several fields share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from loradex.catalog.query import text
from loradex.catalog.query.condition import Condition, among
from loradex.catalog.query.lexer import Value
from loradex.catalog.query.scene import Scene
from loradex.catalog.query.text import starred
from loradex.catalog.query.values import Range, date_range, number_range
from loradex.catalog.query.words import NO, YES

Build = Callable[[Scene, Value], Condition]


@dataclass(frozen=True, slots=True)
class Field:
    """A field: how a value becomes SQL, and what `field:` with nothing after it means.

    `pattern` is SQL with one `?` that a regular expression is held against with REGEXP; None where
    patterns make no sense. `empty` is None where nothing can be without it.
    """

    build: Build
    empty: str | None
    help: str
    pattern: str | None = None


def word(column: str, what: str, known: Mapping[str, str]) -> Build:
    """Read one of a list of words, each standing for a value of a column."""

    def build(scene: Scene, value: Value) -> Condition:
        found = known.get(value.text.lower())
        if found is None:
            raise scene.unknown(value, what, known)
        return Condition(f"{column} = ?", (found,))

    return build


def equals(column: str) -> Build:
    """Read a text that a column has, in either case; a star stands for anything."""

    def build(_scene: Scene, value: Value) -> Condition:
        if "*" in value.text and not value.quoted:
            return Condition(f"{column} LIKE ? ESCAPE '\\'", (starred(value.text),))
        return Condition(f"lower({column}) = ?", (value.text.lower(),))

    return build


def flag(column: str) -> Build:
    """Read yes or no."""

    def build(scene: Scene, value: Value) -> Condition:
        return Condition(f"{column} = ?", (int(yes(scene, value)),))

    return build


def yes(scene: Scene, value: Value) -> bool:
    """Return whether a value says yes; raise `QueryError` when it says neither."""
    said = value.text.lower()
    if said not in YES | NO:
        raise scene.wrong(value, f"{value.text!r} is neither yes nor no.", "Say yes or no.")
    return said in YES


def number(column: str, read: Callable[[str, Value], Range] = number_range) -> Build:
    """Read a range of numbers in a column of `content`."""

    def build(scene: Scene, value: Value) -> Condition:
        sql, params = read(scene.query, value).sql(column)
        return Condition(f"({sql})", tuple(params))

    return build


def date(column: str) -> Build:
    """Read a range of dates in a column of `content`, which holds Unix seconds."""

    def build(scene: Scene, value: Value) -> Condition:
        sql, params = date_range(scene.query, value, scene.now).sql(column)
        return Condition(f"({sql})", tuple(params))

    return build


def number_in(ids: str, column: str, read: Callable[[str, Value], Range] = number_range) -> Build:
    """Read a range of numbers in a column of another table; `ids` ends in its WHERE."""

    def build(scene: Scene, value: Value) -> Condition:
        sql, params = read(scene.query, value).sql(column)
        return among(f"{ids} ({sql})", *params)

    return build


def date_in(ids: str, column: str, scale: float = 1.0) -> Build:
    """Read a range of dates in a column of another table, in units of 1/`scale` seconds."""

    def build(scene: Scene, value: Value) -> Condition:
        sql, params = date_range(scene.query, value, scene.now).sql(column)
        return among(f"{ids} ({sql})", *(param * scale for param in params))

    return build


def text_in(ids: str, column: str) -> Build:
    """Read a part of a text in a column of another table; quoted, or with stars, all of it."""

    def build(_scene: Scene, value: Value) -> Condition:
        return among(f"{ids} {column} LIKE ? ESCAPE '\\'", like(value))

    return build


def like(value: Value) -> str:
    """Return the LIKE pattern of a value: all of the text where it is quoted or has stars."""
    if value.quoted:
        return text.escaped(value.text)
    pattern = starred(value.text)
    return pattern if "*" in value.text else f"%{pattern}%"


def words_in(column: str) -> Build:
    """Read words that begin so in one column of the word index; quoted, exact words."""
    return lambda _scene, value: text.in_column(column, value.text, phrase=value.quoted)


def known_words(words: Iterable[str]) -> Mapping[str, str]:
    """Return words that stand for themselves."""
    return {each.lower(): each for each in words}
