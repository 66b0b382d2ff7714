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
from collections.abc import Callable
from dataclasses import dataclass

from loradex.domain.header import Tensor
from loradex.formats.cursor import Cursor, SpanEnded
from loradex.formats.pickle_oddities import Oddity, odd_call, odd_state
from loradex.formats.pickle_values import Imported, Opaque, called, key_text, persistent

MAX_INSTRUCTIONS = 2_000_000
"""A checkpoint of 6,000 tensors takes some 250,000."""

_MAX_LINE = 64 * 1024
_MAX_INTEGER = 16
_MAX_IMPORTS = 10_000
_LONGEST_TEXT = 1024 * 1024
_NONSENSE = "has instructions that make no sense"

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


class _Nonsense(Exception):
    """What is wrong with the stream, as the rest of a sentence about it."""


def look_at(cursor: Cursor, limit: int = MAX_INSTRUCTIONS) -> Seen:
    """Read one pickle up to its STOP, at most `limit` instructions. Raises BadPickle."""
    machine = _Machine(cursor)
    try:
        return machine.seen(machine.run(limit))
    except SpanEnded as error:
        raise BadPickle("ends early", machine.seen(None)) from error
    except _Nonsense as error:
        raise BadPickle(str(error), machine.seen(None)) from error
    except (IndexError, KeyError, struct.error, ValueError) as error:
        raise BadPickle(_NONSENSE, machine.seen(None)) from error


class _Mark:
    """The place on the stack that MARK leaves."""


_MARK = _Mark()


class _Machine:
    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
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
        take = self.cursor.take
        for self.instructions in range(1, limit + 1):
            opcode = take(1)
            if opcode == b".":
                return self.stack.pop()
            step = _STEPS.get(opcode)
            if step is None:
                raise _Nonsense(_NONSENSE)
            step(self)
            if self.frame_end and self.cursor.position >= self.frame_end:
                self.leave_frame()
        raise _Nonsense(f"has more than {limit:,} instructions")

    def leave_frame(self) -> None:
        """Note an instruction that goes on behind its frame.

        CPython's unpickler in C then drops what is left of the frame, and reads other things
        from there on than anybody who takes the bytes as they come.
        """
        if self.cursor.position > self.frame_end:
            self.odd(Oddity.CROSSED_FRAME)
        self.frame_end = 0

    def seen(self, value: object) -> Seen:
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
        self.stack.append(value)

    def since_mark(self) -> list[object]:
        """Take everything above the last mark, and the mark."""
        stack = self.stack
        at = len(stack) - 1
        while stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise _Nonsense(_NONSENSE)
        values = stack[at + 1 :]
        del stack[at:]
        return values

    def line(self) -> bytes:
        return self.cursor.line(_MAX_LINE)

    def text(self) -> str:
        return self.line().decode("utf-8", "backslashreplace")

    def name(self) -> str:
        """Read a line that CPython takes as a name: UTF-8, or the pickle ends here."""
        return self.line().decode("utf-8")

    def sized(self, size: int) -> bytes:
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
        if what is not None:
            self.oddities[what] = None

    def call(self, function: object, arguments: object) -> None:
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
                    raise _Nonsense("copies one list again and again")
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


def _long(data: bytes) -> object:
    # No model needs larger numbers, and their decimal form takes quadratic time.
    if len(data) > _MAX_INTEGER:
        return Opaque("large number")
    return int.from_bytes(data, "little", signed=True)


def _decimal(text: str) -> object:
    return Opaque("large number") if len(text) > 40 else int(text.rstrip("L"))


def _integer_line(machine: _Machine) -> None:
    text = machine.text()
    machine.push(text == "01" if text in {"00", "01"} else _decimal(text))


def _stack_global(machine: _Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.push(machine.asked_for(module, name))


def _instance(machine: _Machine) -> None:
    made = machine.asked_for(machine.name(), machine.name())
    machine.call(made, tuple(machine.since_mark()))


def _object(machine: _Machine) -> None:
    function, *arguments = machine.since_mark()
    machine.call(function, tuple(arguments))


def _reduce(machine: _Machine) -> None:
    arguments, function = machine.stack.pop(), machine.stack.pop()
    machine.call(function, arguments)


def _new_object_ex(machine: _Machine) -> None:
    machine.stack.pop()
    _reduce(machine)


def _dictionary(machine: _Machine) -> None:
    pairs = machine.since_mark()
    machine.push({})
    machine.fill(pairs)


def _append(machine: _Machine) -> None:
    value = machine.stack.pop()
    machine.extend([value])


def _set_item(machine: _Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.fill([key, value])


def _tuple_of(count: int) -> Callable[[_Machine], None]:
    def step(machine: _Machine) -> None:
        values = tuple(machine.stack[-count:])
        if len(values) < count:
            raise _Nonsense(_NONSENSE)
        del machine.stack[-count:]
        machine.push(values)

    return step


def _constant(make: Callable[[], object]) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(make())


def _unsigned(size: int) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.cursor.number(size))


def _string(size: int) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(
        machine.sized(size)[:_LONGEST_TEXT].decode("utf-8", "backslashreplace")
    )


def _bytes(size: int) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.sized(size))


