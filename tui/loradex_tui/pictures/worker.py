"""The process that decodes pictures: `python -m loradex_tui.pictures.worker`.

A decoder that takes all memory, hangs or dies takes this process with it and nothing else. It reads
a request a line from stdin, `[path, longest side]` as JSON, and answers each on stdout: `P`, width,
height and RGB pixels, or `E`, a length and the reason in UTF-8. Numbers are big-endian, four bytes
each. It ends when stdin does.
"""

from __future__ import annotations

import json
import os
import resource
import struct
import sys
from contextlib import suppress
from pathlib import Path

from loradex.errors import FormatError
from loradex_tui.pictures.decode import load_picture

MOST_MEMORY = 1536 * 1024**2
"""Bytes of address space: a picture of the most pixels that are allowed, and room to size it."""
_NICE = 5


def main() -> None:
    """Answer until nobody asks any more."""
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        # A child that is killed for its memory must not leave a dump of somebody's pictures.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        os.nice(_NICE)
    for line in sys.stdin.buffer:
        path, longest = json.loads(line)
        sys.stdout.buffer.write(_answer(Path(path), int(longest)))
        sys.stdout.buffer.flush()


def _answer(path: Path, longest: int) -> bytes:
    try:
        image = load_picture(path, longest)
        return b"P" + struct.pack(">II", *image.size) + image.tobytes()
    except FormatError as error:
        told = error.what.encode("utf-8", "replace")
        return b"E" + struct.pack(">I", len(told)) + told


if __name__ == "__main__":
    main()
