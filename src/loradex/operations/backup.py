"""Copies of the catalog: made by hand, once a day, before upgrades and before a restore."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter
from pathlib import Path

from loradex.catalog.copies import COMPRESSED, copy_catalog
from loradex.errors import CatalogError, UsageError
from loradex.paths import Home

DAILY_KEPT = 3
DAY = 86_400.0

_NAME = re.compile(r"catalog-(?:(.+)-)?(\d{8}-\d{6})(?:-\d+)?\.db(?:\.gz)?")
_DAMAGED = re.compile(r"damaged-(\d{8}-\d{6})\.db")


class Occasion(StrEnum):
    """Why a copy was made."""

    ASKED = "by hand"
    DAILY = "daily"
    UPGRADE = "before an upgrade"
    RESTORE = "before a restore"
    MENDING = "before mending"
    DAMAGED = "damaged, set aside"
    """The bytes of a damaged catalog, which nothing can be restored from as it is."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy in the backup folder. `made_at` is in Unix seconds, from its name."""

    path: Path
    occasion: Occasion
    made_at: float
    size: int


def list_backups(home: Home) -> list[Backup]:
    """Return the copies in the backup folder, newest first; whether they are good, only a look
    into each tells.
    """
    found = []
    with suppress(OSError):
        for path in home.backups.iterdir():
            backup = _read_name(path)
            if backup is not None:
                found.append((backup.made_at, path.stat().st_mtime_ns, backup))
    return [backup for _, _, backup in sorted(found, key=itemgetter(0, 1), reverse=True)]


def latest_backup(home: Home) -> Backup | None:
    """Return the newest copy that something can be restored from; None when there is none."""
    return next((b for b in list_backups(home) if b.occasion is not Occasion.DAMAGED), None)


def back_up(
    home: Home, target: Path | None = None, *, keep: int | None = None, compress: bool = False
) -> Path:
    """Copy the catalog to `target`, or under the date into the backup folder; return where.

    With `keep` only so many copies made by hand stay in the backup folder. Older ones go when the
    new one is checked and on the disk, so a good one is always there. Raises `CatalogError`.
    """
    if not home.catalog.exists():
        raise CatalogError(
            f"There is no catalog in {home.root} yet.",
            hint="Begin with: loradex library add FOLDER",
        )
    if target is not None:
        if keep is not None:
            raise UsageError(
                "--keep is for copies in the backup folder.", hint="Leave the file's name out."
            )
        if target.is_dir():
            target = free_name(target, "catalog", compress=compress)
        elif compress and target.suffix != COMPRESSED:
            raise UsageError(
                f"A compressed copy is called {target.name}{COMPRESSED}.",
                hint="Give it that name, or leave --compress out.",
            )
        copy_catalog(home.catalog, target)
        return target
    made = free_name(home.backups, "catalog", compress=compress)
    copy_catalog(home.catalog, made)
    if keep is not None:
        _remove_old(home, Occasion.ASKED, keep)
    return made


def keep_daily(home: Home) -> Path | None:
    """Make the copy of the day, unless some copy is younger than a day; return where.

    Called when a scan has ended: it reads the disk then anyway, and what a person wrote since the
    day before is in it. Three are kept. Raises `CatalogError`, which whoever calls may only tell.
    """
    now = time.time()
    if any(0 <= now - backup.made_at < DAY for backup in list_backups(home)):
        return None
    made = free_name(home.backups, "catalog-daily", compress=False)
    copy_catalog(home.catalog, made)
    _remove_old(home, Occasion.DAILY, DAILY_KEPT)
    return made


def free_name(folder: Path, begin: str, *, compress: bool) -> Path:
    """Return a name with today's date that nothing in `folder` has."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    number = 1
    while True:
        again = "" if number == 1 else f"-{number}"
        path = folder / f"{begin}-{stamp}{again}.db{COMPRESSED if compress else ''}"
        if not path.exists():
            return path
        number += 1


def _remove_old(home: Home, occasion: Occasion, keep: int) -> None:
    """Remove all but the newest copies of one occasion; one that will not go stays."""
    mine = [backup for backup in list_backups(home) if backup.occasion is occasion]
    for backup in mine[max(keep, 1) :]:
        with suppress(OSError):
            backup.path.unlink()


def _read_name(path: Path) -> Backup | None:
    damaged = _DAMAGED.fullmatch(path.name)
    match = damaged or _NAME.fullmatch(path.name)
    if match is None:
        return None
    label, stamp = (None, damaged[1]) if damaged else (match[1], match[2])
    try:
        made_at = time.mktime(time.strptime(stamp, "%Y%m%d-%H%M%S"))
        size = path.stat().st_size
    except (ValueError, OverflowError, OSError):
        return None
    if damaged:
        return Backup(path, Occasion.DAMAGED, made_at, size)
    occasion = _LABELS.get(label or "", Occasion.UPGRADE)
    return Backup(path, occasion, made_at, size)


_LABELS = {
    "": Occasion.ASKED,
    "daily": Occasion.DAILY,
    "before-restore": Occasion.RESTORE,
    "before-mending": Occasion.MENDING,
}
"""What stands before the date; anything else is the schema that was upgraded."""
