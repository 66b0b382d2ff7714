"""What each instruction of a pickle does to the machine, by its opcode."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from loradex.formats.pickle_oddities import Oddity
from loradex.formats.pickle_values import Opaque, persistent

if TYPE_CHECKING:
    from loradex.formats.pickle_machine import Machine

NONSENSE = "has instructions that make no sense"

_LONGEST_TEXT = 1024 * 1024
_MAX_INTEGER = 16


class Nonsense(Exception):
    """What is wrong with the stream, as the rest of a sentence about it."""


class _Mark:
    """The place on the stack that MARK leaves."""


MARK = _Mark()


def _long(data: bytes) -> object:
    # No model needs larger numbers, and their decimal form takes quadratic time.
    if len(data) > _MAX_INTEGER:
        return Opaque("large number")
    return int.from_bytes(data, "little", signed=True)


def _decimal(text: str) -> object:
    return Opaque("large number") if len(text) > 40 else int(text.rstrip("L"))


def _integer_line(machine: Machine) -> None:
    text = machine.text()
    machine.push(text == "01" if text in {"00", "01"} else _decimal(text))


def _stack_global(machine: Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    machine.push(machine.asked_for(module, name))


def _instance(machine: Machine) -> None:
    made = machine.asked_for(machine.name(), machine.name())
    machine.call(made, tuple(machine.since_mark()))


def _object(machine: Machine) -> None:
    function, *arguments = machine.since_mark()
    machine.call(function, tuple(arguments))


def _reduce(machine: Machine) -> None:
    arguments, function = machine.stack.pop(), machine.stack.pop()
    machine.call(function, arguments)


def _new_object_ex(machine: Machine) -> None:
    machine.stack.pop()
    _reduce(machine)


def _dictionary(machine: Machine) -> None:
    pairs = machine.since_mark()
    machine.push({})
    machine.fill(pairs)


def _append(machine: Machine) -> None:
    value = machine.stack.pop()
    machine.extend([value])


def _set_item(machine: Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine.fill([key, value])


def _tuple_of(count: int) -> Callable[[Machine], None]:
    def step(machine: Machine) -> None:
        values = tuple(machine.stack[-count:])
        if len(values) < count:
            raise Nonsense(NONSENSE)
        del machine.stack[-count:]
        machine.push(values)

    return step


def _constant(make: Callable[[], object]) -> Callable[[Machine], None]:
    return lambda machine: machine.push(make())


def _unsigned(size: int) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.cursor.number(size))


def _string(size: int) -> Callable[[Machine], None]:
    return lambda machine: machine.push(
        machine.sized(size)[:_LONGEST_TEXT].decode("utf-8", "backslashreplace")
    )


def _bytes(size: int) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.sized(size))


def _extension(size: int) -> Callable[[Machine], None]:
    return lambda machine: machine.push(
        machine.asked_for("copyreg", f"extension {machine.cursor.number(size)}")
    )


def _get(place: Callable[[Machine], int]) -> Callable[[Machine], None]:
    return lambda machine: machine.push(machine.memo[place(machine)])


def _put(place: Callable[[Machine], int]) -> Callable[[Machine], None]:
    def step(machine: Machine) -> None:
        machine.memo[place(machine)] = machine.stack[-1]

    return step


def _fixed(code: str, size: int) -> Callable[[Machine], None]:
    return lambda machine: machine.push(struct.unpack(code, machine.cursor.take(size))[0])


def _quoted(machine: Machine) -> None:
    """Push a text of protocol 0; one with escapes spells something that it does not show."""
    text = machine.text()
    machine.push(Opaque("escaped text") if "\\" in text else text.strip("\"'"))


def _frame(machine: Machine) -> None:
    length = machine.cursor.number(8)
    if length > machine.cursor.left:
        machine.odd(Oddity.LYING_FRAME)
    end = machine.cursor.position + length
    if not machine.frame_end:
        machine.frame_end = end
    elif end > machine.frame_end:
        machine.odd(Oddity.CROSSED_FRAME)


STEPS: dict[bytes, Callable[[Machine], object]] = {
    b"(": lambda m: m.push(MARK),
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
