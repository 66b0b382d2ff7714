"""Do one step, whatever its action, and know how far a cut-off attempt has come.

A step is in the journal before it is done, with what its file looked like. So the disk alone tells
how far it is.
"""

# ruff: noqa: PTH102, PTH106, PTH108, PTH112 - names are bytes here, which pathlib does not take

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import replace

from loradex.domain.plans import FILE_ACTIONS, Action, LinkKind, Stamp, Step, StepState
from loradex.operations.moves.comparing import NotTheSame, check_same
from loradex.operations.moves.copying import CopyFailed, stamp_of
from loradex.operations.moves.doing import Doing, StepFailed
from loradex.operations.moves.linking import LinkRefused, is_link, make_link
from loradex.operations.moves.moving import move_file
from loradex.operations.moves.on_disk import (
    info_of,
    is_placeholder,
    like_a_copy,
    matches,
    same_file,
    sentence,
    source_of,
    temporary_path,
)
from loradex.operations.moves.trash_can import info_path, remove_empty, remove_info, write_info


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
    there = info_of(step.target.path)
    if step.action is Action.MAKE_FOLDER:
        return there is not None
    if step.action in (Action.REMOVE_FOLDER, Action.UNLINK):
        return there is None
    if step.action is Action.LINK:
        return is_link(step)
    noted = step.action is Action.TRASH and info_of(info_path(step.target)) is not None
    return noted or _began_to_move(step, there)


def _began_to_move(step: Step, there: os.stat_result | None) -> bool:
    source, stamp = source_of(step)
    here = info_of(source.path)
    if info_of(temporary_path(step)) is not None:
        return True
    if there is None or here is None:
        return there is not None
    return (
        same_file(here, there)
        or like_a_copy(here, there, stamp)
        or is_placeholder(step.target.path, there, stamp)
    )


def inverse(step: Step, result: Stamp | None) -> Step:
    """Return the step that takes a done one back; `result` is the file after it."""
    action = _INVERSE[step.action]
    if step.action not in FILE_ACTIONS:
        return replace(step, action=action)
    source, _ = source_of(step)
    return replace(
        step, action=action, source=step.target, target=source, stamp=result, same_as=None
    )


def _trash(step: Step, doing: Doing) -> Stamp:
    """Put a file in the trash; what is noted there of it comes first, as the trash wants it."""
    source, _ = source_of(step)
    noted = doing.recovering and info_of(info_path(step.target)) is not None
    if step.same_as is not None and info_of(step.target.path) is None:
        check_same(source.path, step.same_as.path, doing.on_bytes, doing.cancel)
    if not noted:
        write_info(source, step.target)
    try:
        return move_file(step, doing)
    except (OSError, StepFailed):
        if info_of(step.target.path) is None:
            remove_info(step.target)
        raise


def _restore(step: Step, doing: Doing) -> Stamp:
    source, _ = source_of(step)
    result = move_file(step, doing)
    remove_info(source)
    remove_empty(source)
    return result


def _link(step: Step, doing: Doing) -> Stamp:
    kept, stamp = source_of(step)
    if not (doing.recovering and is_link(step)):
        if info_of(step.target.path) is not None:
            raise StepFailed("Something of that name is there already.")
        there = info_of(kept.path)
        if step.link is LinkKind.HARD and (there is None or not matches(there, stamp)):
            raise StepFailed("The file that is kept has changed since this was planned.")
        make_link(step, kept)
    try:
        return stamp_of(os.stat(step.target.path))
    except FileNotFoundError:  # the file it leads to comes back right after
        return stamp


def _unlink(step: Step, doing: Doing) -> Stamp:
    _, stamp = source_of(step)
    if is_link(step):
        os.unlink(step.target.path)
    elif not doing.recovering:
        # In a recovery it was taken away before, and the file itself may be back already.
        raise StepFailed("It is not the link any more that was made here.")
    return stamp


_DONE_BY: Mapping[Action, Callable[[Step, Doing], Stamp]] = {
    Action.MOVE: move_file,
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
