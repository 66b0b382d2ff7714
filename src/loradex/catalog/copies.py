"""Whole copies of the catalog: made while others write, checked, and on the disk when they count.

https://www.sqlite.org/backup.html: the backup API copies one state of the database, whatever other
connections write meanwhile.
"""

from __future__ import annotations

import gzip
import os
import secrets
import shutil
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from loradex.catalog.faults import BUSY_TIMEOUT_MS, translate
from loradex.errors import CatalogBusy, CatalogDamaged, CatalogError

COMPRESSED = ".gz"
_PIECE = 1024 * 1024
_LEVEL = 3
"""Of gzip: higher ones take twice the time for a tenth of the size."""
_SPARE = 64 * 1024 * 1024
"""Bytes that copies leave free on a disk."""


def copy_catalog(source: Path, target: Path) -> None:
    """Copy a catalog as it is now to a new file, under gzip when `target` ends with `.gz`.

    The copy is one plain file. It gets its name only when it passed SQLite's integrity check and
    is on the disk; nothing is ever replaced. Raises a `CatalogError`.
    """
    if os.path.lexists(target):
        raise _taken(target)
    with _beside(target) as partial:
        _check_room(source, target.parent)
        copy_database(source, partial)
        problem = fault_in(partial, thorough=True)
        if problem is not None:
            raise CatalogDamaged(
                f"The catalog {source} is damaged: {problem}.",
                hint="No copy was made of it. An earlier one brings it back: loradex restore"
                " latest",
            )
        try:
            if target.suffix == COMPRESSED:
                _compress(partial)
            _sync(partial)
            _publish(partial, target)
        except OSError as error:
            raise cannot_write(target, error) from error


def copy_database(source: Path, target: Path) -> None:
    """Copy what one database holds at this moment to `target`, which it replaces as a whole."""
    waited_until = time.monotonic() + BUSY_TIMEOUT_MS / 1000

    def still_waiting(_status: int, _left: int, _total: int) -> None:
        if time.monotonic() > waited_until:
            raise CatalogBusy(
                f"The catalog {source} is held by another loradex.",
                hint="Wait until it is done, or close it, and try again.",
            )

    place = source
    try:
        with closing(open_to_read(source)) as reading:
            place = target
            with closing(sqlite3.connect(target)) as writing:
                writing.execute("PRAGMA synchronous = OFF")  # it is synced as a whole
                reading.backup(writing, progress=still_waiting, sleep=0.05)
                # A copy shall be one file, readable where nothing can be written beside it.
                writing.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        if place == target:
            raise _no_copy(target.parent, error) from error
        raise translate(error, source) from error


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open a database for reading only, on a disk that cannot be written, too."""
    uri = f"file:{quote(os.fsencode(path))}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_TIMEOUT_MS / 1000)
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        connection.close()
        name = getattr(error, "sqlite_errorname", "")
        if not name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY")):
            raise
        return sqlite3.connect(f"{uri}&immutable=1", uri=True)
    return connection


def fault_in(path: Path, *, thorough: bool) -> str | None:
    """Return what SQLite finds wrong with a database, None when it is healthy.

    A thorough look also compares every index with its table.
    """
    check = "integrity_check" if thorough else "quick_check"
    try:
        with closing(open_to_read(path)) as connection:
            row = connection.execute(f"PRAGMA {check}(1)").fetchone()
    except sqlite3.Error as error:
        return str(error)
    verdict = "it answers nothing" if row is None else str(row[0])
    if verdict == "ok":
        return None
    return " ".join(verdict.replace("*** in database main ***", "").split())


@contextmanager
def unpacked(copy: Path, folder: Path) -> Iterator[Path]:
    """Give a copy as a database in `folder` that may be changed, and remove it afterwards.

    Raises a `CatalogError` when the copy cannot be read or there is no room for it.
    """
    target = folder / f".restoring-{secrets.token_hex(4)}.db"
    try:
        try:
            if is_compressed(copy):
                _decompress(copy, target)
            else:
                copy_database(copy, target)
        except CatalogDamaged as error:
            raise CatalogDamaged(
                f"{copy} is not a copy of a catalog, or a damaged one: {error.__cause__}.",
                hint="Nothing was changed. Other copies: loradex backup list",
            ) from error
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(copy, target, error) from error
        yield target
    finally:
        for suffix in ("", "-wal", "-shm", "-journal"):
            with suppress(OSError):
                target.with_name(target.name + suffix).unlink()


def is_compressed(copy: Path) -> bool:
    """Tell whether a copy is under gzip, by its first bytes."""
    with copy.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def sync_folder(folder: Path) -> None:
    """Bring names in a folder to the disk, where the system lets us."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def cannot_write(target: Path, error: OSError) -> CatalogError:
    """Return what it means that a copy could not be written."""
    return CatalogError(
        f"The copy {target} cannot be written: {error.strerror or error}.",
        hint="Free some space or name another place; nothing was changed.",
    )


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """Give a name beside `target` for what is not finished, and remove what is left of it."""
    partial = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.partial")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Notes may be private: nobody else may read the copy, whatever the folder is.
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise cannot_write(target, error) from error
    try:
        yield partial
    finally:
        for suffix in ("", "-journal"):
            with suppress(OSError):
                partial.with_name(partial.name + suffix).unlink()


