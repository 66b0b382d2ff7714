"""The members of a zip archive, each judged by its first bytes and its name."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from loradex.domain.safety import Safety
from loradex.formats.cursor import Readable
from loradex.formats.limits import MAX_HEADER_BYTES
from loradex.formats.safety.magic import foreign_code, sealed_archive
from loradex.formats.safety.scanning import Scan
from loradex.formats.safety.streams import judge_stream
from loradex.formats.safety.zip_layout import Placed
from loradex.formats.zip_members import (
    DEFLATED,
    ENCRYPTED,
    STORED,
    BadZip,
    Member,
    inflated,
    unpacked,
)

_HEAD = 16
_PACKED_HEAD = 4096
_PICKLES = {"pkl", "pickle", "debug_pkl", "joblib", "dill"}
_LIBRARIES = {"so", "dll", "dylib", "pyd", "exe", "o", "cubin", "ptx"}
_PROGRAMS = {"py", "pyc", "sh", "bat", "ps1", "js", "cpp", "wasm"}
_CONTAINERS = (b"PK\x03\x04", b"\x93NUMPY")
_FIRST_OF_OLD_PICKLES = (b"c", b"(", b"]", b"}", b"i")
"""Protocols 0 and 1 have no mark; these are the instructions that such a pickle begins with."""


def judge_members(data: Readable, placed: Sequence[Placed], scan: Scan, *, listed: bool) -> None:
    """Judge all members; what no list names has no checksum to be compared with."""
    for one in dict.fromkeys(placed):
        if not scan.budget.members.spend(1):
            scan.add(Safety.UNSCANNED, "has more members than are looked at.")
            return
        _judge_member(data, one, scan, listed=listed)


def _judge_member(data: Readable, placed: Placed, scan: Scan, *, listed: bool) -> None:
    member, local, head = placed.member, placed.local, placed.head
    is_tensor = _holds_tensor_bytes(member.name)
    shown = member.name[:80]
    if member.flags & ENCRYPTED:
        scan.add(Safety.UNSCANNED, f"has an encrypted member: {shown}.")
        return
    if local is None or local.data + member.packed > data.size:
        scan.add(Safety.BROKEN, f"is cut short at {shown}; not fully scanned.")
    _, dot, suffix = member.name.rpartition("/")[2].lower().rpartition(".")
    suffix = suffix if dot else ""
    _judge_suffix(suffix, scan, shown)
    if local is None:
        return
    if member.method == DEFLATED:
        head = _unpacked_head(data.read_at(local.data, min(member.packed, _PACKED_HEAD)))
    elif member.method != STORED:
        scan.add(Safety.UNSCANNED, f"packs {shown} in a way that cannot be looked into.")
        return
    if not is_tensor:
        _judge_head(head, scan, shown)
    named = suffix in _PICKLES
    if not named and not _may_hold_code(head, is_tensor):
        return
    part = scan.part(shown, tensor_bytes=is_tensor)
    inside = _inside(data, member, part)
    if inside is None:
        return
    if not named and head[:1] != b"\x80":
        part.look_inside(inside, part)
        return
    part.walks = scan.walks
    if judge_stream(inside, part, member):
        if listed:
            _check_sum(inside, member, part)
    elif named:
        part.add(Safety.BROKEN, "is no pickle, though it is named one.")


def _judge_suffix(suffix: str, scan: Scan, shown: str) -> None:
    if suffix in _LIBRARIES:
        scan.add(Safety.DANGEROUS, f"holds a library that runs when it is loaded: {shown}.")
    elif suffix in _PROGRAMS:
        scan.add(Safety.SUSPICIOUS, f"holds program code: {shown}.")


def _unpacked_head(packed: bytes) -> bytes:
    try:
        return inflated(packed, _HEAD - 1)
    except BadZip:
        return b""


def _judge_head(head: bytes, scan: Scan, shown: str) -> None:
    code, sealed = foreign_code(head), sealed_archive(head)
    if code:
        scan.add(Safety.DANGEROUS, f"holds {code}: {shown}.")
    elif sealed:
        scan.add(Safety.UNSCANNED, f"holds {sealed}, which was not looked into: {shown}.")


def _may_hold_code(head: bytes, is_tensor: bool) -> bool:
    if head[:1] == b"\x80":
        return head[1:2] <= b"\x05"
    return head.startswith(_CONTAINERS) or (
        not is_tensor and head.startswith(_FIRST_OF_OLD_PICKLES)
    )


def _inside(data: Readable, member: Member, part: Scan) -> Readable | None:
    """Return a member's data, unpacked; None, with a finding, when that cannot be had."""
    if member.method == DEFLATED and not (
        member.size <= MAX_HEADER_BYTES and part.budget.unpacked_bytes.spend(member.size)
    ):
        part.add(Safety.UNSCANNED, "was not looked into: it unpacks to too much.")
        return None
    try:
        return unpacked(data, member, limit=max(MAX_HEADER_BYTES, member.size))
    except BadZip as error:
        part.add(Safety.BROKEN, f"{error}; not fully scanned.")
        return None


def _holds_tensor_bytes(name: str) -> bool:
    """Tell whether torch keeps the raw bytes of a storage under this name: `<root>/data/<key>`."""
    parts = name.split("/")
    return len(parts) == 3 and parts[1] in ("data", "tensors") and "." not in parts[2]


def _check_sum(inside: Readable, member: Member, part: Scan) -> None:
    if inside.size <= MAX_HEADER_BYTES and (
        zlib.crc32(inside.read_at(0, inside.size)) != member.crc
    ):
        part.add(Safety.SUSPICIOUS, "does not have the checksum that the archive gives it.")
