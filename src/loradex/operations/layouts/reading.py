"""Read other tools' settings: bounded, never executed, and a note instead of an error.

Each function returns None when the file is missing or cannot be used; the reason is appended to
`notes`, except that a missing file is nothing to tell.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

from loradex.domain.text import display_text

MAX_BYTES = 128 * 1024
"""Longest settings file that is read. Real ones have a few kilobytes."""

_MAX_ALIASES = 32
"""YAML aliases in one file. Merged aliases of aliases multiply: 32 of them stay harmless."""


def note(path: Path, what: str) -> str:
    """Return a sentence about a file, safe to print."""
    return f"{display_text(str(path))} {what}"


def read_text(path: Path, notes: list[str], *, limit: int = MAX_BYTES) -> str | None:
    """Return a regular file's text; bytes that are not UTF-8 become surrogates."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        notes.append(note(path, f"cannot be read: {error.strerror or error}."))
        return None
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            notes.append(note(path, "is not a regular file."))
        elif info.st_size > limit:
            notes.append(note(path, f"has {info.st_size:,} bytes, too many for settings."))
        else:
            with os.fdopen(handle, "rb", closefd=False) as file:
                return file.read(limit).decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        notes.append(note(path, f"cannot be read: {error.strerror or error}."))
    finally:
        os.close(handle)
    return None


def read_json(path: Path, notes: list[str]) -> dict[str, object] | None:
    """Return a JSON object."""
    text = read_text(path, notes)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        notes.append(note(path, "is not a JSON object."))
        return None
    return value


def read_yaml(path: Path, notes: list[str]) -> dict[str, object] | None:
    """Return a YAML mapping of plain values, its keys as text; an empty file is an empty one."""
    text = read_text(path, notes)
    if text is None:
        return None
    import yaml  # noqa: PLC0415 - few tools have such a file

    try:
        aliases = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            aliases += isinstance(event, yaml.AliasEvent)
            if aliases > _MAX_ALIASES:
                notes.append(note(path, "has more YAML aliases than settings need."))
                return None
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError):
        notes.append(note(path, "is not YAML that can be read safely."))
        return None
    if value is None:
        return {}
    if not isinstance(value, dict):
        notes.append(note(path, "is not a YAML mapping."))
        return None
    return {str(key): item for key, item in value.items()}
