"""One thread that hangs up on connections that stall, and on all of them when a person stops.

A read that waits for a socket cannot be told anything. So it waits without a limit of its own, and
this thread shuts the socket down under it, which ends the read at once; the reader then asks its
`Pulse` why.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from loradex.domain.progress import CancelToken

_LOOK = 0.1
_ENOUGH = 16 * 1024
"""Fewer bytes than this do not count as a sign of life: somebody may drip for ever."""
_IDLE = 5.0
"""Seconds without an exchange after which the thread sleeps until there is one again."""


class Pulse:
    """One exchange over one socket: how it lives, and whether it was cut off."""

    def __init__(self, connected: socket.socket, cancel: CancelToken, stall_seconds: float) -> None:
        self._socket = connected
        self.cancel = cancel
        self.stall_seconds = stall_seconds
        self._mark = time.monotonic()
        self._came = 0
        self._lock = threading.Lock()
        self._over = False
        self.stalled = False

    def beat(self, count: int) -> None:
        """Note that `count` bytes came."""
        self._came += count
        if self._came >= _ENOUGH:
            self.rest()

    def rest(self) -> None:
        """Begin to count anew, as after a pause that we made ourselves."""
        self._came = 0
        self._mark = time.monotonic()

    def look(self, now: float) -> None:
        """Hang up if the person stopped or nothing came for too long."""
        if self.cancel.cancelled:
            self.hang_up()
        elif now - self._mark > self.stall_seconds:
            self.stalled = True
            self.hang_up()

    def hang_up(self) -> None:
        """End whatever waits for this socket, unless the exchange is over already."""
        with self._lock:
            if not self._over:
                # SSLSocket's own shutdown would turn what follows into plain text.
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def end(self) -> None:
        """The socket goes back to others: leave it alone from here on."""
        with self._lock:
            self._over = True


class Watch:
    """Looks at every pulse ten times a second while there is one."""

    def __init__(self) -> None:
        self._pulses: set[Pulse] = set()
        self._news = threading.Condition()
        self._closed = False
        self._asleep = False
        self._thread: threading.Thread | None = None

    def begin(self, connected: socket.socket, cancel: CancelToken, stall_seconds: float) -> Pulse:
        """Watch an exchange from now on."""
        pulse = Pulse(connected, cancel, stall_seconds)
        with self._news:
            self._pulses.add(pulse)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="fetch-watch", daemon=True)
                self._thread.start()
            elif self._asleep:
                self._news.notify_all()
        return pulse

    def end(self, pulse: Pulse) -> None:
        """Forget an exchange that is over."""
        pulse.end()
        with self._news:
            self._pulses.discard(pulse)

    def close(self) -> None:
        """Stop watching."""
        with self._news:
            self._closed = True
            self._news.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        busy_at = time.monotonic()
        while True:
            with self._news:
                if self._closed:
                    return
                self._asleep = time.monotonic() - busy_at > _IDLE
                self._news.wait(None if self._asleep else _LOOK)
                pulses = list(self._pulses)
            now = time.monotonic()
            if pulses or self._asleep:
                busy_at = now
            for pulse in pulses:
                pulse.look(now)
