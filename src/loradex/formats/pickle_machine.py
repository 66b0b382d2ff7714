"""A pickle read as a list of instructions: what would it build, told without building it.

The opcodes are those of protocols 0 to 5 (CPython's `pickletools`). Values that are plain data
are kept, tensors become their shapes, and everything that would import or call code becomes a
label (`pickle_values`). Work is bounded: instructions, and bytes by the cursor's span.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from loradex.formats.cursor import Cursor, SpanEnded
from loradex.formats.pickle_values import Imported, Opaque, called, key_text, persistent

MAX_INSTRUCTIONS = 2_000_000
"""A checkpoint of 6,000 tensors takes some 250,000."""

_MAX_LINE = 64 * 1024
_MAX_INTEGER = 16
_MAX_IMPORTS = 1_000


class BadPickle(Exception):
    """The stream is not a whole pickle: it ends early, or its instructions make no sense."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a pickle would build, and every name it asked for."""

    value: object
    imports: tuple[Imported, ...]


def look_at(cursor: Cursor) -> Seen:
    """Read one pickle up to its STOP. Raises BadPickle."""
    machine = _Machine(cursor)
    try:
        value = machine.run()
    except SpanEnded as error:
        raise BadPickle("ends early") from error
    except (IndexError, KeyError, struct.error, UnicodeDecodeError, ValueError) as error:
        raise BadPickle("has instructions that make no sense") from error
    return Seen(value, tuple(machine.imports))


class _Mark:
    """The place on the stack that MARK leaves."""


_MARK = _Mark()


class _Machine:
    def __init__(self, cursor: Cursor) -> None:
        self.cursor = cursor
        self.stack: list[object] = []
        self.memo: dict[int, object] = {}
        self.imports: dict[Imported, None] = {}
        self.copied = 0

    def run(self) -> object:
        take = self.cursor.take
        for _ in range(MAX_INSTRUCTIONS):
            opcode = take(1)
            if opcode == b".":
                return self.stack.pop()
            step = _STEPS.get(opcode)
            if step is None:
                raise BadPickle("has instructions that make no sense")
            step(self)
        raise BadPickle(f"has more than {MAX_INSTRUCTIONS:,} instructions")

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
                raise BadPickle("has instructions that make no sense")
        values = stack[at + 1 :]
        del stack[at:]
        return values

    def text(self) -> str:
        return self.cursor.line(_MAX_LINE).decode("utf-8", "backslashreplace")

    def sized(self, size: int) -> bytes:
        return self.cursor.take(self.cursor.number(size))

    def asked_for(self, module: object, name: object) -> Imported:
        """Note a name, and never resolve it."""
        words = [part[:256] if isinstance(part, str) else "?" for part in (module, name)]
        imported = Imported(words[0], words[1])
        if len(self.imports) < _MAX_IMPORTS:
            self.imports[imported] = None
        return imported

    def call(self, function: object, arguments: object) -> None:
        # A dictionary made of a list is a copy: a pickle may ask for the same one for ever.
        match arguments:
            case ([*pairs],):
                self.copied += len(pairs)
                if self.copied > MAX_INSTRUCTIONS:
                    raise BadPickle("copies one list again and again")
        self.push(called(function, arguments))

    def fill(self, pairs: list[object]) -> None:
        """Set items on the dictionary or opaque object on top of the stack."""
        target = self.stack[-1]
        items = target.state if isinstance(target, Opaque) else target
        if isinstance(items, dict):
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

    def set_state(self) -> None:
        """BUILD: state is a dictionary, or a pair of them, or something opaque."""
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, Opaque):
            for part in state if isinstance(state, tuple) else (state,):
                if isinstance(part, dict):
                    target.state.update(part)


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
    made = machine.asked_for(machine.text(), machine.text())
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
            raise BadPickle("has instructions that make no sense")
        del machine.stack[-count:]
        machine.push(values)

    return step


def _constant(make: Callable[[], object]) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(make())


def _unsigned(size: int) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.cursor.number(size))


def _string(size: int) -> Callable[[_Machine], None]:
    return lambda machine: machine.push(machine.sized(size).decode("utf-8", "backslashreplace"))


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
    b"S": lambda m: m.push(m.text().strip("\"'")),
    b"V": lambda m: m.push(m.text()),
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
    b"c": lambda m: m.push(m.asked_for(m.text(), m.text())),
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
    # Framing says nothing about values, and may lie about its length
    b"\x80": lambda m: m.cursor.take(1),
    b"\x95": lambda m: m.cursor.take(8),
}
