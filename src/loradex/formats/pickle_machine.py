"""A pickle read as a list of instructions: what would it build, told without building it.

The opcodes are those of protocols 0 to 5 (CPython's `pickletools`). Values that are plain data
are kept, tensors become their shapes, and everything that would import or call code becomes a
label (`pickle_values`). Work is bounded: instructions, and bytes by the cursor's span.

What is noted on the way is what a verdict on safety needs: every name, which of them were called,
and every `Oddity`. Names are read exactly as CPython reads them; where this machine is more
patient than CPython it sees more, never less.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from loradex.domain.header import Tensor
from loradex.formats.cursor import Cursor, SpanEnded
from loradex.formats.pickle_oddities import Oddity, odd_call, odd_state
from loradex.formats.pickle_steps import MARK, NONSENSE, STEPS, Nonsense
from loradex.formats.pickle_values import Imported, Opaque, called, key_text

MAX_INSTRUCTIONS = 2_000_000
"""A checkpoint of 6,000 tensors takes some 250,000."""

_MAX_LINE = 64 * 1024
_MAX_IMPORTS = 10_000

TORCH_MAGIC = 0x1950A86A20F9469CFC6C
"""What the first of the pickles in torch's old format holds."""

TORCH_INNER = Imported("torch.storage", "_load_from_bytes")
"""How plain `pickle.dump` writes a tensor: as the bytes that `torch.save` would write."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a pickle would build, and what it asked for on the way."""

    value: object
    """None when the pickle is broken."""
    imports: tuple[Imported, ...]
    called: frozenset[Imported]
    """Those of the imports that it calls."""
    oddities: tuple[Oddity, ...]
    inner: tuple[bytes, ...]
    """Pickles that it hands to torch's loader; empty where it cannot be told which bytes."""
    instructions: int
    end: int
    """Where reading stopped, in the cursor's terms."""


class BadPickle(Exception):
    """The stream is not a whole pickle: it ends early, or its instructions make no sense.

    `seen` is what it asked for up to there: a payload may well have run by then.
    """

    def __init__(self, message: str, seen: Seen) -> None:
        super().__init__(message)
        self.seen = seen


def look_at(cursor: Cursor, limit: int = MAX_INSTRUCTIONS) -> Seen:
    """Read one pickle up to its STOP, at most `limit` instructions. Raises BadPickle."""
    machine = Machine(cursor)
    try:
        return machine.seen(machine.run(limit))
    except SpanEnded as error:
        raise BadPickle("ends early", machine.seen(None)) from error
    except Nonsense as error:
        raise BadPickle(str(error), machine.seen(None)) from error
    except (IndexError, KeyError, struct.error, ValueError) as error:
        raise BadPickle(NONSENSE, machine.seen(None)) from error


