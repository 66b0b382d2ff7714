"""Whatever name CPython's own unpicklers would ask for, the machine has seen as well."""

from __future__ import annotations

import contextlib
import io
import pickle
import random
import struct
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from loradex.formats.cursor import Cursor, Held
from loradex.formats.pickle_machine import BadPickle, look_at
from loradex.formats.pickle_oddities import Oddity
from loradex.formats.pickle_values import Imported


class _Stub:
    """Stands for whatever a name would be: it can be called, filled and changed."""

    def __new__(cls, *_: Any, **__: Any) -> _Stub:
        return object.__new__(cls)

    def __call__(self, *_: Any, **__: Any) -> _Stub:
        return _Stub()

    def __setitem__(self, key: Any, value: Any) -> None: ...

    def append(self, value: Any) -> None: ...

    def extend(self, values: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


def _watched(base: Any, data: bytes) -> list[tuple[str, str]]:
    """Unpickle with names that lead nowhere; return those that were asked for."""
    asked: list[tuple[str, str]] = []

    class Watching(base):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            asked.append((module, name))
            return _Stub

        def persistent_load(self, _id: Any) -> Any:
            return _Stub()

    # Hostile bytes end in any error; what was asked for until then is what counts.
    with contextlib.suppress(Exception):
        Watching(io.BytesIO(data)).load()
    return asked


_CONDEMNED = {Oddity.HIDDEN_NAME, Oddity.CROSSED_FRAME}

_WORDS = ("os", "system", "builtins", "eval", "a.b", "x", "torch._utils", "_rebuild_tensor_v2")

_PLAIN = [
    b"(", b"(", b"0", b"1", b"2", b"N", b"\x88", b"\x89", b")", b"]", b"}", b"\x8f", b"t",
    b"\x85", b"\x86", b"\x87", b"l", b"\x91", b"d", b"a", b"e", b"\x90", b"s", b"u", b"\x93",
    b"\x93", b"\x93", b"R", b"\x81", b"\x92", b"o", b"b", b"Q", b"\x94", b"\x94",
]  # fmt: skip


def _instruction(pick: random.Random, words: Sequence[str]) -> bytes:
    word = pick.choice(words)
    raw, small = word.encode(), bytes([pick.randrange(6)])
    return pick.choice(
        [
            pick.choice(_PLAIN),
            pick.choice(_PLAIN),
            b"X" + struct.pack("<I", len(raw)) + raw,
            b"\x8c" + bytes([len(raw)]) + raw,
            b"\x8d" + struct.pack("<Q", len(raw)) + raw,
            b"U" + bytes([len(raw)]) + raw,
            b"V" + raw.replace(b"o", b"\\u006f") + b"\n",
            b"S'" + raw.replace(b"s", b"\\x73") + b"'\n",
            b'S"' + raw + b'"\n',
            b"c" + raw + b"\n" + pick.choice(words).encode() + b"\n",
            b"i" + raw + b"\n" + pick.choice(words).encode() + b"\n",
            b"P" + raw + b"\n",
            b"h" + small,
            b"q" + small,
            b"g" + str(small[0]).encode() + b"\n",
            b"p" + str(small[0]).encode() + b"\n",
            b"j" + small + b"\0\0\0",
            b"r" + small + b"\0\0\0",
            b"K" + small,
            b"I01\n",
            b"L5L\n",
            b"F1.5\n",
            b"G" + struct.pack(">d", 1.5),
            b"\x8a\x01\x05",
            b"C\x01x",
            b"\x80" + small,
        ]
    )


def _programs(seed: int, count: int) -> Iterator[bytes]:
    """Yield programs; every other one has a frame, which may end in the midst of anything."""
    pick = random.Random(seed)
    for number in range(count):
        # Out of step, the letter r is an instruction that takes gigabytes.
        words = _WORDS if number % 2 else [word for word in _WORDS if "r" not in word]
        parts = [_instruction(pick, words) for _ in range(pick.randrange(1, 25))]
        if not number % 2:
            parts = [part for part in parts if part[:1] not in b"rj"]
            place = pick.randrange(len(parts) + 1)
            parts.insert(place, b"\x95" + struct.pack("<Q", pick.randrange(40)))
        yield b"".join(parts) + b"."


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("base", [pickle.Unpickler, pickle._Unpickler], ids=["C", "Python"])  # type: ignore[attr-defined]
def test_no_name_is_missed(base: Any, seed: int) -> None:
    asking = 0
    for data in _programs(seed, 5_000):
        asked = _watched(base, data)
        asking += bool(asked)
        held = Held(data)
        try:
            seen = look_at(Cursor(held.read_at, 0, held.size))
        except BadPickle as error:
            seen = error.seen
        missed = [name for name in asked if Imported(*name) not in seen.imports]
        assert not missed or _CONDEMNED & set(seen.oddities), (data, missed)
    assert asking > 300
