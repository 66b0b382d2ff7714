"""Rename without ever replacing what is there.

POSIX `rename` replaces its target in silence, and to look first leaves a moment in which somebody
else may put a file there. Three ways are safe; the first that the file system knows is taken:

1. `renameat2(RENAME_NOREPLACE)` (Linux 3.15, glibc 2.28): one atomic call. ext4, btrfs, xfs, tmpfs,
   exFAT, NTFS and SMB know it; NFS and most FUSE file systems answer EINVAL.
2. `link`, then `unlink`: `link` never replaces. Cut off in between, the file has both names, and
   recovery takes the old one away. Not for folders, and not where there are no hard links.
3. Make an empty file (or folder) of the new name, which fails when there is one, and rename over
   it. Cut off in between, an empty file is left beside the untouched source.
"""

# ruff: noqa: PTH102, PTH104, PTH108, PTH120 - names are bytes here, which pathlib does not take

from __future__ import annotations

import ctypes
import errno
import os
import stat

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_UNKNOWN_HERE = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EPERM}


def rename_new(source: bytes, target: bytes) -> None:
    """Rename a file or folder to a name that nothing has.

    Raises FileExistsError when something has it, another OSError (EXDEV across devices) when it
    cannot be done; the source is then where it was.
    """
    if _rename_noreplace(source, target):
        return
    mode = os.lstat(source).st_mode
    if stat.S_ISREG(mode) and _link_and_unlink(source, target):
        return
    _rename_over_placeholder(source, target, folder=stat.S_ISDIR(mode))


def _rename_noreplace(source: bytes, target: bytes) -> bool:
    """Rename in one call; return False where that is not known."""
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        return False
    if function(_AT_FDCWD, source, _AT_FDCWD, target, _RENAME_NOREPLACE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.EINVAL, errno.ENOSYS):
        return False
    raise OSError(code, os.strerror(code), os.fsdecode(target))


def _link_and_unlink(source: bytes, target: bytes) -> bool:
    """Give the file its new name, then take the old one; return False where links are not known."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno in _UNKNOWN_HERE | {errno.EMLINK}:
            return False
        raise
    sync_folder(os.path.dirname(target))
    os.unlink(source)
    return True


def _rename_over_placeholder(source: bytes, target: bytes, *, folder: bool) -> None:
    if folder:
        os.mkdir(target)  # rename replaces an empty folder only
        remove_placeholder = os.rmdir
    else:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        remove_placeholder = os.unlink
    try:
        os.rename(source, target)
    except OSError:
        if folder or os.lstat(target).st_size == 0:
            remove_placeholder(target)
        raise


def sync_folder(path: bytes) -> None:
    """Let the entries of a folder outlive a loss of power, where the file system can do that."""
    try:
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return
    try:
        os.fsync(folder)
    except OSError:  # some network file systems refuse it for folders
        pass
    finally:
        os.close(folder)
