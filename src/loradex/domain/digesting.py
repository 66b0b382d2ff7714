"""Digests of a file whose bytes are still on their way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from loradex.domain.hashes import Hashes

HEAD_BYTES = 16
"""How much of a file's beginning tells where its tensors are, if it has any."""

Share = Callable[[memoryview, int], None]
"""Takes a piece and its offset in the file; pieces come in order, without a gap."""


class RunningDigests(Protocol):
    """The digests of one file, fed piece by piece."""

    @property
    def shares(self) -> tuple[Share, ...]:
        """The jobs that may run at the same time: each has to see every piece, in order."""

    def hashes(self) -> Hashes:
        """Return the digests, once every share has seen the whole file."""


class ByteDigester(Protocol):
    """Whoever knows which digests a file needs. One serves any number of files."""

    def begin(self, head: bytes, size: int) -> RunningDigests:
        """Return digests for a file of `size` bytes that begins with `head`.

        `head` holds `HEAD_BYTES`, or the whole of a shorter file.
        """
