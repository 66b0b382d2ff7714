"""Who holds a lease: one process, told apart from a later one that got its number."""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, and until when its lease runs by the clock that all processes of a boot share.

    That clock (`time.monotonic`) neither jumps when somebody sets the time nor runs while a
    machine sleeps. What a system does not tell is empty.
    """

    token: str
    task: str
    """What the owner calls its work."""
    machine: str
    boot: str
    namespace: str
    pid: int
    started: str
    until: float

    def text(self) -> str:
        """Return it as the text that the catalog keeps."""
        return json.dumps(asdict(self))

    def is_gone(self) -> bool:
        """True when it is certain that this process has ended: it need not be waited for."""
        if self.machine != _machine():
            return False
        if self.boot != _boot():
            return True
        if not self.started or self.namespace != _namespace():
            return False
        return _started(self.pid) != self.started

    def expired(self) -> bool | None:
        """Tell whether its time is over; None when only the wall clock can tell."""
        if not self.boot or self.boot != _boot():
            return None
        return time.monotonic() >= self.until

    def is_here(self) -> bool:
        """True when its process number means something on this machine."""
        return self.machine == _machine() and self.namespace == _namespace()


def this_process(token: str, task: str, seconds: float) -> Owner:
    """Return this process as the owner of a lease for so many seconds from now."""
    return Owner(
        token=token,
        task=task,
        machine=_machine(),
        boot=_boot(),
        namespace=_namespace(),
        pid=os.getpid(),
        started=_started(os.getpid()),
        until=time.monotonic() + seconds,
    )


def read_owner(text: str) -> Owner | None:
    """Return the owner that the catalog keeps; None when it cannot be read."""
    try:
        return Owner(**json.loads(text))
    except (ValueError, TypeError):
        return None


def _machine() -> str:
    return _file("/etc/machine-id") or socket.gethostname()


def _boot() -> str:
    return _file("/proc/sys/kernel/random/boot_id")


def _namespace() -> str:
    """Return the set of process numbers that this process sees: containers have their own."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> str:
    """Return when a process started, in ticks since boot; empty when it is not there any more.

    Fields 3 and 22 of /proc/PID/stat (proc_pid_stat(5)); the name before them may hold anything.
    """
    _, bracket, rest = _file(f"/proc/{pid}/stat").rpartition(") ")
    fields = rest.split()
    if not bracket or len(fields) < 20 or fields[0] in ("Z", "X"):
        return ""
    return fields[19]


def _file(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
