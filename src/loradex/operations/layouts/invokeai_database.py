"""InvokeAI's table of models, read without leaving a trace beside it.

Source: `model_records_sql.py`: table `models` with the columns `id` and `config`, a JSON object
with `path` (absolute, or relative to the models folder), `name`, `description`, `base`, `type`,
`trigger_phrases`. Releases before 4.0 called the table `model_config`.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from loradex.operations.layouts.reading import note

_TABLES = ("models", "model_config")
_MAX_ROWS = 50_000
_MAX_CONFIG = 1_000_000
_TIMEOUT = 2.0
"""Seconds to wait for a running InvokeAI."""


@dataclass(frozen=True, slots=True)
class Installed:
    """One model as InvokeAI knows it; texts as they stand there, "" when it says nothing."""

    path: str
    name: str
    description: str
    base: str
    type: str
    phrases: tuple[str, ...]


def installed_models(database: Path, notes: list[str]) -> list[Installed]:
    """Return the models in InvokeAI's database; none, and a note, when it cannot be read."""
    if not database.is_file():
        return []
    try:
        with closing(_connect(database)) as connection:
            return list(_rows(connection))
    except (sqlite3.Error, ValueError) as error:
        notes.append(note(database, f"cannot be read: {error}."))
        return []


def _connect(database: Path) -> sqlite3.Connection:
    """Open read-only. Without a journal beside it nobody writes: then no file is made either."""
    journals = [Path(f"{database}{suffix}") for suffix in ("-wal", "-journal")]
    in_use = any(path.exists() and path.stat().st_size for path in journals)
    mode = "mode=ro" if in_use else "mode=ro&immutable=1"
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(database))}?{mode}", uri=True, timeout=_TIMEOUT
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


def _rows(connection: sqlite3.Connection) -> Iterator[Installed]:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    for table in _TABLES:
        if table not in tables:
            continue
        for (config,) in connection.execute(
            f"SELECT config FROM {table} WHERE typeof(config) = 'text' AND length(config) < ?"
            " LIMIT ?",
            (_MAX_CONFIG, _MAX_ROWS),
        ):
            model = _installed(config)
            if model is not None:
                yield model


def _installed(config: str) -> Installed | None:
    """Return one row's model, None when the row is no such object."""
    try:
        value = json.loads(config)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not _text(value, "path"):
        return None
    phrases = value.get("trigger_phrases")
    return Installed(
        path=_text(value, "path"),
        name=_text(value, "name"),
        description=_text(value, "description"),
        base=_text(value, "base"),
        type=_text(value, "type"),
        phrases=tuple(phrase for phrase in phrases if isinstance(phrase, str) and phrase.strip())
        if isinstance(phrases, list)
        else (),
    )


def _text(value: dict[str, object], key: str) -> str:
    text = value.get(key)
    if not isinstance(text, str) or "\0" in text:
        return ""
    try:
        os.fsencode(text)
    except UnicodeEncodeError:  # half of a surrogate pair: no path and no text
        return ""
    return text.strip()
