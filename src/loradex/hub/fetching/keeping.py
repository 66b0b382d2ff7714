"""Write down every few seconds how far a fetch is, without making it wait for the disk."""

from __future__ import annotations

import threading
import time

from loradex.errors import DownloadError
from loradex.hub.fetching.body import Body
from loradex.hub.fetching.part import Part

_LOOK = 1.0
_EVERY = 3
"""Looks after which the state is written at the latest, if anything came at all."""
_MUCH = 64 * 1024 * 1024
"""Bytes that are worth writing it at once."""


class Keeper:
    """A thread that keeps a part's state. It starts only when a fetch takes long enough.

    Flushing as the bytes come has a second use: the last flush, which the fetch waits for, has
    little left to do.
    """

    def __init__(self, part: Part, body: Body) -> None:
        self._part = part
        self._body = body
        self._began = time.monotonic()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: DownloadError | None = None

    def look(self) -> None:
        """Start when it is time; raise what keeping the state failed with."""
        if self._error is not None:
            raise self._error
        if self._thread is None and time.monotonic() - self._began > _LOOK:
            self._thread = threading.Thread(target=self._run, name="fetch-keep", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; the state on the disk stays."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def keep(self) -> None:
        """Write the state now. Does nothing where nothing could be gone on with."""
        identity, spans = self._body.identity, self._body.ledger.spans()
        if identity is not None and self._body.may_go_on and spans:
            self._part.save(identity, spans, self._body.server_name)

    def _run(self) -> None:
        kept, looks = 0, _EVERY
        try:
            while True:
                new = self._body.ledger.done - kept
                if new >= _MUCH or (new and looks >= _EVERY):
                    kept, looks = kept + new, 0
                    self.keep()
                if self._over.wait(_LOOK):
                    return
                looks += 1
        except DownloadError as error:
            self._error = error
