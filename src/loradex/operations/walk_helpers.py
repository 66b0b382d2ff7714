"""Walk a large library with several processes: listing folders is work for one core each.

The helpers are forked, not started: a copy of this process costs a millisecond, a fresh Python
many. They read folders, send what they met through a pipe, and end without a trace;
nothing of the catalog is touched in them. When this process ends, however it does, they end.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
from collections.abc import Callable
from contextlib import suppress

from loradex.domain.progress import CancelToken

_PIECE = 1 << 20
_END = b"\x00end"


def may_help() -> bool:
    """Tell whether this process can be copied: only while it has no other thread.

    The system is asked, since threads of native libraries are none that Python knows of.
    """
    try:
        return len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False  # not Linux


class Helper:
    """A copy of this process that does one piece of work and sends its result.

    The work is a function that gets a test whether to go on; its result is made of numbers,
    bytes, texts, tuples, lists, sets and dictionaries only. Raises OSError when there can be no
    further process.
    """

    def __init__(self, work: Callable[[Callable[[], bool]], object]) -> None:
        self._reader, writer = os.pipe()
        _readers.add(self._reader)
        parent = os.getpid()
        try:
            self._process = os.fork()
        except OSError:
            os.close(writer)
            self._close()
            raise
        if self._process == 0:
            _do_and_end(work, writer, parent)
        os.close(writer)

    def result(self, cancel: CancelToken) -> object:
        """Wait for the result; None when the helper failed or was killed."""
        pieces: list[bytes] = []
        while True:
            cancel.check()
            if not select.select([self._reader], [], [], 0.2)[0]:
                continue
            piece = os.read(self._reader, _PIECE)
            if not piece:
                break
            pieces.append(piece)
        self.stop()
        data = b"".join(pieces)
        if not data.endswith(_END):
            return None
        answer: object = marshal.loads(data[: -len(_END)])  # noqa: S302 - our own bytes
        return answer

    def stop(self) -> None:
        """End the helper, if it has not ended."""
        process, self._process = self._process, 0
        if not process:
            return
        self._close()
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        with suppress(ChildProcessError):  # whoever started us may have us leave no zombies
            os.waitpid(process, 0)

    def _close(self) -> None:
        _readers.discard(self._reader)
        os.close(self._reader)


_readers: set[int] = set()
"""Our ends of the pipes. A copy that kept one open would never learn that we have gone."""


def _do_and_end(work: Callable[[Callable[[], bool]], object], writer: int, parent: int) -> None:
    """Do the work in the copy, and leave without any of the parent's clearing up."""
    try:
        for reader in _readers:
            os.close(reader)
        left = memoryview(marshal.dumps(work(lambda: os.getppid() == parent)) + _END)  # type: ignore[arg-type]
        while left:
            left = left[os.write(writer, left) :]
    finally:
        os._exit(0)
