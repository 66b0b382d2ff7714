"""Whether a path somebody wrote can be meant: below a library, and a name on every disk."""

from __future__ import annotations

import os
from collections.abc import Collection

from loradex.domain.text import display_text
from loradex.operations.moves.names import NAME_BYTES
from loradex.operations.path_template import safe_component

PATH_BYTES = 4000


def path_problem(text: str, usual: Collection[str] = ()) -> str | None:
    """Return what is wrong with a relative path, as a sentence; None when nothing is.

    Each name has to be one that Windows, macOS and Linux take; `usual` are names that are there
    already and may stay as they are.
    """
    if not text or "\0" in text:
        return "It is empty, or has a NUL in it."
    if text.startswith("/"):
        return "It is absolute: paths are relative to the library's folder."
    if len(os.fsencode(text)) > PATH_BYTES:
        return "It is too long."
    problems = (_name_problem(name, name in usual) for name in text.split("/"))
    return next((problem for problem in problems if problem), None)


def _name_problem(name: str, usual: bool) -> str | None:
    if name in ("", ".", ".."):
        return "It has a name that is nothing, or . or .., which could lead out of the library."
    if len(os.fsencode(name)) > NAME_BYTES:
        return f"The name {display_text(name, 60)} is longer than disks take."
    if not usual and not _is_portable(name):
        return f"The name {display_text(name, 60)} is one that not every system takes."
    return None


def _is_portable(name: str) -> bool:
    return safe_component(name, NAME_BYTES) == name
