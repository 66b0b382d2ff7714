"""Put a copy in the catalog's place: the old state or the new one, whenever it is cut off."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from loradex.catalog.copies import cannot_write, fault_in, sync_folder, unpacked
from loradex.catalog.copy_facts import CopyFacts, Losses, copy_facts, losses
from loradex.catalog.faults import translate
from loradex.catalog.schema import REVISIONS
from loradex.catalog.upgrade import prepare_folder, upgrade_file
from loradex.errors import CatalogBusy, CatalogDamaged, CatalogError, CatalogTooNew
from loradex.paths import Home


class Present(StrEnum):
    """What lies in the catalog's place."""

    NOTHING = "nothing"
    HEALTHY = "healthy"
    OTHER = "other"
    """A newer loradex's catalog: healthy, and not ours to compare with."""
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A copy that is checked, brought to today's schema, and lies beside the catalog."""

    file: Path
    facts: CopyFacts
    """As it was when it was made."""
    present: Present
    lost: Losses
    """What the catalog has and the copy has not; nothing unless `present` is healthy."""


@contextmanager
def prepared(home: Home, copy: Path) -> Iterator[Prepared]:
    """Give a copy ready to be put in place; the catalog is not touched.

    Raises `CatalogDamaged` for a copy that is no healthy catalog and `CatalogTooNew` for one that
    a newer loradex made.
    """
    prepare_folder(home.root)
    with unpacked(copy, home.root) as file:
        problem = fault_in(file, thorough=True)
        if problem is not None:
            raise CatalogDamaged(
                f"The backup {copy} is damaged: {problem}.",
                hint="Nothing was changed. Other copies: loradex backup list",
            )
        try:
            facts = copy_facts(file)
        except CatalogTooNew as error:
            raise CatalogTooNew(f"{copy} was made by a newer loradex.", hint=error.hint) from error
        except CatalogDamaged as error:
            raise CatalogDamaged(
                f"{copy} is not a copy of a loradex catalog.", hint=error.hint
            ) from error
        if facts.revision != REVISIONS[-1]:
            upgrade_file(file)
        present = state_of(home.catalog)
        lost = losses(home.catalog, file) if present is Present.HEALTHY else Losses()
        yield Prepared(file, facts, present, lost)


def state_of(path: Path) -> Present:
    """Tell what lies at the catalog's path."""
    try:
        if path.stat().st_size == 0:
            return Present.NOTHING
    except FileNotFoundError:
        return Present.NOTHING
    except OSError as error:
        raise CatalogError(
            f"The catalog {path} cannot be opened: {error.strerror or error}.",
            hint="Check the folder and its permissions.",
        ) from error
    if fault_in(path, thorough=False) is not None:
        return Present.DAMAGED
    try:
        facts = copy_facts(path)
    except CatalogTooNew:
        return Present.OTHER
    except CatalogError:
        return Present.DAMAGED
    # An older schema is compared, too: the tables that are compared have not changed.
    return Present.HEALTHY if facts.revision in REVISIONS else Present.OTHER


def put_in_place(home: Home, copy: Prepared) -> None:
    """Let a prepared copy be the catalog from now on.

    A healthy catalog gets the copy's pages in one transaction, held alone: a cut leaves either
    state whole. A damaged one is replaced as a file. Raises `CatalogBusy` when another process has
    the catalog open.
    """
    if copy.present in (Present.HEALTHY, Present.OTHER):
        _overwrite(home.catalog, copy.file)
    else:
        _replace(home.catalog, copy.file)


def check_alone(path: Path) -> None:
    """Raise `CatalogBusy` when another process has the catalog open."""
    with suppress(sqlite3.DatabaseError), _alone(path):
        pass


def set_aside(home: Home) -> Path:
    """Copy a damaged catalog, byte for byte and with its log, into the backup folder."""
    stamp = time.strftime("%Y%m%d-%H%M%S")
    target = home.backups / f"damaged-{stamp}.db"
    try:
        home.backups.mkdir(mode=0o700, exist_ok=True)
        for suffix in ("-wal", ""):
            part = home.catalog.with_name(home.catalog.name + suffix)
            if part.exists():
                copy = target.with_name(target.name + suffix)
                shutil.copyfile(part, copy)
                copy.chmod(0o600)
    except OSError as error:
        raise cannot_write(target, error) from error
    sync_folder(home.backups)
    return target


@contextmanager
def _alone(path: Path) -> Iterator[sqlite3.Connection]:
    """Give the only connection that any process has to a catalog."""
    with closing(sqlite3.connect(path, timeout=1.0, isolation_level=None)) as connection:
        # Every connection to a database in WAL mode holds a shared lock, even when it rests
        # (https://www.sqlite.org/wal.html, "Use of WAL without shared memory").
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise CatalogBusy(
                f"Another loradex has the catalog {path} open.",
                hint="Close every loradex (a terminal UI, a scan, `hub serve`) and try again.",
            ) from error
        yield connection


def _overwrite(path: Path, file: Path) -> None:
    try:
        with closing(sqlite3.connect(file)) as copy, _alone(path) as catalog:
            catalog.execute("PRAGMA synchronous = FULL")
            copy.backup(catalog)
            catalog.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise translate(error, path) from error


def _replace(path: Path, file: Path) -> None:
    """Replace the file, whose damaged bytes are kept elsewhere."""
    check_alone(path)
    try:
        with closing(sqlite3.connect(file)) as copy:
            copy.execute("PRAGMA journal_mode = WAL")
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        # First the log: beside another database it would be played into that.
        for suffix in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        file.replace(path)
    except sqlite3.Error as error:
        raise translate(error, file) from error
    except OSError as error:
        raise CatalogError(
            f"The catalog {path} cannot be replaced: {error.strerror or error}.",
            hint="Check the folder's permissions and the free space; a copy of it is kept.",
        ) from error
    sync_folder(path.parent)
