"""Values out of documents of which nothing is promised."""

from __future__ import annotations

Document = dict[str, object]

LARGEST_ID = 99_999_999
"""Larger ids are artefacts of the archive's own: asking for one is answered with a failure."""


def table(value: object) -> Document:
    """Return a table; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def tables(value: object, most: int) -> list[Document]:
    """Return the tables in a list, at most `most`."""
    entries = value if isinstance(value, list) else []
    return [entry for entry in entries[:most] if isinstance(entry, dict)]


def text(value: object) -> str | None:
    """Return a text that is not empty, else None."""
    return value if isinstance(value, str) and value.strip() else None


def number(value: object) -> int | None:
    """Return an id that CivitAI can have given; None for anything else."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 10:
        value = int(value)
    return value if type(value) is int and 0 < value <= LARGEST_ID else None


def words(value: object, most: int) -> tuple[str, ...]:
    """Return the texts of a list, or the one text that stands in its place."""
    entries = value if isinstance(value, list) else [value]
    return tuple(entry for entry in entries[:most] if isinstance(entry, str))


def unwrapped(document: object) -> Document:
    """Return an answer's own content: it may be wrapped in `data`, or not."""
    outer = table(document)
    return table(outer["data"]) if isinstance(outer.get("data"), dict) else outer


def version_in(answer: Document) -> Document:
    """Return the version in an answer, empty if it has none."""
    return table(answer.get("version")) or table(table(answer.get("model")).get("version"))


def model_in(answer: Document) -> Document:
    """Return what an answer says of the model: beside the version, or in a table of its own."""
    around = {key: value for key, value in answer.items() if key not in {"version", "model"}}
    return around | {
        key: value for key, value in table(answer.get("model")).items() if key != "version"
    }