class Machine:
    """The state of an unpickler that builds nothing: a stack, a memo, and notes."""

    def __init__(self, cursor: Cursor) -> None:
        self.cursor: Cursor = cursor
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}
        self.imports: dict[Imported, None] = {}
        self.called: set[Imported] = set()
        self.oddities: dict[Oddity, None] = {}
        self.inner: list[bytes] = []
        self.copied = 0
        self.instructions = 0
        self.frame_end = 0
        """Where the current frame ends; 0 outside of frames."""

    def run(self, limit: int) -> object:
        """Follow the instructions up to STOP; return what lies on top of the stack then."""
        take = self.cursor.take
        for self.instructions in range(1, limit + 1):
            opcode = take(1)
            if opcode == b".":
                return self.stack.pop()
            step = STEPS.get(opcode)
            if step is None:
                raise Nonsense(NONSENSE)
            step(self)
            if self.frame_end and self.cursor.position >= self.frame_end:
                self.leave_frame()
        raise Nonsense(f"has more than {limit:,} instructions")

    def leave_frame(self) -> None:
        """Note an instruction that goes on behind its frame.

        CPython's unpickler in C then drops what is left of the frame, and reads other things
        from there on than anybody who takes the bytes as they come.
        """
        if self.cursor.position > self.frame_end:
            self.odd(Oddity.CROSSED_FRAME)
        self.frame_end = 0

    def seen(self, value: object) -> Seen:
        """Return the notes made so far."""
        return Seen(
            value,
            tuple(self.imports),
            frozenset(self.called),
            tuple(self.oddities),
            tuple(self.inner),
            self.instructions,
            self.cursor.position,
        )

    # What the instructions are made of.

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.stack.append(value)

    def since_mark(self) -> list[object]:
        """Take everything above the last mark, and the mark."""
        stack = self.stack
        at = len(stack) - 1
        while stack[at] is not MARK:
            at -= 1
            if at < 0:
                raise Nonsense(NONSENSE)
        values = stack[at + 1 :]
        del stack[at:]
        return values

    def line(self) -> bytes:
        """Read up to the next newline."""
        return self.cursor.line(_MAX_LINE)

    def text(self) -> str:
        """Read a line as text, whatever its bytes."""
        return self.line().decode("utf-8", "backslashreplace")

    def name(self) -> str:
        """Read a line that CPython takes as a name: UTF-8, or the pickle ends here."""
        return self.line().decode("utf-8")

    def sized(self, size: int) -> bytes:
        """Read bytes that their length, a number of `size` bytes, comes before."""
        return self.cursor.take(self.cursor.number(size))

    def asked_for(self, module: object, name: object) -> Imported:
        """Note a name, and never resolve it."""
        if not isinstance(module, str) or not isinstance(name, str):
            self.odd(Oddity.HIDDEN_NAME)
        words = [part[:256] if isinstance(part, str) else "?" for part in (module, name)]
        imported = Imported(words[0], words[1])
        if len(self.imports) < _MAX_IMPORTS:
            self.imports[imported] = None
        else:
            self.odd(Oddity.MANY_NAMES)
        return imported

    def odd(self, what: Oddity | None) -> None:
        """Note an oddity, if it is one."""
        if what is not None:
            self.oddities[what] = None

    def call(self, function: object, arguments: object) -> None:
        """Note a call and push what it would build."""
        if not isinstance(function, Imported):
            self.odd(Oddity.CALLED_RESULT)
        else:
            if len(self.called) < _MAX_IMPORTS:
                self.called.add(function)
            self.odd(odd_call(function, arguments))
            match arguments:
                case (argument,) if function == TORCH_INNER:
                    self.inner.append(argument if isinstance(argument, bytes) else b"")
        # A dictionary made of a list is a copy: a pickle may ask for the same one for ever.
        match arguments:
            case ([*pairs],):
                self.copied += len(pairs)
                if self.copied > MAX_INSTRUCTIONS:
                    raise Nonsense("copies one list again and again")
        self.push(called(function, arguments))

    def fill(self, pairs: list[object]) -> None:
        """Set items on the dictionary or opaque object on top of the stack."""
        target = self.stack[-1]
        items = target.state if isinstance(target, Opaque) else target
        if not isinstance(items, dict):
            self.odd(_filled(target))
        else:
            for key, value in zip(pairs[::2], pairs[1::2], strict=True):
                text = key_text(key)
                if text is not None:
                    items[text] = value

    def extend(self, values: list[object]) -> None:
        """Append values to the list or opaque object on top of the stack."""
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(values)
        elif isinstance(target, Opaque):
            for value in values:
                target.state[str(len(target.state))] = value
        else:
            self.odd(_filled(target))

    def set_state(self) -> None:
        """BUILD: state is a dictionary, or a pair of them, or something opaque."""
        state = self.stack.pop()
        target = self.stack[-1]
        self.odd(odd_state(target, state))
        if isinstance(target, Opaque):
            for part in state if isinstance(state, tuple) else (state,):
                if isinstance(part, dict):
                    target.state.update(part)


def _filled(target: object) -> Oddity | None:
    """Tell what is odd about putting items into `target`: real pickles do it to containers."""
    if isinstance(target, Imported):
        return Oddity.CHANGED_CODE
    return Oddity.FILLED_STRANGE if isinstance(target, Tensor | str | bytes | tuple) else None
