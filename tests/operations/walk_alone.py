"""Run in a process of its own by `test_walk`: helpers are forked only where there is one thread."""

from __future__ import annotations

import os
import signal
import sys

from loradex.domain.progress import CancelToken
from loradex.errors import Cancelled
from loradex.operations import walk as module
from loradex.operations.walk import walk
from loradex.operations.walk_folder import Walk
from loradex.operations.walk_helpers import Helper, may_help


def facts(seen: Walk) -> tuple[object, ...]:
    return seen.stamps, seen.folders, seen.downloads, seen.unread, seen.broken


def same(root: bytes) -> None:
    done: list[str] = []
    alone = walk(root, (), CancelToken(), meanwhile=lambda: done.append("alone"))
    for helpers in (1, 2, 5):
        helped = walk(root, (), CancelToken(), helpers=helpers, meanwhile=lambda: done.append(""))
        assert facts(helped) == facts(alone)
    assert done == ["alone", "", "", ""]
    assert len(alone.stamps) == 60
    assert alone.broken == [(b"a/9/dead.safetensors", "It is a link that leads nowhere.")]


def failing(root: bytes) -> None:
    def die(*_: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    module._Walker.walk_below = die  # type: ignore[assignment, method-assign]
    assert len(walk(root, (), CancelToken(), helpers=2).stamps) == 60


def no_process(root: bytes) -> None:
    def refuse() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    os.fork = refuse
    assert len(walk(root, (), CancelToken(), helpers=2).stamps) == 60


def no_zombies(root: bytes) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    assert len(walk(root, (), CancelToken(), helpers=2).stamps) == 60


def stopped(root: bytes) -> None:
    token = CancelToken()
    token.cancel()
    try:
        walk(root, (), token, helpers=2)
    except Cancelled:
        pass
    else:
        raise AssertionError("it was not stopped")
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return
    raise AssertionError("a helper is left")


def orphaned(_root: bytes) -> None:
    """A helper whose parent is killed ends although its answer is larger than a pipe."""
    reader, writer = os.pipe()
    middle = os.fork()
    if middle == 0:
        helper = Helper(lambda _: b"x" * 1_000_000)
        os.write(writer, b"%d" % helper._process)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(middle, 0)
    helper_id = int(os.read(reader, 20))
    os.close(writer)
    assert os.read(reader, 1) == b""  # the helper held the other end until it ended
    assert helper_id > 0


if __name__ == "__main__":
    assert may_help()
    globals()[sys.argv[1]](os.fsencode(sys.argv[2]))
