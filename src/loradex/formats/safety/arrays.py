"""NumPy's own files: safe, unless the array is one of Python objects, which is a pickle.

Layout: the magic, two bytes of version, the length of the header (two bytes, or four from version
2 on), the header (a Python dictionary as text), the data (numpy's `lib/format.py`).
"""

from __future__ import annotations

import re

from loradex.domain.safety import Safety
from loradex.formats.cursor import Readable, Span
from loradex.formats.safety.scanning import Scan
from loradex.formats.safety.streams import judge_stream

MAGIC = b"\x93NUMPY"

_LONGEST = 64 * 1024
_OBJECTS = re.compile(rb"""['"][|<>=]?O\d*['"]""")


def judge_array(data: Readable, scan: Scan) -> None:
    """Judge a `.npy` file."""
    start = data.read_at(0, 12)
    wide = start[6:7] > b"\x01"
    at = 12 if wide else 10
    length = int.from_bytes(start[8:at], "little")
    header = data.read_at(at, length) if length <= _LONGEST else b""
    if len(start) < at or len(header) < length or not header.strip().startswith(b"{"):
        scan.add(Safety.BROKEN, "has a header that no NumPy array has; not fully scanned.")
    elif _OBJECTS.search(header):
        inside = Span(data, at + length, data.size)
        if not judge_stream(inside, scan.part("its objects")):
            scan.add(Safety.BROKEN, "says that it holds Python objects, and there are none.")