def _check_room(source: Path, folder: Path) -> None:
    """Raise unless a copy fits: filling a disk to the brim would harm whoever else writes to it."""
    try:
        wanted = source.stat().st_size + _SPARE
        free = shutil.disk_usage(folder).free
    except OSError:
        return  # what follows tells what is wrong
    if free < wanted:
        raise CatalogError(
            f"No copy of the catalog fits into {folder}: {free / 1e6:,.0f} MB are free, and"
            f" {wanted / 1e6:,.0f} MB are needed.",
            hint="Free some space, or name another place; nothing was changed.",
        )


def _compress(file: Path) -> None:
    """Replace a file by itself under gzip, read back to be sure."""
    packed = file.with_name(f"{file.name}.gz")
    try:
        with file.open("rb") as plain, gzip.open(packed, "wb", compresslevel=_LEVEL) as writing:
            shutil.copyfileobj(plain, writing, _PIECE)
        with gzip.open(packed, "rb") as reading, file.open("rb") as plain:
            while piece := plain.read(_PIECE):
                if reading.read(len(piece)) != piece:
                    raise OSError("what was written is not what is read back")
        packed.chmod(0o600)
        packed.replace(file)
    finally:
        packed.unlink(missing_ok=True)


def _decompress(copy: Path, target: Path) -> None:
    """Unpack a copy, but never fill the disk with it."""
    room = shutil.disk_usage(target.parent).free - _SPARE
    with (
        gzip.open(copy, "rb") as packed,
        open(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as plain,  # noqa: PTH123
    ):
        while piece := packed.read(_PIECE):
            room -= len(piece)
            if room < 0:
                raise OSError("there is not enough room on the disk to unpack it")
            plain.write(piece)


def _unreadable(copy: Path, target: Path, error: Exception) -> CatalogError:
    if isinstance(error, OSError) and error.filename is not None:
        place = target if str(error.filename) == str(target) else copy
        return CatalogError(
            f"{place} cannot be used: {error.strerror or error}.",
            hint="Check the path, its permissions and the free space there.",
        )
    return CatalogDamaged(
        f"The backup {copy} cannot be unpacked: {error}.",
        hint="Nothing was changed. Other copies: loradex backup list",
    )


def _no_copy(folder: Path, error: sqlite3.Error) -> CatalogError:
    full = getattr(error, "sqlite_errorname", "").startswith("SQLITE_FULL")
    what = "its disk is full" if full else str(error)
    return CatalogError(
        f"No copy of the catalog can be written to {folder}: {what}.",
        hint="Free some space, or name another place; nothing was changed.",
    )


def _sync(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _publish(partial: Path, target: Path) -> None:
    """Give a finished copy its name, never another file's."""
    try:
        os.link(partial, target)
    except FileExistsError as error:
        raise _taken(target) from error
    except OSError:  # a disk without hard links
        if os.path.lexists(target):
            raise _taken(target) from None
        partial.replace(target)
    sync_folder(target.parent)


def _taken(target: Path) -> CatalogError:
    return CatalogError(
        f"There is a file {target} already.",
        hint="Nothing is ever replaced: name another one, or leave the name out.",
    )
