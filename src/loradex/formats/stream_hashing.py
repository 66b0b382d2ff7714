"""All six digests of a file that is still being fetched."""

from __future__ import annotations

from loradex.domain.digesting import RunningDigests
from loradex.formats.digests import Digests
from loradex.formats.sniffing import body_offset


class StreamDigester:
    """Begins the digests that the catalog keeps; a `loradex.domain.digesting.ByteDigester`."""

    def begin(self, head: bytes, size: int) -> RunningDigests:
        """Return digests for a file of `size` bytes that begins with `head`."""
        return Digests(size, body_offset(head, size))
