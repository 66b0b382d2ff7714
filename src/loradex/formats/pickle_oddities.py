"""What no writer of weights does in a pickle, though every name in it may be an ordinary one."""

from __future__ import annotations

from enum import StrEnum

from loradex.formats.pickle_values import Imported, Opaque


class Oddity(StrEnum):
    """Something odd, as the rest of a sentence about the pickle."""

    HIDDEN_NAME = "hides the name of something that it imports"
    CHANGED_CODE = "changes code that is loaded already"
    CROSSED_FRAME = "hides instructions behind a frame that ends in the middle of one"
    CALLED_RESULT = "calls what another call returned"
    FILLED_STRANGE = "puts items into something that holds none"
    FORGED_ARRAY = "describes a NumPy type in a way that NumPy never writes"
    STRANGE_ENCODING = "encodes a text in a way that weights never need"
    MANY_NAMES = "imports more names than are kept"
    LYING_FRAME = "claims to be longer than it is"


_ENCODINGS = {"latin1", "latin-1", "iso-8859-1", "utf-8", "utf8", "ascii"}


def odd_call(function: Imported, arguments: object) -> Oddity | None:
    """Tell what is odd about the arguments of an ordinary function.

    Any other encoding would make Python search for a module of its name.
    """
    if (function.module, function.name) != ("_codecs", "encode"):
        return None
    match arguments:
        case (str(), str(encoding)) if encoding.lower() in _ENCODINGS:
            return None
    return Oddity.STRANGE_ENCODING


def odd_state(target: object, state: object) -> Oddity | None:
    """Tell what is odd about BUILD giving `state` to `target`.

    On a class or function it sets attributes of the very thing that was imported. A NumPy type's
    state can describe memory that is not there (numpy's `arraydescr_setstate`): plain types have
    `(version, byte order, None, None, None, -1, -1, 0)`.
    """
    if isinstance(target, Imported):
        return Oddity.CHANGED_CODE
    if isinstance(target, Opaque) and target.made_by == "numpy.dtype":
        match state:
            case (int(), "<" | ">" | "|" | "=", None, None, None, -1, -1, 0):
                return None
        return Oddity.FORGED_ARRAY
    return None
