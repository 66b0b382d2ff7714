"""Pickles, one or several behind each other, judged by what they ask for.

Loaders differ in how many pickles of a stream they load, so all that can be read count. Torch's
old format is five: a number that tells it, the protocol, facts about the machine, the object, the
keys of its storages; then come raw bytes.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence

from loradex.domain.safety import Safety
from loradex.domain.text import display_text
from loradex.formats.cursor import Cursor, Held, Readable
from loradex.formats.limits import MAX_HEADER_BYTES
from loradex.formats.pickle_machine import TORCH_INNER, TORCH_MAGIC, BadPickle, Seen
from loradex.formats.pickle_oddities import Oddity
from loradex.formats.pickle_values import Imported
from loradex.formats.safety.names import judge_name
from loradex.formats.safety.scanning import Scan
from loradex.formats.safety.second_opinion import called_dangerous

_IN_OLD_FORMAT = 5
_MAX_PICKLES = 64
_MAX_INNER = 8
_NAMED = 5
_LONGEST_NAME = 60
_OPINION_BYTES = 1024 * 1024

_DANGEROUS = {
    Oddity.HIDDEN_NAME,
    Oddity.CROSSED_FRAME,
    Oddity.CHANGED_CODE,
    Oddity.MANY_NAMES,
}

# By chance, tensor bytes rarely spell a name that Python could import.
_IDENTIFIERS = re.compile(r"[A-Za-z_]\w+(?:\.\w+)*", re.ASCII)


def judge_stream(data: Readable, scan: Scan, place: Hashable = 0) -> bool:
    """Judge the pickles that `data` begins with; False when it does not begin with one.

    `place` is where the first is kept among the walks of the file.
    """
    cursor = Cursor(data.read_at, 0, min(data.size, MAX_HEADER_BYTES))
    old_format = False
    for number in range(_MAX_PICKLES):
        start = cursor.position
        try:
            key = place if number == 0 else (place, start)
            seen = scan.walks.at(key, cursor, max(1, scan.budget.instructions.left))
        except BadPickle as error:
            return _judge_broken(error, data, start, scan, first=number == 0)
        _judge_seen(seen, data, start, scan)
        if number == 0:
            old_format = seen.value == TORCH_MAGIC
        if old_format and number + 1 == _IN_OLD_FORMAT:
            return True
        if cursor.position >= data.size:
            break
    if cursor.position < data.size:
        left = data.size - cursor.position
        scan.add(Safety.BROKEN, f"has {left:,} bytes after its pickles; not fully scanned.")
    elif old_format:
        scan.add(Safety.BROKEN, "ends before its tensors begin.")
    return True


def _judge_broken(error: BadPickle, data: Readable, start: int, scan: Scan, *, first: bool) -> bool:
    """Judge a stream that is no pickle any more; return whether it ever was one."""
    seen = error.seen
    plausible = [name for name in seen.imports if _is_plausible(name)]
    head = data.read_at(0, 2)
    marked = head[:1] == b"\x80" and head[1:] <= b"\x05" and not scan.tensor_bytes
    if first and not marked and not plausible:
        return False
    if first or plausible:
        _judge_seen(seen, data, start, scan)
    if first:
        scan.add(Safety.BROKEN, f"{error}; not fully scanned.")
    else:
        left = data.size - start
        scan.add(Safety.BROKEN, f"has {left:,} bytes after its pickle; not fully scanned.")
    return True


def _is_plausible(name: Imported) -> bool:
    return bool(_IDENTIFIERS.fullmatch(name.module) and _IDENTIFIERS.fullmatch(name.name))


def _judge_seen(seen: Seen, data: Readable, start: int, scan: Scan) -> None:
    if not scan.budget.instructions.spend(seen.instructions):
        scan.add(Safety.BROKEN, "has more instructions than any model; not fully scanned.")
    for oddity in seen.oddities:
        if oddity in _DANGEROUS:
            scan.add(Safety.DANGEROUS, f"{oddity.value}.")
        elif oddity is Oddity.LYING_FRAME:
            scan.add(Safety.BROKEN, f"{oddity.value}.")
        else:
            scan.add(Safety.SUSPICIOUS, f"{oddity.value}.")
    _judge_names(seen, data, start, scan)
    _judge_inner(seen, scan)


def _judge_names(seen: Seen, data: Readable, start: int, scan: Scan) -> None:
    verdicts = {name: judge_name(name, called=name in seen.called) for name in seen.imports}
    strange = [name for name, verdict in verdicts.items() if verdict is not Safety.SAFE]
    if not strange:
        return
    length = seen.end - start
    raw = data.read_at(start, length) if length <= _OPINION_BYTES else b""
    condemned = called_dangerous(raw, strange)
    dangerous = [
        name for name in strange if verdicts[name] is Safety.DANGEROUS or name in condemned
    ]
    unknown = [name for name in strange if name not in dangerous]
    calls = [name for name in dangerous if name in seen.called]
    imports = [name for name in dangerous if name not in seen.called]
    if calls:
        scan.add(Safety.DANGEROUS, f"calls {_listed(calls)} when it is loaded.")
    if imports:
        scan.add(Safety.DANGEROUS, f"imports {_listed(imports)}, which can run code.")
    if unknown:
        scan.add(Safety.SUSPICIOUS, f"needs code that weights have no use for: {_listed(unknown)}.")
    if condemned - set(strange):
        scan.add(Safety.DANGEROUS, "imports something under a name that cannot be made out.")


def _listed(names: Sequence[Imported]) -> str:
    named = ", ".join(display_text(name.path, _LONGEST_NAME) for name in names[:_NAMED])
    more = len(names) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


def _judge_inner(seen: Seen, scan: Scan) -> None:
    """Judge the pickles inside; what torch's loader is given must be there to be looked at."""
    if TORCH_INNER not in seen.called:
        return
    if not all(seen.inner) or len(seen.inner) > _MAX_INNER:
        scan.add(Safety.DANGEROUS, "loads a pickle inside it that cannot be looked at.")
    for inner in seen.inner[:_MAX_INNER]:
        scan.look_inside(Held(inner), scan.part("its inner pickle"))
