"""Zip archives: every copy of every member, by what it holds, and whatever the headers disagree on.

Of two members of one name torch opens the first and Python the last; torch minds neither CRC nor
flags; some readers go by the list at the end and some by the header before each member. So all of
them are looked at, and a difference is a finding.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from loradex.domain.safety import Safety
from loradex.formats.cursor import Readable
from loradex.formats.safety.scanning import Scan
from loradex.formats.safety.zip_contents import judge_members
from loradex.formats.safety.zip_layout import hidden_members, survey
from loradex.formats.zip_members import STORED, BadZip, Directory, Member, directory, members_in

_EXPORTED = {"archive_format", "serialized_exported_program.json"}


def judge_zip(data: Readable, scan: Scan, where: Directory | None = None) -> None:
    """Judge an archive and all that is in it; `where` if its list was found already."""
    try:
        where = where or directory(data)
        lists = _lists(data, where)
    except BadZip as error:
        scan.add(Safety.BROKEN, f"{error}; not fully scanned.")
        judge_members(data, hidden_members(data, 0, data.size, scan), scan, listed=False)
        return
    _check_end(where, scan)
    for listed in lists:
        if len(listed) != where.count:
            scan.add(
                Safety.SUSPICIOUS,
                f"lists {len(listed):,} members and says that they are {where.count:,}.",
            )
        _check_names(listed, scan)
        placed, hidden = survey(data, listed, where, scan)
        judge_members(data, placed, scan, listed=True)
        judge_members(data, hidden, scan, listed=False)


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
    names = {member.name.rpartition("/")[2] for member in listed}
    inner = {member.name.partition("/")[2] for member in listed}
    if "constants.pkl" in names or any(name.startswith("code/") for name in inner):
        scan.add(Safety.SUSPICIOUS, "is a TorchScript program: it carries code of its own.")
    if names & _EXPORTED:
        scan.add(Safety.SUSPICIOUS, "is an exported program, not only weights.")


def _leaves(name: str) -> bool:
    """Tell whether a name leads out of the folder it is unpacked to."""
    if ".." not in name and name[:1] not in ("/", "\\") and ":" not in name and "\0" not in name:
        return False
    parts = name.replace("\\", "/").split("/")
    return name[:1] in ("/", "\\") or ".." in parts or ":" in parts[0] or "\0" in name
