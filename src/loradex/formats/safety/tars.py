"""Tar archives, among them what torch wrote before version 0.1.10.

Layout: a block of 512 bytes for each member (name at 0, size at 124, checksum at 148, type at 156),
its data, padding to the next block (POSIX `pax`, the ustar format). Torch's old members mix
pickles with raw bytes, so what is found counts and what is not found proves nothing.
"""

from __future__ import annotations

from loradex.domain.safety import Safety
from loradex.formats.cursor import Readable, Span
from loradex.formats.safety.scanning import Scan

_BLOCK = 512
_MAX_MEMBERS = 2_000
_FILES = (b"0", b"\x00", b"7")
_LINKS = (b"1", b"2")


def is_tar(data: Readable) -> bool:
    """Tell whether `data` begins with a member's block: its checksum is right."""
    block = data.read_at(0, _BLOCK)
    return len(block) == _BLOCK and block[:1] != b"\x00" and _sum_is_right(block)


def _sum_is_right(block: bytes) -> bool:
    wanted = _number(block[148:156])
    # The checksum is taken with its own eight bytes as spaces.
    return wanted is not None and wanted == sum(block[:148]) + 8 * 0x20 + sum(block[156:])


def _number(field: bytes) -> int | None:
    """Read an octal number, or a binary one that its first bit marks; None for neither."""
    if field[:1] in (b"\x80", b"\xff"):
        return int.from_bytes(field[1:], "big")
    try:
        return int(field.strip(b" \x00") or b"0", 8)
    except ValueError:
        return None


def judge_tar(data: Readable, scan: Scan) -> None:
    """Judge an archive and its members."""
    scan.add(Safety.UNSCANNED, "is a tar archive, which cannot be looked through in full.")
    at = 0
    for _ in range(_MAX_MEMBERS):
        block = data.read_at(at, _BLOCK)
        if len(block) < _BLOCK or not block.strip(b"\x00"):
            return
        size = _number(block[124:136])
        if size is None or not _sum_is_right(block):
            scan.add(Safety.BROKEN, "has a broken list of members; not fully scanned.")
            return
        name = block[:100].split(b"\x00")[0].decode("utf-8", "backslashreplace")
        if block[156:157] in _LINKS:
            scan.add(Safety.SUSPICIOUS, f"has a member that leads elsewhere: {name[:80]}.")
        elif block[156:157] in _FILES and scan.budget.members.spend(1):
            scan.look_inside(Span(data, at + _BLOCK, size), scan.part(name[:80]))
        at += _BLOCK + (size + _BLOCK - 1) // _BLOCK * _BLOCK
