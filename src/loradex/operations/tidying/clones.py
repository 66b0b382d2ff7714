"""How much of a file's space other files hold as well: copy-on-write clones (btrfs, XFS, bcachefs).

Linux tells it with the ioctl `FS_IOC_FIEMAP`: a list of extents, those that are shared with a flag
(`include/uapi/linux/fiemap.h`).
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import sys

_FIEMAP = 0xC020660B
_HEAD = struct.Struct("=QQIIII")  # start, length, flags, mapped extents, room for, reserved
_EXTENT = struct.Struct("=QQQQQIIII")  # logical, physical, length, 2 reserved, flags, 3 reserved
_LAST = 0x1
_SHARED = 0x2000
_AT_ONCE = 128
_MOST = 10_000
"""Extents that are looked at; a file in more pieces counts as far as they go."""


def shared_bytes(path: bytes) -> int | None:
    """Return the bytes of a file that others share, None where the system does not tell."""
    if sys.platform != "linux":
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        return _shared(descriptor)
    except OSError as error:
        if error.errno in (errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EPERM):
            return None
        raise
    finally:
        os.close(descriptor)


def _shared(descriptor: int) -> int:
    start = shared = seen = 0
    while seen < _MOST:
        head = _HEAD.pack(start, 2**64 - 1 - start, 0, 0, _AT_ONCE, 0)
        buffer = bytearray(head + bytes(_EXTENT.size * _AT_ONCE))
        fcntl.ioctl(descriptor, _FIEMAP, buffer)
        extents = read_extents(bytes(buffer))
        for logical, length, flags in extents:
            shared += length if flags & _SHARED else 0
            start = logical + length
            if flags & _LAST:
                return shared
        if not extents:
            break
        seen += len(extents)
    return shared


def read_extents(answer: bytes) -> list[tuple[int, int, int]]:
    """Return offset, length and flags of each extent in an answer of the ioctl."""
    count = _HEAD.unpack_from(answer)[3]
    extents = []
    for number in range(min(count, (len(answer) - _HEAD.size) // _EXTENT.size)):
        fields = _EXTENT.unpack_from(answer, _HEAD.size + number * _EXTENT.size)
        extents.append((fields[0], fields[2], fields[5]))
    return extents
