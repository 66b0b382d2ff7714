"""Each pickle of an open file is read once, though two questions are asked of it.

What tensors it holds (`pickle_header`) and whether it is safe (`formats.safety`).
"""

from __future__ import annotations

from collections.abc import Hashable
from weakref import WeakKeyDictionary

from loradex.formats.cursor import Cursor
from loradex.formats.model_file import ModelFile
from loradex.formats.pickle_machine import MAX_INSTRUCTIONS, BadPickle, Seen, look_at


class Walks:
    """What was seen of the pickles of one file, by their places in it."""

    def __init__(self) -> None:
        self._met: dict[Hashable, Seen | BadPickle] = {}

    def at(self, place: Hashable, cursor: Cursor, limit: int = MAX_INSTRUCTIONS) -> Seen:
        """Return what the pickle at `place` holds, and leave the cursor behind it.

        A place is 0 or the member for the first pickle of a stream, `(that, position)` for the
        others. Raises BadPickle, for a second time as well.
        """
        met = self._met.get(place)
        if met is None:
            met = self._met[place] = _outcome(cursor, limit)
        elif cursor.position < _end(met):
            cursor.skip(_end(met) - cursor.position)
        if isinstance(met, BadPickle):
            raise met
        return met


def _end(met: Seen | BadPickle) -> int:
    """Return where reading stopped."""
    return met.seen.end if isinstance(met, BadPickle) else met.end


def _outcome(cursor: Cursor, limit: int) -> Seen | BadPickle:
    try:
        return look_at(cursor, limit)
    except BadPickle as error:
        return error


_walks: WeakKeyDictionary[ModelFile, Walks] = WeakKeyDictionary()


def walks_of(file: ModelFile) -> Walks:
    """Return what was seen of an open file; forgotten with it."""
    return _walks.setdefault(file, Walks())
