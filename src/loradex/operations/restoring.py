"""Bring the catalog back from a copy, with a copy of what it was before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from loradex.catalog.copies import copy_catalog
from loradex.catalog.copy_facts import CopyFacts, Losses
from loradex.catalog.restoring import (
    Prepared,
    Present,
    check_alone,
    prepared,
    put_in_place,
    set_aside,
)
from loradex.errors import CatalogDamaged, CatalogError, UsageError
from loradex.operations.backup import Occasion, free_name, list_backups
from loradex.operations.moves.lock import moving
from loradex.paths import Home, expanded

LATEST = "latest"


@dataclass(slots=True)
class Restoration:
    """A restore that can be shown before it is done."""

    home: Home
    copy: Path
    skipped: tuple[Path, ...]
    """Newer copies that are damaged."""
    _prepared: Prepared

    @property
    def facts(self) -> CopyFacts:
        """What the copy holds."""
        return self._prepared.facts

    @property
    def present(self) -> Present:
        """What lies in the catalog's place now."""
        return self._prepared.present

    @property
    def lost(self) -> Losses:
        """What the catalog has and the copy has not."""
        return self._prepared.lost

    def carry_out(self) -> Path | None:
        """Do it; return where what was there before is kept, None when there was nothing.

        Raises `CatalogBusy` while another loradex has the catalog open, and `MovesBusy` while one
        moves files; nothing is changed then.
        """
        with moving(self.home):
            kept = self._keep_present()
            put_in_place(self.home, self._prepared)
        return kept

    def _keep_present(self) -> Path | None:
        match self.present:
            case Present.NOTHING:
                return None
            case Present.DAMAGED:  # before SQLite opens it to write, which may change it
                return set_aside(self.home)
        check_alone(self.home.catalog)
        kept = free_name(self.home.backups, "catalog-before-restore", compress=False)
        copy_catalog(self.home.catalog, kept)
        return kept


@contextmanager
def restoration(home: Home, which: str) -> Iterator[Restoration]:
    """Give the restore from a file, from a copy in the backup folder, or from the latest of these.

    The latest is the newest healthy one; copies made before a restore do not count, so that a
    second restore does not take back the first. Raises a `LoradexError` when there is none, or it
    cannot be used; nothing is changed until `carry_out`.
    """
    if which != LATEST:
        copy = _named(home, which)
        with prepared(home, copy) as ready:
            yield Restoration(home, copy, (), ready)
        return
    with ExitStack() as opened:
        damaged: list[Path] = []
        for copy in _candidates(home):
            try:
                ready = opened.enter_context(prepared(home, copy))
            except CatalogDamaged:
                damaged.append(copy)
            else:
                break
        else:
            raise _nothing_to_restore(home, len(damaged))
        yield Restoration(home, copy, tuple(damaged), ready)


def _nothing_to_restore(home: Home, damaged: int) -> CatalogError:
    if damaged:
        return CatalogDamaged(
            f"All {damaged} copies in {home.backups} are damaged.",
            hint="Move the catalog away and scan again: the files tell most of what was known.",
        )
    return CatalogError(
        f"There is no copy of the catalog in {home.backups}.",
        hint="Name one that lies elsewhere: loradex restore FILE",
    )


def _candidates(home: Home) -> list[Path]:
    without = (Occasion.DAMAGED, Occasion.RESTORE)
    return [backup.path for backup in list_backups(home) if backup.occasion not in without]


def _named(home: Home, which: str) -> Path:
    """Return the file that was named, else the copy of that name in the backup folder."""
    path = expanded(which)
    if not path.exists() and (home.backups / which).is_file():
        path = home.backups / which
    if not path.is_file():
        raise UsageError(
            f"There is no file {path}.", hint="The copies there are: loradex backup list"
        )
    return path
