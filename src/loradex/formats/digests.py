"""The running digests of one file.

The definitions are the hub's (see `loradex.domain.hashes`): they must agree with CivitAI to the
last digit, or nothing is ever found there. SHA-256 and AutoV3 cost the same, and most: they are
two SHA-256 states over nearly the same bytes, and share no work.
"""

from __future__ import annotations

import hashlib
import zlib

from blake3 import blake3

from loradex.domain.digesting import Share
from loradex.domain.hashes import Hashes
from loradex.formats.fingerprint import RunningFingerprint

try:  # ten times as fast as zlib's, which is an eighth of all the work; not on every platform
    from isal.isal_zlib import crc32
except ImportError:
    crc32 = zlib.crc32

_AUTOV1 = range(0x100000, 0x110000)
_AUTOV1_SMALLEST_FILE = 0x200000


class Digests:
    """All digests of one file of `size` bytes, and its quick fingerprint.

    `body` is where a safetensors file's tensors begin, None for other files.
    """

    def __init__(self, size: int, body: int | None) -> None:
        self._size = size
        self._body = body
        self._sha256 = hashlib.sha256()
        self._tensors = hashlib.sha256()
        self._autov1 = hashlib.sha256()
        self._blake3 = blake3()
        self._crc32 = 0
        self._fingerprint = RunningFingerprint(size, body)

    @property
    def shares(self) -> tuple[Share, ...]:
        """The jobs that may run at the same time: each has to see every piece."""
        jobs = (self._add_whole, self._add_others)
        return jobs if self._body is None else (*jobs, self._add_tensors)

    def _add_whole(self, piece: memoryview, offset: int) -> None:
        self._sha256.update(piece)

    def _add_tensors(self, piece: memoryview, offset: int) -> None:
        header_left = max(0, (self._body or 0) - offset)
        self._tensors.update(piece[header_left:])

    def _add_others(self, piece: memoryview, offset: int) -> None:
        self._blake3.update(piece)
        self._crc32 = crc32(piece, self._crc32)
        start, stop = max(0, _AUTOV1.start - offset), max(0, _AUTOV1.stop - offset)
        self._autov1.update(piece[start:stop])
        self._fingerprint.add(piece, offset)

    def hashes(self) -> Hashes:
        """Return the digests, once every share has seen the whole file."""
        sha256 = self._sha256.hexdigest()
        # No tensor bytes: the digest of nothing, which thousands of broken files share.
        has_tensors = self._body is not None and self._body < self._size
        return Hashes(
            sha256=sha256,
            blake3=self._blake3.hexdigest(),
            crc32=self._crc32.to_bytes(4, "little").hex(),
            autov1=self._autov1.hexdigest()[:8] if self._size >= _AUTOV1_SMALLEST_FILE else None,
            autov2=sha256[:10],
            autov3=self._tensors.hexdigest()[:12] if has_tensors else None,
        )

    def fingerprint(self) -> str:
        """Return the quick fingerprint, once every share has seen the whole file."""
        return self._fingerprint.hexdigest()
