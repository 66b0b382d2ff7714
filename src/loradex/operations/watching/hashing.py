"""Hash in the background while a watch goes on; paused while files are being moved."""

from __future__ import annotations

import threading

from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.errors import Cancelled, LoradexError
from loradex.operations.hash_pass import hash_pass


class BackgroundHashing:
    """Reads what was never read in full, in a thread of its own."""

    def __init__(self, catalog: Catalog, sink: ProgressSink) -> None:
        self._catalog = catalog
        self._sink = sink
        self._cancel = CancelToken()
        self._thread: threading.Thread | None = None
        self.trouble: LoradexError | None = None
        """Why the last pass ended early; the next one begins with what is left."""

    def start(self) -> None:
        """Begin a pass unless one is under way or there is nothing to do."""
        if self._thread is not None and self._thread.is_alive():
            return
        if not self._catalog.files.to_hash():
            return
        self._cancel = CancelToken()
        self._thread = threading.Thread(target=self._run, name="hashing", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the pass; files that were read in part are read again by the next one."""
        self._cancel.cancel()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        try:
            hash_pass(self._catalog, sink=self._sink, cancel=self._cancel)
        except Cancelled:
            pass
        except LoradexError as error:
            self.trouble = error
