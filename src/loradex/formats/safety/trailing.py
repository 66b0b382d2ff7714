"""Zip archives at the end of files that begin as something else.

Some readers look for an archive from the end of a file and care for nothing before it, so one may
hide behind a healthy header. Tensor bytes spell the mark of an end record by chance, once in tens
of thousands of files: what counts is a list of members that leads to one.
"""

from __future__ import annotations

from itertools import islice

from loradex.domain.safety import Safety
from loradex.formats.cursor import Readable
from loradex.formats.safety.archives import judge_zip
from loradex.formats.safety.scanning import Scan
from loradex.formats.zip_members import LOCAL_MARK, BadZip, Directory, directories, members_in

_MOST_ENDS = 16
"""End records that are looked at. By chance there is none."""


def judge_archive_at_end(data: Readable, scan: Scan) -> bool:
    """Judge an archive that a reader would find from the end; False when there is none."""
    ends = list(islice(directories(data), _MOST_ENDS + 1))
    where = next((end for end in ends[:_MOST_ENDS] if _has_members(data, end)), None)
    if where is not None:
        text = "has a zip archive glued to its end, which some loaders would open instead."
        scan.add(Safety.SUSPICIOUS, text)
        judge_zip(data, scan, where)
    elif len(ends) > _MOST_ENDS:
        scan.add(Safety.SUSPICIOUS, "has more ends of zip archives than are looked at.")
    return where is not None or len(ends) > _MOST_ENDS


def _has_members(data: Readable, where: Directory) -> bool:
    """Tell whether a list holds together and leads to a member, for any kind of reader."""
    for shift in dict.fromkeys((0, where.shift)):
        try:
            listed = members_in(data, where, shift)
        except BadZip:
            continue
        if any(_begins_member(data, member.offset) for member in listed):
            return True
    return False


def _begins_member(data: Readable, offset: int) -> bool:
    return 0 <= offset < data.size and data.read_at(offset, len(LOCAL_MARK)) == LOCAL_MARK
