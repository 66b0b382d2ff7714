"""Judge bytes by what they are: an archive, an array, pickles, a program."""

from __future__ import annotations

from loradex.domain.safety import Safety
from loradex.formats.cursor import Readable
from loradex.formats.safety.archives import judge_zip
from loradex.formats.safety.arrays import MAGIC, judge_array
from loradex.formats.safety.magic import foreign_code, sealed_archive
from loradex.formats.safety.scanning import MAX_DEPTH, Scan
from loradex.formats.safety.streams import judge_stream
from loradex.formats.safety.tars import is_tar, judge_tar
from loradex.formats.safety.trailing import judge_archive_at_end
from loradex.formats.zip_members import LOCAL_MARK

_HEAD = 16


def look_inside(data: Readable, scan: Scan) -> bool:
    """Judge what `data` is; False when it is nothing that could hold code."""
    if scan.depth > MAX_DEPTH:
        scan.add(Safety.UNSCANNED, "is packed too deeply to be looked into.")
        return True
    head = data.read_at(0, _HEAD)
    if head.startswith(LOCAL_MARK):
        judge_zip(data, scan)
        return True
    found = _judge_by_head(data, head, scan)
    return judge_archive_at_end(data, scan) or found


def _judge_by_head(data: Readable, head: bytes, scan: Scan) -> bool:
    code, sealed = foreign_code(head), sealed_archive(head)
    if head.startswith(MAGIC):
        judge_array(data, scan)
    elif code:
        scan.add(Safety.DANGEROUS, f"is {code}.")
    elif sealed:
        scan.add(Safety.UNSCANNED, f"is {sealed}; it was not looked into.")
    elif is_tar(data):
        judge_tar(data, scan)
    else:
        return judge_stream(data, scan)
    return True
