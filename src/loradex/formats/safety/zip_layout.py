"""Where the members of a zip archive lie, and whether their own headers say what the list says."""

from __future__ import annotations

from collections.abc import Sequence

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

_LOCAL_READ = 1024
_LONGEST_DESCRIPTOR = 24
_SEARCHED = 16 * 1024 * 1024
_BLOCK = 1024 * 1024
_MAX_HIDDEN = 1_000


def check_layout(
    data: Readable, listed: Sequence[Member], where: Directory, scan: Scan
) -> list[Member]:
    """Compare list and headers, look between members; return those that no list names."""
    hidden: list[Member] = []
    at = 0
    for member in sorted(listed, key=lambda m: m.offset):
        if member.offset < at:
            scan.add(Safety.SUSPICIOUS, f"has members that overlap: {member.name[:80]}.")
        elif member.offset > at:
            hidden += _between(data, at, member.offset, scan)
        local = local_header(data.read_at(member.offset, _LOCAL_READ), member.offset)
        if local is None:
            continue  # told where its contents are looked at
        if _differs(local, member):
            scan.add(
                Safety.SUSPICIOUS,
                f"says two things of its member {member.name[:80]}: {_how(local, member)}.",
            )
        at = max(at, local.data + member.packed + _descriptor(data, local, member))
    end = where.offset + where.shift
    if at < end:
        hidden += _between(data, at, end, scan)
    return hidden


def _differs(local: Local, member: Member) -> bool:
    return bool(_how(local, member))


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


def _descriptor(data: Readable, local: Local, member: Member) -> int:
    """Return how long the record of CRC and sizes behind a member is."""
    if not local.flags & SIZES_FOLLOW:
        return 0
    raw = data.read_at(local.data + member.packed, _LONGEST_DESCRIPTOR)
    mark = 4 if raw.startswith(b"PK\x07\x08") else 0
    if int.from_bytes(raw[mark : mark + 4], "little") != member.crc:
        return 0
    wide = raw[mark + 4 : mark + 20]
    sizes = (int.from_bytes(wide[:8], "little"), int.from_bytes(wide[8:], "little"))
    return mark + (20 if sizes == (member.packed, member.size) else 12)


def _between(data: Readable, start: int, end: int, scan: Scan) -> list[Member]:
    """Judge bytes that belong to no listed member; padding is zeros."""
    raw = data.read_at(start, min(end - start, _BLOCK))
    if len(raw) == end - start and not raw.strip(b"\x00"):
        return []
    scan.add(Safety.SUSPICIOUS, f"has {end - start:,} bytes that belong to none of its members.")
    return hidden_members(data, start, end)


def hidden_members(data: Readable, start: int, end: int) -> list[Member]:
    """Return what begins with a local header in `[start, end)`, without any list."""
    found: list[Member] = []
    at = start
    end = min(end, start + _SEARCHED)
    while at < end and len(found) < _MAX_HIDDEN:
        raw = data.read_at(at, min(_BLOCK, end - at))
        place = raw.find(LOCAL_MARK)
        if place < 0:
            at += max(1, len(raw) - len(LOCAL_MARK) + 1)
            if len(raw) < len(LOCAL_MARK):
                break
            continue
        at += place
        local = local_header(data.read_at(at, _LOCAL_READ), at)
        if local is None:
            break
        # Sizes that follow the data are not known here: a stored pickle ends by itself.
        follow = local.flags & SIZES_FOLLOW and local.method == STORED and not local.packed
        packed = end - local.data if follow else min(local.packed, max(0, end - local.data))
        size = packed if follow or local.method == STORED else local.size
        found.append(Member(local.name, local.method, packed, size, at, local.flags, local.crc))
        at = local.data if follow else local.data + max(1, packed)
    return found
