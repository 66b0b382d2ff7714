"""When two names are one, and which names a disk can take."""

# ruff: noqa: PTH112, PTH120 - names are bytes here, which pathlib does not take

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, Collection, Sequence

NAME_BYTES = 255
"""The longest name that ext4, NTFS, APFS and most others take."""


def name_key(name: bytes) -> str:
    """Return what two names share that some disk takes for one: letter case and normal form."""
    return unicodedata.normalize("NFC", os.fsdecode(name)).casefold()


def same_name(one: bytes, other: bytes) -> bool:
    """Tell whether a case-insensitive or normalising disk may take two names for one."""
    return name_key(one) == name_key(other)


def names_in(folder: bytes, key: Callable[[bytes], str] = name_key) -> dict[str, bytes]:
    """Return the names in a folder by their keys; none when the folder is not there."""
    try:
        return {key(name): name for name in os.listdir(folder)}
    except (FileNotFoundError, NotADirectoryError):
        return {}


def spelled_as_there(base: bytes, folders: Sequence[str]) -> list[bytes]:
    """Return folder names as an existing folder is spelled: no `sdxl` is made beside `SDXL`."""
    below: list[bytes] = []
    for name in folders:
        wanted = os.fsencode(name)
        there = names_in(b"/".join((base, *below)))
        below.append(wanted if wanted in there.values() else there.get(name_key(wanted), wanted))
    return below


def leads_elsewhere(base: bytes, below: Collection[bytes]) -> bool:
    """Tell whether the folders below `base` go through a link that leaves it."""
    return os.path.realpath(b"/".join((base, *below))) != b"/".join(
        (os.path.realpath(base), *below)
    )


def is_inside(path: bytes, folder: bytes) -> bool:
    """Tell whether a path leads into a folder, by its text: absolute, and no `..` anywhere."""
    parts = path.split(b"/")
    return path.startswith(folder.rstrip(b"/") + b"/") and not {b"..", b".", b""} & set(parts[1:])


def nearest_folder(path: bytes) -> bytes:
    """Return the nearest folder above `path` that exists."""
    folder = os.path.dirname(path)
    while not os.path.isdir(folder) and folder != b"/":
        folder = os.path.dirname(folder)
    return folder
