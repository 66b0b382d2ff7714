"""Move one file, from wherever a cut-off attempt has left it.

The file has its old name, or its new one, or for a moment (between `link` and `unlink`, or between
the last rename of a copy and the removal of the original) both.
"""

# ruff: noqa: PTH108, PTH112 - names are bytes here, which pathlib does not take

from __future__ import annotations

import errno
import os
import stat

from loradex.domain.plans import Action, Stamp, Step
from loradex.operations.moves.copying import copy_verified, same_bytes, stamp_of
from loradex.operations.moves.doing import Doing, StepFailed
from loradex.operations.moves.on_disk import (
    SPARE_BYTES,
    free_bytes,
    info_of,
    is_ours,
    is_placeholder,
    like_a_copy,
    matches,
    one_entry,
    result_of,
    same_file,
    source_of,
    temporary_path,
    went_before,
)
from loradex.operations.moves.renaming import rename_new, sync_folder


def move_file(step: Step, doing: Doing) -> Stamp:
    """Bring a file to its target; return it as it is there.

    Raises StepFailed or OSError, or Cancelled in the middle of a copy: nothing is changed then.
    """
    source, stamp = source_of(step)
    if doing.recovering:
        _sweep(step)
    here, there = info_of(source.path), info_of(step.target.path)
    if here is None:
        if there is None or not doing.recovering or not is_ours(there, stamp):
            raise StepFailed("It is not there any more.")
        return result_of(step)
    if doing.recovering and there is not None and went_before(here, there, stamp):
        return result_of(step)
    if there is not None and not one_entry(source, step.target, here, there):
        if _is_second_name(here, there, stamp, step, doing):
            os.unlink(source.path)
            return result_of(step)
        raise StepFailed("Something of that name is there already.")
    if not matches(here, stamp):
        raise StepFailed("It has changed since this was planned.")
    if not os.path.isdir(step.target.folder):
        raise StepFailed("The folder it should go to is not there.")
    if there is not None:
        _change_case(step)
        return result_of(step)
    try:
        rename_new(source.path, step.target.path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        if step.action is Action.TRASH:
            raise StepFailed("The trash folder turned out to be on another disk.") from error
        _copy_over(step, doing)
    return result_of(step)


def _copy_over(step: Step, doing: Doing) -> None:
    """Move a file to another device; the original goes last."""
    source, stamp = source_of(step)
    if stamp.folder:
        raise StepFailed("A model that is a folder can only be moved within one disk.")
    if free_bytes(step.target.folder) < stamp.size + SPARE_BYTES:
        raise StepFailed("There is not enough room on the disk it should go to.")
    temporary = temporary_path(step)
    here = stamp_of(os.lstat(source.path))
    copy_verified(
        source.path,
        temporary,
        here,
        sha256=step.sha256,
        on_bytes=doing.on_bytes,
        cancel=doing.cancel,
    )
    try:
        rename_new(temporary, step.target.path)
    except OSError:
        os.unlink(temporary)
        raise
    sync_folder(step.target.folder)
    try:
        if stamp_of(os.lstat(source.path)) != here:
            raise StepFailed("It changed while it was copied.")
        os.unlink(source.path)
    except (OSError, StepFailed):
        os.unlink(step.target.path)
        raise


def _change_case(step: Step) -> None:
    """Rename to what a case-insensitive disk takes for the same name: over a third one."""
    source, _ = source_of(step)
    temporary = temporary_path(step)
    rename_new(source.path, temporary)
    try:
        rename_new(temporary, step.target.path)
    except OSError:
        rename_new(temporary, source.path)
        raise


def _sweep(step: Step) -> None:
    """Settle what a cut-off attempt left besides the file itself.

    Under the temporary name: an unfinished copy, or the file on its way to another spelling of its
    name. Under the new name: the empty placeholder of a rename, as long as the source is there.
    """
    source, stamp = source_of(step)
    temporary, target = temporary_path(step), step.target.path
    here, there, between = info_of(source.path), info_of(target), info_of(temporary)
    if here is not None:
        if between is not None:
            os.unlink(temporary)
        if (
            there is not None
            and not same_file(here, there)
            and is_placeholder(target, there, stamp)
        ):
            remove = os.rmdir if stamp.folder else os.unlink
            remove(target)
    elif between is not None and there is None and matches(between, stamp):
        rename_new(temporary, target)


def _is_second_name(
    here: os.stat_result,
    there: os.stat_result,
    stamp: Stamp,
    step: Step,
    doing: Doing,
) -> bool:
    """Tell whether the target is what a cut-off attempt made of the source, byte for byte."""
    source, _ = source_of(step)
    if not doing.recovering or not matches(here, stamp):
        return False
    if same_file(here, there):
        return stat.S_ISREG(here.st_mode) and here.st_nlink > 1
    return like_a_copy(here, there, stamp) and same_bytes(
        source.path, step.target.path, doing.cancel
    )
