"""Templates of folders: `{kind}/{base}` filled with what is known of a model.

Values come from strangers' files and hubs. Each becomes part of one folder's name and can never
add a folder, leave the library, or make a name that some disk or shell takes for something else.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass

from loradex.domain.text import display_text
from loradex.errors import UsageError

COMPONENT_BYTES = 120
DEPTH_LIMIT = 8
UNKNOWN = "unknown"
"""Stands for a value that is not known."""

# Not allowed in names on Windows and its file systems, which external disks often have.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FolderTemplate:
    """A template that was read; each folder is a list of plain texts and field names."""

    folders: tuple[tuple[tuple[str, str], ...], ...]
    """Pairs of literal text and the field that follows it, "" for none."""

    def fill(self, values: Mapping[str, str | None]) -> tuple[str, ...]:
        """Return the folders' names; a value that is not known reads `unknown`."""
        return tuple(
            safe_component(
                "".join(
                    text + ((values.get(field) or UNKNOWN) if field else "")
                    for text, field in folder
                )
            )
            for folder in self.folders
        )


def read_template(text: str, fields: tuple[str, ...]) -> FolderTemplate:
    """Read a template; raise `UsageError` saying what is wrong with it.

    Folders are parted by `/`; `{field}` stands for a value, `{{` and `}}` for braces.
    """
    known = ", ".join(f"{{{field}}}" for field in fields)
    try:
        parsed = [_parsed(folder, fields) for folder in text.split("/")] if text else []
    except ValueError as error:
        raise UsageError(
            f"The template {display_text(text)!r} cannot be read: {error}.",
            hint=f"It knows {known}; write {{{{ for a brace.",
        ) from error
    if len(parsed) > DEPTH_LIMIT:
        raise UsageError(
            f"The template {display_text(text)!r} makes more than {DEPTH_LIMIT} folders.",
            hint="Use fewer.",
        )
    return FolderTemplate(tuple(parsed))


def _parsed(folder: str, fields: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    parts = []
    for literal, field, form, conversion in string.Formatter().parse(folder):
        if field is not None and (field not in fields or form or conversion):
            raise ValueError(f"{{{field}}} is none of its fields")
        parts.append((literal, field or ""))
    plain = "".join(literal + field for literal, field in parts)
    if plain.strip() in ("", ".", ".."):
        raise ValueError("a folder in it has no name, or is . or ..")
    for literal, _ in parts:
        if literal != display_text(literal) or _FORBIDDEN.search(literal):
            raise ValueError("a folder's name has none of < > : \" \\ | ? *")
    return tuple(parts)


def safe_component(text: str) -> str:
    """Return a text as the name of one folder that every disk takes and nobody has to quote.

    Control and invisible characters, separators and what Windows forbids become `_`; leading dots
    and spaces and trailing ones go; device names get a `_`; never empty, at most 120 bytes.
    """
    visible = "".join("_" if display_text(char) != char else char for char in text)
    name = _FORBIDDEN.sub("_", visible).strip(" ").lstrip(".")
    while len(name.encode()) > COMPONENT_BYTES:
        name = name[:-1]
    name = name.strip(" ").rstrip(".").strip(" ")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name or UNKNOWN
