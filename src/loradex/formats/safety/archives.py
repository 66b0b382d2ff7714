"""Zip archives: every copy of every member, by what it holds, and whatever the headers disagree on.

Of two members of one name torch opens the first and Python the last; torch minds neither CRC nor
flags; some readers go by the list at the end and some by the header before each member. So all of
them are looked at, and a difference is a finding.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from loradex.domain.safety import Safety
from loradex.formats.cursor import Readable, Span
from loradex.formats.limits import MAX_HEADER_BYTES
from loradex.formats.safety.magic import foreign_code, sealed_archive
from loradex.formats.safety.scanning import Scan
from loradex.formats.safety.streams import judge_stream
from loradex.formats.safety.zip_layout import check_layout, hidden_members
from loradex.formats.zip_members import (
    DEFLATED,
    ENCRYPTED,
    STORED,
    BadZip,
    Directory,
    Member,
    directory,
    inflated,
    local_header,
    members_in,
    unpacked,
)

_HEAD = 16
_LOCAL_READ = 1024
_PICKLES = {".pkl", ".pickle", ".debug_pkl", ".joblib", ".dill"}
_LIBRARIES = {".so", ".dll", ".dylib", ".pyd", ".exe", ".o", ".cubin", ".ptx"}
_PROGRAMS = {".py", ".pyc", ".sh", ".bat", ".ps1", ".js", ".cpp", ".wasm"}
_EXPORTED = {"archive_format", "serialized_exported_program.json"}


def judge_zip(data: Readable, scan: Scan) -> None:
    """Judge an archive and all that is in it."""
    try:
        where = directory(data)
        lists = _lists(data, where)
    except BadZip as error:
        scan.add(Safety.BROKEN, f"{error}; not fully scanned.")
        _judge_members(data, hidden_members(data, 0, data.size), scan, listed=False)
        return
    _check_end(where, scan)
    for number, listed in enumerate(lists):
        if len(listed) != where.count:
            scan.add(
                Safety.SUSPICIOUS,
                f"lists {len(listed):,} members and says that they are {where.count:,}.",
            )
        hidden = check_layout(data, listed, where, scan) if number == len(lists) - 1 else []
        _check_names(listed, scan)
        _judge_members(data, listed, scan, listed=True)
        _judge_members(data, hidden, scan, listed=False)


def _lists(data: Readable, where: Directory) -> list[list[Member]]:
    """Return the list of members as each kind of reader finds it. Raises BadZip if none does."""
    found: list[list[Member]] = []
    failed: BadZip | None = None
    for shift in dict.fromkeys((0, where.shift)):
        try:
            found.append(members_in(data, where, shift))
        except BadZip as error:
            failed = error
    if not found and failed is not None:
        raise failed
    return found


def _check_end(where: Directory, scan: Scan) -> None:
    if where.shift > 0:
        scan.add(Safety.SUSPICIOUS, f"has {where.shift:,} bytes that its list does not know of.")
    elif where.shift < 0:
        scan.add(Safety.SUSPICIOUS, "lists more bytes than it has.")
    if where.after:
        scan.add(Safety.SUSPICIOUS, f"has {where.after:,} bytes after its end.")
    if where.disagrees:
        scan.add(Safety.SUSPICIOUS, "has two end records that disagree.")


def _check_names(listed: Sequence[Member], scan: Scan) -> None:
    twins = [name for name, count in Counter(m.name for m in listed).items() if count > 1]
    if twins:
        scan.add(Safety.SUSPICIOUS, f"has more than one member of the name {twins[0][:80]}.")
    for member in listed:
        if member.method == STORED and member.size != member.packed:
            scan.add(
                Safety.SUSPICIOUS, f"says two things of its member {member.name[:80]}: its size."
            )
        if member.is_link or _leaves(member.name):
            scan.add(Safety.SUSPICIOUS, f"has a member that leads elsewhere: {member.name[:80]}.")
    names = {PurePosixPath(member.name).name for member in listed}
    inner = {member.name.partition("/")[2] for member in listed}
    if "constants.pkl" in names or any(name.startswith("code/") for name in inner):
        scan.add(Safety.SUSPICIOUS, "is a TorchScript program: it carries code of its own.")
    if names & _EXPORTED:
        scan.add(Safety.SUSPICIOUS, "is an exported program, not only weights.")


def _leaves(name: str) -> bool:
    """Tell whether a name leads out of the folder it is unpacked to."""
    parts = name.replace("\\", "/").split("/")
    return name[:1] in ("/", "\\") or ".." in parts or ":" in parts[0] or "\0" in name


def _judge_members(data: Readable, members: Sequence[Member], scan: Scan, *, listed: bool) -> None:
    for member in dict.fromkeys(members):
        if not scan.budget.members.spend(1):
            scan.add(Safety.UNSCANNED, "has more members than are looked at.")
            return
        _judge_member(data, member, scan, listed=listed)


def _judge_member(data: Readable, member: Member, scan: Scan, *, listed: bool) -> None:
    if member.flags & ENCRYPTED:
        scan.add(Safety.UNSCANNED, f"has an encrypted member: {member.name[:80]}.")
        return
    suffix = PurePosixPath(member.name).suffix.lower()
    raw = data.read_at(member.offset, _LOCAL_READ)
    local = local_header(raw, member.offset)
    if local is None or local.data + member.packed > data.size:
        scan.add(Safety.BROKEN, f"is cut short at {member.name[:80]}; not fully scanned.")
        local_data = None if local is None else local.data
    else:
        local_data = local.data
    if suffix in _LIBRARIES:
        scan.add(
            Safety.DANGEROUS, f"holds a library that runs when it is loaded: {member.name[:80]}."
        )
    elif suffix in _PROGRAMS:
        scan.add(Safety.SUSPICIOUS, f"holds program code: {member.name[:80]}.")
    if local_data is None:
        return
    head = _head(data, raw, member, local_data)
    if head is None:
        scan.add(Safety.UNSCANNED, f"packs {member.name[:80]} in a way that cannot be looked into.")
        return
    _judge_contents(data, member, head, scan, listed=listed)


def _head(data: Readable, raw: bytes, member: Member, at: int) -> bytes | None:
    """Return the first bytes of a member, unpacked; None when that cannot be done."""
    if member.method == STORED:
        held = raw[at - member.offset : at - member.offset + _HEAD]
        held = held if len(held) == _HEAD else data.read_at(at, _HEAD)
        return held[: member.packed]
    if member.method != DEFLATED:
        return None
    try:
        return inflated(data.read_at(at, min(member.packed, 4096)), _HEAD - 1)
    except BadZip:
        return None


def _judge_contents(
    data: Readable, member: Member, head: bytes, scan: Scan, *, listed: bool
) -> None:
    """Judge what may be a pickle, an array, or another container; text and numbers are neither."""
    suffix = PurePosixPath(member.name).suffix.lower()
    is_tensor = _holds_tensor_bytes(member.name)
    part = scan.part(member.name[:80], tensor_bytes=is_tensor)
    if not is_tensor:
        code = foreign_code(head)
        if code:
            part.add(Safety.DANGEROUS, f"is {code}.")
            return
        sealed = sealed_archive(head)
        if sealed:
            part.add(Safety.UNSCANNED, f"is {sealed}; it was not looked into.")
            return
    if not (suffix in _PICKLES or _is_container(head) or _may_be_pickle(head, is_tensor)):
        return
    size = member.size if member.method == DEFLATED else 0
    if member.size > MAX_HEADER_BYTES and member.method == DEFLATED:
        part.add(Safety.UNSCANNED, "is too large to be looked into.")
        return
    if not scan.budget.unpacked_bytes.spend(size):
        part.add(Safety.UNSCANNED, "was not looked into: all of it together is too large.")
        return
    try:
        inside = unpacked(data, member, limit=max(MAX_HEADER_BYTES, member.size))
    except BadZip as error:
        part.add(Safety.BROKEN, f"{error}; not fully scanned.")
        inside = Span(data, member.offset, 0)
    if suffix in _PICKLES or head[:1] == b"\x80":
        part.walks = scan.walks
        if not judge_stream(inside, part, member):
            if suffix in _PICKLES:
                part.add(Safety.BROKEN, "is no pickle, though it is named one.")
            return
        if listed:
            _check_sum(inside, member, part)
    else:
        scan.look_inside(inside, part)


def _holds_tensor_bytes(name: str) -> bool:
    """Tell whether torch keeps the raw bytes of a storage under this name: `<root>/data/<key>`."""
    parts = name.split("/")
    return len(parts) == 3 and parts[1] in ("data", "tensors") and "." not in parts[2]


def _is_container(head: bytes) -> bool:
    return head.startswith((b"PK\x03\x04", b"\x93NUMPY"))


def _may_be_pickle(head: bytes, is_tensor: bool) -> bool:
    if head[:1] == b"\x80":
        return head[1:2] <= b"\x05"
    # Protocols 0 and 1 have no mark; these are the instructions that such a pickle begins with.
    return not is_tensor and head[:1] in (b"c", b"(", b"]", b"}", b"i")


def _check_sum(inside: Readable, member: Member, part: Scan) -> None:
    if inside.size <= MAX_HEADER_BYTES and (
        zlib.crc32(inside.read_at(0, inside.size)) != member.crc
    ):
        part.add(Safety.SUSPICIOUS, "does not have the checksum that the archive gives it.")
