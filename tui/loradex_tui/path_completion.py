"""The rest of a path that is being typed."""

from __future__ import annotations

import os

from loradex.paths import expanded

MOST = 2_000
"""Names looked at in one folder."""


def complete_folder(text: str) -> tuple[str, list[str]]:
    """Return `text` as far as all folders that it may become agree, and the names of those.

    Hidden folders are named only once their dot was typed. Takes as long as the disk does.
    """
    head, slash, begun = text.rpartition("/")
    if not slash:
        return (f"{text}/", []) if text == "~" else (text, [])
    names: list[str] = []
    try:
        with os.scandir(expanded(f"{head}/")) as listing:
            for number, entry in enumerate(listing):
                if number >= MOST:
                    break
                if entry.name.startswith(begun or _visible(entry.name)) and _is_folder(entry):
                    names.append(entry.name)
    except (OSError, ValueError):
        return text, []
    if not names:
        return text, []
    common = names[0]
    while not all(name.startswith(common) for name in names):
        common = common[:-1]
    whole = f"{head}/{common}" + ("/" if len(names) == 1 else "")
    return whole if len(common) >= len(begun) else text, sorted(names)


def _visible(name: str) -> str:
    """Return what a name has to begin with to be offered when nothing was typed of it."""
    return "\0" if name.startswith(".") else ""


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False
