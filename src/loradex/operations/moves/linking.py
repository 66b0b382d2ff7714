"""Links in the place of files that are there twice: made, known again, and taken away."""

# ruff: noqa: PTH115, PTH211 - names are bytes here, which pathlib does not take

from __future__ import annotations

import errno
import os
import stat

from loradex.domain.plans import LinkKind, Place, Step

_CANNOT = {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


class LinkRefused(Exception):
    """A link cannot be made; the message is a sentence."""


def make_link(step: Step, kept: Place) -> None:
    """Make the link of a step; raise LinkRefused, or OSError when its name is taken."""
    try:
        if step.link is LinkKind.HARD:
            os.link(kept.path, step.target.path, follow_symlinks=False)
        else:
            os.symlink(link_text(step.target, kept), step.target.path)
    except OSError as error:
        if error.errno in _CANNOT:
            hard = "A hard link is possible within one disk only, and not on every file system."
            soft = "The disk takes no symbolic links."
            raise LinkRefused(hard if step.link is LinkKind.HARD else soft) from error
        raise


def is_link(step: Step, kept: Place) -> bool:
    """Tell whether at a step's target is the link that it makes, and the file has another name."""
    try:
        there = os.lstat(step.target.path)
        if step.link is LinkKind.SYMBOLIC:
            return (
                stat.S_ISLNK(there.st_mode)
                and os.readlink(step.target.path) == link_text(step.target, kept)
            )  # fmt: skip
    except OSError:
        return False
    stamp = step.stamp
    return (
        stat.S_ISREG(there.st_mode)
        and there.st_nlink > 1
        and stamp is not None
        and (there.st_size, there.st_ino) == (stamp.size, stamp.inode)
    )


def link_text(link: Place, kept: Place) -> bytes:
    """Return where a symbolic link points: relatively within one library, which may be moved."""
    if link.root != kept.root:
        return kept.path
    return os.path.relpath(kept.path, link.folder)
