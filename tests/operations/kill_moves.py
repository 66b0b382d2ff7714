"""Kill a real process at every boundary of a move, recover, and hold that nothing was lost.

Run as `kill_moves.py PLAN WORK TARGET WHAT HOW STRIDE`: PLAN is `moves`, or `tidy` for one that
also trashes, links and clears a folder; WORK gets the home and the inbox, TARGET (another disk,
maybe) the library that files go to; WHAT is `apply`, `undo`, `recover` (a second kill, in the
recovery from the first) or `scan` (before the recovery, a scan sees what was left); HOW is how
renames are done: `noreplace`, `link` or `placeholder`; every STRIDE-th boundary gets a round.

Each round forks a child that sends itself SIGKILL at the n-th boundary; a boundary is the call of,
and the return from, every function that moves files or writes the journal, and the system calls
they make. Another child then recovers, checks, and brings everything back for the next round. So
nobody shares a database connection over a fork. Prints how many children were killed.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import unquote

import loradex.catalog.engine
import loradex.operations.look  # noqa: F401 - loaded once here, not in every child
from loradex.catalog.catalog import Catalog
from loradex.domain.plans import FILE_ACTIONS, Action, LinkKind, MovePlan, PlanState, StepState
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.moves import renaming
from loradex.operations.moves.applying import carry_out, recover
from loradex.operations.moves.trash_can import TrashKind
from loradex.operations.moves.undoing import plan_undo
from loradex.operations.tidying.keeping import Wish, draw_up
from loradex.paths import Home
from moves_kit import add, file_ids, fill_inbox, nothing_new, place, planned, rescan, tree

_WATCHED = ("operations/moves/", "catalog/plan_store.py", "catalog/durable_writer.py")
_PURE = (
    "planning.py", "names.py", "undoing.py", "lock.py", "inverting.py", "emptying.py", "sizes.py",
)  # fmt: skip
_SYSTEM = {
    "rename",
    "link",
    "symlink",
    "unlink",
    "mkdir",
    "rmdir",
    "write",
    "fsync",
    "utime",
    "ftruncate",
}


class Killer:
    """Ends this process at the n-th boundary, with no chance to tidy up."""

    def __init__(self, at: int) -> None:
        self._left = at

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        name = frame.f_code.co_filename
        if not any(part in name for part in _WATCHED) or name.endswith(_PURE):
            return
        if event.startswith("c_") and getattr(argument, "__name__", "") not in _SYSTEM:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def forked(work: Callable[[], None]) -> int:
    """Do it in a child; return its exit code, negative for the signal that ended it."""
    child = os.fork()
    if child == 0:
        signal.alarm(60)  # it must not outlive us, should it hang
        try:
            work()
        except BaseException:  # noqa: BLE001 - it must not go on in the child
            import traceback  # noqa: PLC0415

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def must(work: Callable[[], None]) -> None:
    if forked(work) != 0:
        sys.exit("a check failed, see above")


def moves(catalog: Catalog) -> MovePlan:
    return planned(
        catalog,
        [
            ("inbox", "neon.safetensors", "models", "loras/sdxl/Neon.safetensors"),
            ("inbox", "sub/glow.safetensors", "models", "loras/glow.safetensors"),
        ],
    )


def tidy(catalog: Catalog) -> MovePlan:
    """Return a plan of every action there is."""
    ids = file_ids(catalog, "inbox")
    neon = ids["neon.safetensors"]
    return draw_up(
        catalog,
        "test",
        "",
        [
            Wish(ids["copies/hard.safetensors"], None, kept=neon, link=LinkKind.HARD),
            Wish(ids["plain.safetensors"], place(catalog, "models", "loras/plain.safetensors")),
            Wish(ids["copies/soft.safetensors"], None, kept=neon, link=LinkKind.SYMBOLIC),
            Wish(ids["sub/glow.safetensors"], None),
        ],
        trash=TrashKind.FOLDER,
    )


PLANS = {"moves": moves, "tidy": tidy}


def apply(home: Home) -> None:
    with Catalog.open(home) as catalog:
        plan = PLANS[sys.argv[1]](catalog)
        assert plan.conflicts == (), plan.conflicts
        carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())


def undo(home: Home) -> None:
    with Catalog.open(home) as catalog:
        plan = plan_undo(catalog, catalog.plans.plans()[0].id)
        assert plan.conflicts == (), plan.conflicts
        carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())


def settle(home: Home) -> None:
    with Catalog.open(home) as catalog:
        recover(catalog)


def look(home: Home) -> None:
    with Catalog.open(home) as catalog:
        rescan(catalog)


def killed_at(at: int, work: Callable[[Home], None], home: Home) -> Callable[[], None]:
    def armed() -> None:
        gc.disable()
        sys.setprofile(Killer(at))
        work(home)
        sys.setprofile(None)

    return armed


class World:
    """The libraries, and what has to be true of them."""

    def __init__(self, work: Path, target: Path) -> None:
        self.home = Home(work / "home")
        self.home.root.mkdir()
        self.roots = (work / "inbox", target / "models")
        fill_inbox(self.roots[0])
        if sys.argv[1] == "tidy":
            copies = self.roots[0] / "copies"
            copies.mkdir()
            for name in ("hard", "soft"):
                shutil.copy2(self.roots[0] / "neon.safetensors", copies / f"{name}.safetensors")
            (self.roots[0] / "sub" / "glow.png").write_bytes(b"picture")
            (self.roots[0] / "link.safetensors").symlink_to("plain.safetensors")
        with Catalog.open(self.home) as catalog:
            add(catalog, *self.roots)
        self.start = tree(*self.roots)
        self.files = self.once()

    def once(self) -> list[str]:
        """Return digest and time of every file on disk, of one with two names once."""
        files = {}
        for name, content in tree(*self.roots).items():
            path = Path(name)
            if path.suffix != ".trashinfo" and not path.is_symlink():
                info = path.stat()
                files[info.st_dev, info.st_ino] = content
        return sorted(files.values())

    def check(self) -> None:
        """Every file is there exactly once, a model has its sidecars, the catalog agrees."""
        now = tree(*self.roots)
        assert self.once() == self.files, sorted(now)
        link = self.roots[0] / "link.safetensors"
        assert link.is_symlink() is link.exists() is (sys.argv[1] == "tidy")
        assert {Path(name).name.lower() for name in self.start} <= {
            Path(name).name.lower() for name in (*now, *self._noted())
        }
        of_neon = [Path(path) for path in now if Path(path).name.lower().startswith("neon.")]
        folders = {path.parent for path in of_neon if path.suffix != ".notes"}
        assert len(folders) == 1, sorted(now)
        with Catalog.open(self.home) as catalog:
            assert catalog.plans.plans(state=PlanState.APPLYING) == []
            nothing_new(catalog)
            self._check_journal(catalog)

    def _noted(self) -> list[str]:
        """Return where what is in the trash was; each file there is noted, and nothing else."""
        files = {path.name for root in self.roots for path in root.glob(".loradex-trash/files/*")}
        noted = {path.stem: path for root in self.roots for path in root.rglob("*.trashinfo")}
        assert files == set(noted), (files, set(noted))
        return [unquote(path.read_text().splitlines()[1]) for path in noted.values()]

    def _check_journal(self, catalog: Catalog) -> None:
        for plan in catalog.plans.plans()[:1]:
            for entry in catalog.plans.steps(plan.id):
                step = entry.step
                if entry.state is StepState.DONE and step.source is not None:
                    there = step.action is not Action.UNLINK
                    assert os.path.lexists(step.target.path) is there or not there, entry
                    linked = step.action not in FILE_ACTIONS or b"copies/" in step.source.path
                    assert linked or not os.path.lexists(step.source.path), entry

    def back(self) -> None:
        """Bring all files back to where they were, whatever the round did of them."""
        with Catalog.open(self.home) as catalog:
            for summary in catalog.plans.plans():
                if tree(*self.roots) == self.start:
                    break
                plan = plan_undo(catalog, summary.id)
                carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())
            assert tree(*self.roots) == self.start
            assert not (self.roots[1] / "loras").exists()
            nothing_new(catalog)


def rounds(world: World, what: str, stride: int) -> int:
    """Kill at one boundary after the other until a round ends by itself; return how many died."""
    at = kills = 1
    while True:
        if what == "undo":
            must(lambda: apply(world.home))
        work = undo if what == "undo" else apply
        code = forked(killed_at(at, work, world.home))
        if code == 1:
            sys.exit("the work itself failed, see above")
        if what == "recover" and code == -signal.SIGKILL:
            forked(killed_at(at % 97 + 1, settle, world.home))
        if what == "scan":
            must(lambda: look(world.home))
        must(lambda: settle(world.home))
        must(world.check)
        must(world.back)
        if code == 0:
            return kills - 1
        at, kills = at + stride, kills + 1


def main() -> None:
    _plan, work, target, what, how, stride = sys.argv[1:]
    if how != "noreplace":
        renaming._rename_noreplace = lambda _source, _target: False
    if how == "placeholder":
        renaming._link_and_unlink = lambda _source, _target: False
    world = World(Path(work), Path(target))  # its catalog is closed again before the first fork
    print(rounds(world, what, int(stride)))  # noqa: T201


if __name__ == "__main__":
    main()
