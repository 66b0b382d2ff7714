"""What picklescan thinks of names that are not on the allow-list.

picklescan only disassembles, but it knows no limits: it keeps all instructions in a list, walks
back over it from each STACK_GLOBAL, and prints what it finds. So it gets the bytes only when they
are few, the names always, and no voice. Its opinion can make a verdict worse and never better.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable

from loradex.formats.pickle_values import Imported

_MAX_BYTES = 512 * 1024
_MAX_STEPS = 5_000_000


def called_dangerous(data: bytes, imports: Iterable[Imported]) -> frozenset[Imported]:
    """Return the names that picklescan calls dangerous in a pickle that asks for `imports`.

    `data` holds the pickle's own bytes, or nothing when they are too many. A name that picklescan
    cannot make out has the module `unknown`.
    """
    found = _opinion(_as_pickle(imports))
    if data and len(data) <= _MAX_BYTES and _steps(data) <= _MAX_STEPS:
        found |= _opinion(data)
    return frozenset(found)


def _steps(data: bytes) -> int:
    """Return at most how many steps back picklescan takes: over memo instructions, each time."""
    return data.count(b"\x93") * sum(map(data.count, (b"\x94", b"q", b"r", b"p")))


def _as_pickle(imports: Iterable[Imported]) -> bytes:
    """Return a pickle that does nothing but ask for these names."""
    parts = [b"\x80\x04"]
    for imported in imports:
        for word in (imported.module, imported.name):
            raw = word.encode("utf-8", "backslashreplace")
            parts.append(b"X" + struct.pack("<I", len(raw)) + raw)
        parts.append(b"\x930")
    return b"".join((*parts, b"N."))


def _opinion(data: bytes) -> set[Imported]:
    # Importing picklescan takes longer than judging a file: only names nobody knows are worth it.
    import logging  # noqa: PLC0415

    from picklescan.scanner import (  # type: ignore[import-untyped]  # noqa: PLC0415
        SafetyLevel,
        scan_pickle_bytes,
    )

    logging.getLogger("picklescan").disabled = True
    try:
        result = scan_pickle_bytes(io.BytesIO(data), "a pickle")
    except Exception:  # noqa: BLE001 - foreign code on hostile bytes: no opinion is an answer
        return set()
    return {
        Imported(found.module, found.name)
        for found in result.globals
        if found.safety is SafetyLevel.Dangerous
    }
