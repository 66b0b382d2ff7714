"""Where the members of a zip archive lie, and whether their own headers say what the list says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from loradex.domain.safety import Safety
from loradex.formats.cursor import Readable
from loradex.formats.safety.scanning import Scan
from loradex.formats.zip_members import (
    ENCRYPTED,
    LOCAL_MARK,
    SIZES_FOLLOW,
    STORED,
    Directory,
    Local,
    Member,
    local_header,
)

_LOCAL_READ = 320
_HEAD = 16
_CLOSE = 64
"""Where the next member begins this soon, one read takes both in."""

_LONGEST_DESCRIPTOR = 24
_BLOCK = 1024 * 1024
_MAX_HIDDEN = 1_000


@dataclass(frozen=True, slots=True)
class Placed:
    """A member where it lies: its own header, None if there is none, and its first raw bytes."""

    member: Member
    local: Local | None
    head: bytes


def survey(
    data: Readable, listed: Sequence[Member], where: Directory, scan: Scan
) -> tuple[list[Placed], list[Placed]]:
    """Find the members of a list, and those that no list names, and tell what does not agree."""
    placed: list[Placed] = []
    hidden: list[Placed] = []
    at = 0
    before: Placed | None = None
    for member in sorted(listed, key=attrgetter("offset")):
        gap = member.offset - at
        start = at if 0 <= gap <= _CLOSE else member.offset
        raw = data.read_at(start, member.offset - start + _LOCAL_READ)
        if gap > 0:
            between = raw[:gap] if start == at else data.read_at(at, _LONGEST_DESCRIPTOR)
            at += _descriptor(between, before)
            if member.offset > at:
                hidden += _between(data, at, member.offset, scan)
        elif gap < 0:
            scan.add(Safety.SUSPICIOUS, f"has members that overlap: {member.name[:80]}.")
        before = _placed(data, member, raw[member.offset - start :])
        placed.append(before)
        if before.local is not None:
            disagreed = _how(before.local, member)
            if disagreed:
                told = f"says two things of its member {member.name[:80]}: {disagreed}."
                scan.add(Safety.SUSPICIOUS, told)
            at = max(at, before.local.data + member.packed)
    end = where.offset + where.shift
    if at < end:
        at += _descriptor(data.read_at(at, min(end - at, _LONGEST_DESCRIPTOR)), before)
    if at < end:
        hidden += _between(data, at, end, scan)
    return placed, hidden


def _placed(data: Readable, member: Member, raw: bytes) -> Placed:
    """Look at a member; `raw` is what was read at its place, perhaps not enough."""
    raw = raw or data.read_at(member.offset, _LOCAL_READ)
    local = local_header(raw, member.offset)
    if local is None:
        return Placed(member, None, b"")
    need = local.data - member.offset + _HEAD
    if need > len(raw):
        raw = data.read_at(member.offset, need)
        local = local_header(raw, member.offset)
    return Placed(member, local, raw[need - _HEAD : need][: member.packed])


def _how(local: Local, member: Member) -> str:
    """Return what the header before a member and the list at the end disagree on."""
    if local.name != member.name:
        return f"it is also called {local.name[:80]}"
    if local.method != member.method:
        return "how it is packed"
    if (local.flags ^ member.flags) & (ENCRYPTED | SIZES_FOLLOW):
        return "its flags"
    mine = (local.crc, local.packed, local.size)
    theirs = (member.crc, member.packed, member.size)
    follow = local.flags & SIZES_FOLLOW
    if any(
        a != b and not (follow and a in (0, 0xFFFFFFFF)) for a, b in zip(mine, theirs, strict=True)
    ):
        return "its size or checksum"
    return ""


def _descriptor(raw: bytes, before: Placed | None) -> int:
    """Return how long the record of CRC and sizes is that `raw`, behind a member, begins with."""
    if before is None or before.local is None or not before.local.flags & SIZES_FOLLOW:
        return 0
    member = before.member
    mark = 4 if raw.startswith(b"PK\x07\x08") else 0
    crc, narrow, wide = raw[mark : mark + 4], raw[mark + 4 : mark + 12], raw[mark + 4 : mark + 20]
    if int.from_bytes(crc, "little") != member.crc:
        return 0
    for sizes in (wide, narrow):
        half = len(sizes) // 2
        packed, size = (
            int.from_bytes(sizes[:half], "little"),
            int.from_bytes(sizes[half:], "little"),
        )
        if (packed, size) == (member.packed, member.size):
            return mark + 4 + len(sizes)
    return 0


def _between(data: Readable, start: int, end: int, scan: Scan) -> list[Placed]:
    """Judge bytes that belong to no listed member; padding is zeros."""
    raw = data.read_at(start, min(end - start, _BLOCK))
    if len(raw) == end - start and not raw.strip(b"\x00"):
        return []
    scan.add(Safety.SUSPICIOUS, f"has {end - start:,} bytes that belong to none of its members.")
    return hidden_members(data, start, end, scan)


def hidden_members(data: Readable, start: int, end: int, scan: Scan) -> list[Placed]:
    """Return what begins with a local header in `[start, end)`, without any list."""
    found: list[Placed] = []
    at = start
    while at < end and len(found) < _MAX_HIDDEN:
        raw = data.read_at(at, min(_BLOCK, end - at))
        if len(raw) < len(LOCAL_MARK) or not scan.budget.searched_bytes.spend(len(raw)):
            break
        place = raw.find(LOCAL_MARK)
        if place < 0:
            at += len(raw) - len(LOCAL_MARK) + 1
            continue
        at += place
        local = local_header(data.read_at(at, _LOCAL_READ), at)
        if local is None:
            break
        # Sizes that follow the data are not known here: a stored pickle ends by itself.
        follow = local.flags & SIZES_FOLLOW and local.method == STORED and not local.packed
        packed = end - local.data if follow else min(local.packed, max(0, end - local.data))
        size = packed if follow or local.method == STORED else local.size
        member = Member(local.name, local.method, packed, size, at, local.flags, local.crc)
        found.append(_placed(data, member, b""))
        at = local.data if follow else local.data + max(1, packed)
    return found
