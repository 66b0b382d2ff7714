"""What is on the disk at the places of a step: questions only."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace

from loradex.domain.plans import Place, Stamp, Step
from loradex.operations.moves.copying import stamp_of
from loradex.operations.moves.names import same_name

SPARE_BYTES = 64 * 1024 * 1024
"""What a disk has to have left after a copy."""


def matches(info: os.stat_result, stamp: Stamp) -> bool:
    """Tell whether a file is still the one of a stamp; devices are numbered anew at boot."""
    if stamp.folder:
        return stat.S_ISDIR(info.st_mode) and info.st_ino == stamp.inode
    now = stamp_of(info)
    return stat.S_ISREG(info.st_mode) and (now.size, now.mtime_ns, now.inode) == (
        stamp.size,
        stamp.mtime_ns,
        stamp.inode,
    )


def sentence(error: OSError) -> str:
    """Return what the system refused, as a sentence."""
    return {
        errno.EEXIST: "Something of that name is there already.",
        errno.ENOENT: "It is not there any more.",
        errno.ENOSPC: "The disk it should go to is full.",
        errno.EROFS: "The disk cannot be written to.",
        errno.ENAMETOOLONG: "Its new path would be too long.",
    }.get(error.errno or 0, f"{error.strerror or error}.")


def free_bytes(folder: bytes) -> int:
    """Return the free space of the device a folder is on; OSError when it cannot be told."""
    info = os.statvfs(folder)
    return info.f_bavail * info.f_frsize


def result_of(step: Step) -> Stamp:
    """Return the stamp of a file that has reached its target."""
    info = os.lstat(step.target.path)
    _, stamp = source_of(step)
    if stamp.folder:
        return replace(stamp, device=info.st_dev, inode=info.st_ino)
    return stamp_of(info)


def source_of(step: Step) -> tuple[Place, Stamp]:
    """Return where the file of a step is, and what it was when that was planned."""
    assert step.source is not None and step.stamp is not None  # noqa: S101 - a move has both
    return step.source, step.stamp


def temporary_path(step: Step) -> bytes:
    """Return the path of a copy in the making, or of a name on its way to another spelling."""
    return step.target.folder + b"/" + os.fsencode(step.temporary)


def info_of(path: bytes) -> os.stat_result | None:
    """Return what a name is, itself and not where a link leads; None when nothing has it."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def same_file(one: os.stat_result, other: os.stat_result) -> bool:
    """Tell whether two names are of one file."""
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def one_entry(source: Place, target: Place, here: os.stat_result, there: os.stat_result) -> bool:
    """Tell whether both paths lead to one and the same entry of one folder.

    So it is on a case-insensitive or normalising disk, and where a folder has two paths. Taking
    one of these "two names" away would take the file.
    """
    return (
        same_file(here, there)
        and same_file(os.stat(source.folder), os.stat(target.folder))
        and same_name(source.name, target.name)
    )


def like_a_copy(here: os.stat_result, there: os.stat_result, stamp: Stamp) -> bool:
    """Tell whether the target can be a copy of the source, by its size."""
    return (
        not stamp.folder
        and stat.S_ISREG(there.st_mode)
        and there.st_size == here.st_size == stamp.size
    )


def is_placeholder(path: bytes, there: os.stat_result, stamp: Stamp) -> bool:
    """Tell whether the target can be the empty file or folder that a rename was to go over."""
    if stamp.folder:
        return stat.S_ISDIR(there.st_mode) and not os.listdir(path)
    return stat.S_ISREG(there.st_mode) and there.st_size == 0


def is_ours(there: os.stat_result, stamp: Stamp) -> bool:
    """Tell whether the target can be the file that was to go there, renamed or copied."""
    if stamp.folder or matches(there, stamp):
        return matches(there, stamp)
    same = there.st_size == stamp.size and there.st_mtime_ns // 10**9 == stamp.mtime_ns // 10**9
    return stat.S_ISREG(there.st_mode) and same


def went_before(here: os.stat_result, there: os.stat_result, stamp: Stamp) -> bool:
    """Tell whether the file is at its new place, and another one at the old: a link, say."""
    return here.st_dev == there.st_dev and not same_file(here, there) and matches(there, stamp)