def _extension(size: int) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(
        machine.asked_for("copyreg", f"extension {machine.cursor.number(size)}")
    )


def _get(place: Callable[[_Machine], int]) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.memo[place(machine)])


def _put(place: Callable[[_Machine], int]) -> Callable[[_Machine], None]:
    def step(machine: _Machine) -> None:
        machine.memo[place(machine)] = machine.stack[-1]

    return step


def _fixed(code: str, size: int) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(struct.unpack(code, machine.cursor.take(size))[0])


def _quoted(machine: _Machine) -> None:
    """Push a text of protocol 0; one with escapes spells something that it does not show."""
    text = machine.text()
    machine.push(Opaque("escaped text") if "\\" in text else text.strip("\"'"))


def _frame(machine: _Machine) -> None:
    length = machine.cursor.number(8)
    if length > machine.cursor.left:
        machine.odd(Oddity.LYING_FRAME)
    end = machine.cursor.position + length
    if not machine.frame_end:
        machine.frame_end = end
    elif end > machine.frame_end:
        machine.odd(Oddity.CROSSED_FRAME)


_STEPS: dict[bytes, Callable[[_Machine], object]] = {
    b"(": lambda m: m.push(_MARK),
    b"0": lambda m: m.stack.pop(),
    b"1": lambda m: m.since_mark(),
    b"2": lambda m: m.push(m.stack[-1]),
    # Plain values
    b"N": _constant(lambda: None),
    b"\x88": _constant(lambda: True),
    b"\x89": _constant(lambda: False),
    b"F": lambda m: m.push(float(m.text())),
    b"G": _fixed(">d", 8),
    b"I": _integer_line,
    b"J": _fixed("<i", 4),
    b"K": _unsigned(1),
    b"M": _unsigned(2),
    b"L": lambda m: m.push(_decimal(m.text())),
    b"\x8a": lambda m: m.push(_long(m.sized(1))),
    b"\x8b": lambda m: m.push(_long(m.sized(4))),
    b"S": _quoted,
    b"V": lambda m: m.push(m.line().decode("raw-unicode-escape")),
    b"T": _string(4),
    b"U": _string(1),
    b"X": _string(4),
    b"\x8c": _string(1),
    b"\x8d": _string(8),
    b"B": _bytes(4),
    b"C": _bytes(1),
    b"\x8e": _bytes(8),
    b"\x96": _bytes(8),
    b"\x97": _constant(lambda: Opaque("buffer")),
    b"\x98": lambda m: None,
    # Containers
    b")": _constant(tuple),
    b"]": _constant(list),
    b"}": _constant(dict),
    b"\x8f": _constant(list),
    b"t": lambda m: m.push(tuple(m.since_mark())),
    b"\x85": _tuple_of(1),
    b"\x86": _tuple_of(2),
    b"\x87": _tuple_of(3),
    b"l": lambda m: m.push(m.since_mark()),
    b"\x91": lambda m: m.push(m.since_mark()),
    b"d": _dictionary,
    b"a": _append,
    b"e": lambda m: m.extend(m.since_mark()),
    b"\x90": lambda m: m.extend(m.since_mark()),
    b"s": _set_item,
    b"u": lambda m: m.fill(m.since_mark()),
    # Names and calls: noted, never followed
    b"c": lambda m: m.push(m.asked_for(m.name(), m.name())),
    b"\x93": _stack_global,
    b"\x82": _extension(1),
    b"\x83": _extension(2),
    b"\x84": _extension(4),
    b"R": _reduce,
    b"\x81": _reduce,
    b"\x92": _new_object_ex,
    b"i": _instance,
    b"o": _object,
    b"b": lambda m: m.set_state(),
    b"P": lambda m: m.push(persistent(m.text())),
    b"Q": lambda m: m.push(persistent(m.stack.pop())),
    # Memo
    b"g": _get(lambda m: int(m.text())),
    b"h": _get(lambda m: m.cursor.number(1)),
    b"j": _get(lambda m: m.cursor.number(4)),
    b"p": _put(lambda m: int(m.text())),
    b"q": _put(lambda m: m.cursor.number(1)),
    b"r": _put(lambda m: m.cursor.number(4)),
    b"\x94": _put(lambda m: len(m.memo)),
    # Framing says nothing about values, unless it lies
    b"\x80": lambda m: m.cursor.take(1),
    b"\x95": _frame,
}
