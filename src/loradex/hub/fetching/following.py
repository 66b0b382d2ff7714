"""Digest a file while it comes, behind its front, through the page cache.

A small file is digested by whoever fetches it, piece by piece. For a large one threads of their own
read back what was written. That costs a tenth of what SHA-256 costs, and in return nothing waits
for anything: connections write where they please, each digest goes at its own pace, and what was
there from an earlier fetch is digested meanwhile. OpenSSL and BLAKE3 let go of the interpreter, so
they run beside the connections on other cores.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable

from loradex.domain.digesting import HEAD_BYTES, ByteDigester, RunningDigests, Share
from loradex.domain.hashes import Hashes
from loradex.errors import DownloadError
from loradex.hub.fetching.buffers import LARGEST_PIECE, own_buffer
from loradex.hub.fetching.spans import Ledger

_THREADS_FROM = 8 * 1024 * 1024
"""Below this, threads would cost more than they save."""
_LOOK = 0.2


class _Sha256:
    """SHA-256 alone, for who brings no digester."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()
        self.shares: tuple[Share, ...] = (lambda piece, _offset: self._digest.update(piece),)

    def hexdigest(self) -> str:
        return self._digest.hexdigest()


class Follower:
    """The digests of one part. Call `go_on` while bytes come, then `finish` or `abandon`."""

    def __init__(
        self, ledger: Ledger, descriptor: int, digester: ByteDigester | None, name: str
    ) -> None:
        self._ledger = ledger
        self._descriptor = descriptor
        self._digester = digester
        self._name = name
        self._shares: tuple[Share, ...] = ()
        self._taken = 0
        self._threads: list[threading.Thread] = []
        self._positions: list[int] = []
        self._alone: _Sha256 | None = None
        self._digests: RunningDigests | None = None
        self._error: Exception | None = None
        self._dropped = False

    @property
    def behind(self) -> int:
        """How many bytes at the front are not digested yet."""
        return self._ledger.front - min(self._positions) if self._positions else 0

    def take(self, piece: memoryview, offset: int) -> None:
        """Look at a piece that was just written, in the thread that fetches it."""
        if offset != self._taken or self._ledger.size >= _THREADS_FROM:
            return
        if offset == 0:
            if len(piece) < min(HEAD_BYTES, self._ledger.size):
                return
            self._shares = self._begin(bytes(piece[:HEAD_BYTES]))
        for share in self._shares:
            share(piece, offset)
        self._taken += len(piece)

    def go_on(self) -> None:
        """Start the threads once enough is there to know what the file is."""
        large = self._ledger.size >= _THREADS_FROM
        if large and not self._threads and self._ledger.front >= HEAD_BYTES:
            self._start()

    def finish(self, look: Callable[[], None]) -> tuple[str, Hashes | None]:
        """Return the SHA-256, and the other digests if a digester was given, of the whole file.

        `look` is called now and then, and may raise to stop.
        """
        if self._ledger.size < _THREADS_FROM:
            if self._taken == 0:
                self._shares = self._begin(self._head())
            for share in self._shares:
                self._digest(share, self._taken, None)
        else:
            self.go_on()
        for thread in self._threads:
            while thread.is_alive():
                thread.join(_LOOK)
                look()
        if self._error is not None:
            raise self._error
        if self._alone is not None:
            return self._alone.hexdigest(), None
        if self._digests is None:
            raise DownloadError(f"{self._name} could not be digested.")
        hashes = self._digests.hashes()
        return hashes.sha256, hashes

    def abandon(self) -> None:
        """Stop, and wait until no thread is at the file."""
        self._dropped = True
        for thread in self._threads:
            thread.join()

    def _begin(self, head: bytes) -> tuple[Share, ...]:
        if self._digester is None:
            self._alone = _Sha256()
            return self._alone.shares
        self._digests = self._digester.begin(head, self._ledger.size)
        return self._digests.shares

    def _head(self) -> bytes:
        buffer = memoryview(bytearray(min(HEAD_BYTES, self._ledger.size)))
        return bytes(buffer[: self._read(buffer, 0)]) if buffer else b""

    def _start(self) -> None:
        self._shares = self._begin(self._head())
        self._positions = [0] * len(self._shares)
        self._threads = [
            threading.Thread(target=self._run, args=(share, index), name="fetch-hash", daemon=True)
            for index, share in enumerate(self._shares)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, share: Share, index: int) -> None:
        try:
            self._digest(share, 0, index)
        except Exception as error:  # noqa: BLE001 - raised again by `finish`
            self._error = error

    def _digest(self, share: Share, position: int, index: int | None) -> None:
        """Give a share all pieces from `position` on, as they come, until the file's end."""
        buffer = own_buffer()
        while position < self._ledger.size and not self._dropped:
            front = self._ledger.wait_beyond(position, LARGEST_PIECE, _LOOK)
            while position < front and not self._dropped:
                count = self._read(buffer[: min(len(buffer), front - position)], position)
                share(buffer[:count], position)
                position += count
                if index is not None:
                    self._positions[index] = position

    def _read(self, view: memoryview, position: int) -> int:
        try:
            count = os.preadv(self._descriptor, [view], position)
        except OSError as error:
            raise DownloadError(
                f"{self._name} cannot be read back: {error.strerror}.", hint="Check the disk."
            ) from error
        if not count:
            raise DownloadError(
                f"{self._name} became shorter while it was fetched.",
                hint="Something else writes to it: find out what.",
            )
        return count
