"""Do one step, from wherever a cut-off attempt has left it.

A step is in the journal before it is done, with what its file looked like. So the disk alone tells
how far it is: the file has its old name, or its new one, or for a moment (between `link` and
`unlink`, or between the last rename of a copy and the removal of the original) both.
"""

# ruff: noqa: PTH102, PTH106, PTH108, PTH112 - names are bytes here, which pathlib does not take

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from loradex.domain.plans import FILE_ACTIONS, Action, LinkKind, Place, Stamp, Step, StepState
from loradex.domain.progress import CancelToken
from loradex.operations.moves.comparing import NotTheSame, check_same
from loradex.operations.moves.copying import CopyFailed, copy_verified, same_bytes, stamp_of
from loradex.operations.moves.linking import LinkRefused, is_link, make_link
from loradex.operations.moves.names import same_name
from loradex.operations.moves.renaming import rename_new, sync_folder
from loradex.operations.moves.trash_can import info_path, remove_info, write_info

SPARE_BYTES = 64 * 1024 * 1024
"""What a disk has to have left after a copy."""


class StepFailed(Exception):
    """A step was not done, and everything is as it was before it; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Doing:
    """How steps are done. `recovering` is true for steps that may have been begun before."""

    cancel: CancelToken
    on_bytes: Callable[[int], None]
    recovering: bool = False


def perform(step: Step, doing: Doing) -> tuple[StepState, Stamp | None]:
    """Do a step; return how it ended, and the moved file as it is now.

    Raises StepFailed, or Cancelled in the middle of a copy: nothing is changed then.
    """
    try:
        if step.action is Action.MAKE_FOLDER:
            return _make_folder(step.target.path, doing), None
        if step.action is Action.REMOVE_FOLDER:
            return _remove_folder(step.target.path, doing), None
        return StepState.DONE, _DONE_BY[step.action](step, doing)
    except (CopyFailed, NotTheSame, LinkRefused) as error:
        raise StepFailed(str(error)) from error
    except OSError as error:
        raise StepFailed(sentence(error)) from error


def begun(step: Step) -> bool:
    """Tell whether a step that the journal has as planned was begun before it was cut off."""
    there = _info(step.target.path)
    if step.action is Action.MAKE_FOLDER:
        return there is not None
    if step.action in (Action.REMOVE_FOLDER, Action.UNLINK):
        return there is None
    if step.action is Action.LINK:
        return is_link(step)
    noted = step.action is Action.TRASH and _info(info_path(step.target)) is not None
    return noted or _began_to_move(step, there)


def _began_to_move(step: Step, there: os.stat_result | None) -> bool:
    source, stamp = _of(step)
    here = _info(source.path)
    if _info(_temporary(step)) is not None:
        return True
    if there is None or here is None:
        return there is not None
    return (
        _same_file(here, there)
        or _copied(here, there, stamp)
        or _is_placeholder(step.target.path, there, stamp)
    )


def inverse(step: Step, result: Stamp | None) -> Step:
    """Return the step that takes a done one back; `result` is the file after it."""
    action = _INVERSE[step.action]
    if step.action not in FILE_ACTIONS:
        return replace(step, action=action)
    source, _ = _of(step)
    return replace(
        step, action=action, source=step.target, target=source, stamp=result, same_as=None
    )


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


def _move(step: Step, doing: Doing) -> Stamp:
    source, stamp = _of(step)
    if doing.recovering:
        _sweep(step)
    here, there = _info(source.path), _info(step.target.path)
    if here is None:
        if there is None or not doing.recovering or not _is_ours(there, stamp):
            raise StepFailed("It is not there any more.")
        return _result(step)
    if doing.recovering and there is not None and _went_before(here, there, stamp):
        return _result(step)
    if there is not None and not _one_entry(source, step.target, here, there):
        if _is_second_name(here, there, stamp, step, doing):
            os.unlink(source.path)
            return _result(step)
        raise StepFailed("Something of that name is there already.")
    if not matches(here, stamp):
        raise StepFailed("It has changed since this was planned.")
    if not os.path.isdir(step.target.folder):
        raise StepFailed("The folder it should go to is not there.")
    if there is not None:
        _change_case(step)
        return _result(step)
    try:
        rename_new(source.path, step.target.path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        if step.action is Action.TRASH:
            raise StepFailed("The trash folder turned out to be on another disk.") from error
        _copy_over(step, doing)
    return _result(step)


def _trash(step: Step, doing: Doing) -> Stamp:
    """Put a file in the trash; what is noted there of it comes first, as the trash wants it."""
    source, _ = _of(step)
    noted = doing.recovering and _info(info_path(step.target)) is not None
    if step.same_as is not None and _info(step.target.path) is None:
        check_same(source.path, step.same_as.path, doing.on_bytes, doing.cancel)
    if not noted:
        write_info(source, step.target)
    try:
        return _move(step, doing)
    except (OSError, StepFailed):
        if _info(step.target.path) is None:
            remove_info(step.target)
        raise


def _restore(step: Step, doing: Doing) -> Stamp:
    source, _ = _of(step)
    result = _move(step, doing)
    remove_info(source)
    return result


def _link(step: Step, doing: Doing) -> Stamp:
    kept, stamp = _of(step)
    if not (doing.recovering and is_link(step)):
        if _info(step.target.path) is not None:
            raise StepFailed("Something of that name is there already.")
        there = _info(kept.path)
        if step.link is LinkKind.HARD and (there is None or not matches(there, stamp)):
            raise StepFailed("The file that is kept has changed since this was planned.")
        make_link(step, kept)
    try:
        return stamp_of(os.stat(step.target.path))
    except FileNotFoundError:  # the file it leads to comes back right after
        return stamp


def _unlink(step: Step, doing: Doing) -> Stamp:
    _, stamp = _of(step)
    if is_link(step):
        os.unlink(step.target.path)
    elif not doing.recovering:
        # In a recovery it was taken away before, and the file itself may be back already.
        raise StepFailed("It is not the link any more that was made here.")
    return stamp


_DONE_BY: Mapping[Action, Callable[[Step, Doing], Stamp]] = {
    Action.MOVE: _move,
    Action.TRASH: _trash,
    Action.RESTORE: _restore,
    Action.LINK: _link,
    Action.UNLINK: _unlink,
}

_INVERSE = {
    Action.MOVE: Action.MOVE,
    Action.TRASH: Action.RESTORE,
    Action.RESTORE: Action.TRASH,
    Action.LINK: Action.UNLINK,
    Action.UNLINK: Action.LINK,
    Action.MAKE_FOLDER: Action.REMOVE_FOLDER,
    Action.REMOVE_FOLDER: Action.MAKE_FOLDER,
}


def _copy_over(step: Step, doing: Doing) -> None:
    """Move a file to another device; the original goes last."""
    source, stamp = _of(step)
    if stamp.folder:
        raise StepFailed("A model that is a folder can only be moved within one disk.")
    if free_bytes(step.target.folder) < stamp.size + SPARE_BYTES:
        raise StepFailed("There is not enough room on the disk it should go to.")
    temporary = _temporary(step)
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
    source, _ = _of(step)
    temporary = _temporary(step)
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
    source, stamp = _of(step)
    temporary, target = _temporary(step), step.target.path
    here, there, between = _info(source.path), _info(target), _info(temporary)
    if here is not None:
        if between is not None:
            os.unlink(temporary)
        if (
            there is not None
            and not _same_file(here, there)
            and _is_placeholder(target, there, stamp)
        ):
            remove = os.rmdir if stamp.folder else os.unlink
            remove(target)
    elif between is not None and there is None and matches(between, stamp):
        rename_new(temporary, target)


def _went_before(here: os.stat_result, there: os.stat_result, stamp: Stamp) -> bool:
    """Tell whether the file is at its new place, and another one at the old: a link, say."""
    return here.st_dev == there.st_dev and not _same_file(here, there) and matches(there, stamp)


def _is_second_name(
    here: os.stat_result,
    there: os.stat_result,
    stamp: Stamp,
    step: Step,
    doing: Doing,
) -> bool:
    """Tell whether the target is what a cut-off attempt made of the source, byte for byte."""
    source, _ = _of(step)
    if not doing.recovering or not matches(here, stamp):
        return False
    if _same_file(here, there):
        return stat.S_ISREG(here.st_mode) and here.st_nlink > 1
    return _copied(here, there, stamp) and same_bytes(source.path, step.target.path, doing.cancel)


def _make_folder(path: bytes, doing: Doing) -> StepState:
    try:
        os.mkdir(path)
    except FileExistsError:
        if not os.path.isdir(path):
            raise
        return StepState.DONE if doing.recovering else StepState.UNNEEDED
    return StepState.DONE


def _remove_folder(path: bytes, doing: Doing) -> StepState:
    try:
        os.rmdir(path)
    except FileNotFoundError:
        return StepState.DONE if doing.recovering else StepState.UNNEEDED
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return StepState.UNNEEDED
        raise
    return StepState.DONE


def free_bytes(folder: bytes) -> int:
    """Return the free space of the device a folder is on; OSError when it cannot be told."""
    info = os.statvfs(folder)
    return info.f_bavail * info.f_frsize


def _result(step: Step) -> Stamp:
    info = os.lstat(step.target.path)
    _, stamp = _of(step)
    if stamp.folder:
        return replace(stamp, device=info.st_dev, inode=info.st_ino)
    return stamp_of(info)


def _of(step: Step) -> tuple[Place, Stamp]:
    assert step.source is not None and step.stamp is not None  # noqa: S101 - a move has both
    return step.source, step.stamp


def _temporary(step: Step) -> bytes:
    return step.target.folder + b"/" + os.fsencode(step.temporary)


def _info(path: bytes) -> os.stat_result | None:
    """Return what a name is, itself and not where a link leads; None when nothing has it."""
    try:
        return os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _same_file(one: os.stat_result, other: os.stat_result) -> bool:
    return (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino)


def _one_entry(source: Place, target: Place, here: os.stat_result, there: os.stat_result) -> bool:
    """Tell whether both paths lead to one and the same entry of one folder.

    So it is on a case-insensitive or normalising disk, and where a folder has two paths. Taking
    one of these "two names" away would take the file.
    """
    return (
        _same_file(here, there)
        and _same_file(os.stat(source.folder), os.stat(target.folder))
        and same_name(source.name, target.name)
    )


def _copied(here: os.stat_result, there: os.stat_result, stamp: Stamp) -> bool:
    return (
        not stamp.folder
        and stat.S_ISREG(there.st_mode)
        and there.st_size == here.st_size == stamp.size
    )


def _is_placeholder(path: bytes, there: os.stat_result, stamp: Stamp) -> bool:
    """Tell whether the target can be the empty file or folder that a rename was to go over."""
    if stamp.folder:
        return stat.S_ISDIR(there.st_mode) and not os.listdir(path)
    return stat.S_ISREG(there.st_mode) and there.st_size == 0


def _is_ours(there: os.stat_result, stamp: Stamp) -> bool:
    """Tell whether the target can be the file that was to go there, renamed or copied."""
    if stamp.folder or matches(there, stamp):
        return matches(there, stamp)
    same = there.st_size == stamp.size and there.st_mtime_ns // 10**9 == stamp.mtime_ns // 10**9
    return stat.S_ISREG(there.st_mode) and same
