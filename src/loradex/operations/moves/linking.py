"""Links to models: left in the place of copies, and kept right when a model goes elsewhere."""

# ruff: noqa: PTH115, PTH211 - names are bytes here, which pathlib does not take

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from dataclasses import replace

from loradex.catalog.plan_store import KnownPlace
from loradex.domain.plans import Action, LinkKind, Place, Step

_CANNOT = {errno.EXDEV, errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


class LinkRefused(Exception):
    """A link cannot be made; the message is a sentence."""


def make_link(step: Step, kept: Place) -> None:
    """Make the link of a step; raise LinkRefused, or OSError when its name is taken."""
    try:
        if step.link is LinkKind.HARD:
            os.link(kept.path, step.target.path, follow_symlinks=False)
        else:
            os.symlink(os.fsencode(step.link_text), step.target.path)
    except OSError as error:
        if error.errno in _CANNOT:
            hard = "A hard link is possible within one disk only, and not on every file system."
            soft = "The disk takes no symbolic links."
            raise LinkRefused(hard if step.link is LinkKind.HARD else soft) from error
        raise


def is_link(step: Step) -> bool:
    """Tell whether at a step's target is the link that it makes, and the file has another name."""
    try:
        there = os.lstat(step.target.path)
        if step.link is LinkKind.SYMBOLIC:
            return (
                stat.S_ISLNK(there.st_mode)
                and os.fsdecode(os.readlink(step.target.path)) == step.link_text
            )
    except OSError:
        return False
    stamp = step.stamp
    return (
        stat.S_ISREG(there.st_mode)
        and there.st_nlink > 1
        and stamp is not None
        and (there.st_size, there.st_ino) == (stamp.size, stamp.inode)
    )


def link_text(link: Place, kept: Place, before: bytes | None = None) -> str:
    """Return what a symbolic link says: a relative path within one library, which may be moved.

    One that said something `before` stays relative or absolute, as it was.
    """
    absolute = link.root != kept.root if before is None else before.startswith(b"/")
    return os.fsdecode(kept.path if absolute else os.path.relpath(kept.path, link.folder))


def relinked(model: Step, links: Iterable[KnownPlace], goal: Place | None) -> list[Step]:
    """Return the steps that let symbolic links to a model lead to its `goal`, or go (None)."""
    steps = []
    for link in links:
        try:
            text = os.readlink(link.place.path)
        except OSError:
            continue  # it went just now
        old = replace(
            model,
            action=Action.UNLINK,
            target=link.place,
            file_id=link.file_id,
            link=LinkKind.SYMBOLIC,
            link_text=os.fsdecode(text),
            same_as=None,
            undoes=None,
        )
        steps.append(old)
        if goal is not None:
            said = link_text(link.place, goal, text)
            steps.append(replace(old, action=Action.LINK, source=goal, link_text=said))
    return steps
