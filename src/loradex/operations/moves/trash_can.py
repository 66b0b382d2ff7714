"""Trash folders on the disk of a file, as freedesktop.org's trash specification 1.0 has them.

A trash folder holds `files/` and `info/`; `info/NAME.trashinfo` says where `files/NAME` came from.
The desktop's own one is `$XDG_DATA_HOME/Trash` for the disk of the person's home, and
`$TOP/.Trash/UID` or `$TOP/.Trash-UID` on other disks. Where none of these can be used, or on
demand, it is `.loradex-trash` in the library, of the same make. A file never leaves its disk on the
way into the trash, so putting gigabytes there takes no time and no room; and file managers,
send2trash and we all find it there and bring it back.
"""

# ruff: noqa: PTH103, PTH106, PTH108, PTH119, PTH120 - names are bytes, which pathlib does not take

from __future__ import annotations

import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from urllib.parse import quote

from loradex.domain.plans import OUTSIDE, Place

OWN_FOLDER = b".loradex-trash"
"""Its name begins with a dot, as those of all trash folders do: scans do not enter them."""

_FILES = b"files"
_STEM_BYTES = 180
_SUFFIX_BYTES = 40


class TrashKind(StrEnum):
    """Which trash folder deleted files go to."""

    SYSTEM = "system"
    """The desktop's, on the disk of the file; our own where that cannot be used."""
    FOLDER = "folder"
    """Our own, in the library."""


def slot_for(place: Place, kind: TrashKind, environ: Mapping[str, str]) -> Place | None:
    """Return a new place in a trash folder on the disk of a file, None when there can be none.

    Nothing is written. `environ` says where the person's data lie.
    """
    try:
        device = os.lstat(place.path).st_dev
    except OSError:
        return None
    for can in _cans(place, device, kind, environ):
        if _usable(can, device):
            return Place(OUTSIDE, can + b"/" + _FILES, _slot_name(place.name))
    return None


def another_slot(slot: Place, name: bytes) -> Place:
    """Return a new place beside a slot for a file of another name."""
    return Place(OUTSIDE, slot.root, _slot_name(name))


def info_path(slot: Place) -> bytes:
    """Return the path of the file that says where the one in a slot came from."""
    return _can(slot) + b"/info/" + slot.name + b".trashinfo"


def write_info(source: Place, slot: Place) -> None:
    """Make the trash folder where it is missing, and note what will be in a slot.

    Raises FileExistsError when the slot is somebody else's, or another OSError.
    """
    for folder in (_can(slot), slot.root, os.path.dirname(info_path(slot))):
        os.makedirs(folder, mode=0o700, exist_ok=True)
    text = (
        "[Trash Info]\n"
        f"Path={quote(_said(source, slot))}\n"
        f"DeletionDate={time.strftime('%Y-%m-%dT%H:%M:%S')}\n"
    )
    descriptor = os.open(info_path(slot), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_info(slot: Place) -> None:
    """Take away what was noted of a slot."""
    with suppress(OSError):
        os.unlink(info_path(slot))


def remove_empty(slot: Place) -> None:
    """Take away our own trash folder when nothing is in it; others stay as they are."""
    can = _can(slot)
    if os.path.basename(can) != OWN_FOLDER:
        return
    for folder in (slot.root, can + b"/info", can):
        with suppress(OSError):
            os.rmdir(folder)


def _can(slot: Place) -> bytes:
    return slot.root.removesuffix(b"/" + _FILES)


def _said(source: Place, slot: Place) -> bytes:
    """Return the path that a trash folder notes: relative to its disk's top, but at home."""
    can = _can(slot)
    top = os.path.dirname(can)
    if os.path.basename(top) == b".Trash":
        top = os.path.dirname(top)
    on_disk = os.path.basename(can).startswith(b".Trash-") or top != os.path.dirname(can)
    own = os.path.basename(can) == OWN_FOLDER
    inside = source.path.startswith(top.rstrip(b"/") + b"/")
    return os.path.relpath(source.path, top) if (on_disk or own) and inside else source.path


def _cans(place: Place, device: int, kind: TrashKind, environ: Mapping[str, str]) -> list[bytes]:
    """Return the trash folders that a file may go to, the best one first."""
    own = place.root + b"/" + OWN_FOLDER
    if kind is TrashKind.FOLDER or sys.platform != "linux":
        return [own]
    cans = [_home_can(environ)]
    top = _top_of(place.folder, device)
    shared = top.rstrip(b"/") + b"/.Trash"
    if _is_shared_can(shared):
        cans.append(b"%b/%d" % (shared, os.getuid()))
    cans.append(b"%b/.Trash-%d" % (top.rstrip(b"/"), os.getuid()))
    return [*cans, own]


def _home_can(environ: Mapping[str, str]) -> bytes:
    data = environ.get("XDG_DATA_HOME", "")
    base = Path(data) if data.startswith("/") else Path.home() / ".local" / "share"
    return os.fsencode(os.path.realpath(base)) + b"/Trash"


def _top_of(folder: bytes, device: int) -> bytes:
    """Return the topmost folder above a path that is on the same disk."""
    while folder != b"/":
        above = os.path.dirname(folder)
        try:
            if os.stat(above).st_dev != device:
                break
        except OSError:
            break
        folder = above
    return folder


def _is_shared_can(folder: bytes) -> bool:
    """Tell whether an administrator made a trash folder for all: a real one, with the sticky bit.

    Without these two, others could put a link there.
    """
    try:
        info = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(info.st_mode) and bool(info.st_mode & stat.S_ISVTX)


def _usable(can: bytes, device: int) -> bool:
    """Tell whether a trash folder is on a disk and ours to write to, or can be made there."""
    for folder in (can, can + b"/" + _FILES, can + b"/info"):
        try:
            info = os.lstat(folder)
        except FileNotFoundError:
            continue
        except OSError:
            return False
        if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
            return False
        if not os.access(folder, os.W_OK | os.X_OK):
            return False
    nearest = can
    while not os.path.lexists(nearest):
        nearest = os.path.dirname(nearest)
    try:
        return os.stat(nearest).st_dev == device and os.access(nearest, os.W_OK | os.X_OK)
    except OSError:
        return False


def _slot_name(name: bytes) -> bytes:
    """Return a name that nothing in the trash has, by which a person still knows the file."""
    stem, dot, suffix = name.rpartition(b".")
    if not stem or len(suffix) > _SUFFIX_BYTES or re.search(rb"[^\w-]", suffix):
        stem, dot, suffix = name, b"", b""
    return b"%b.%b%b%b" % (stem[:_STEM_BYTES], secrets.token_hex(4).encode(), dot, suffix)
