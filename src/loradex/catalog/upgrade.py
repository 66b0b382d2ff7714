"""Bring the catalog to the schema this loradex knows: all of it, or not at all."""

from __future__ import annotations

import sqlite3
import stat
import time
from contextlib import closing
from importlib import resources
from pathlib import Path

from loradex.catalog.copies import copy_catalog
from loradex.catalog.faults import BUSY_TIMEOUT_MS, translate
from loradex.catalog.schema import REVISIONS, schema_revision
from loradex.errors import CatalogDamaged, CatalogError, CatalogReadOnly, CatalogTooNew
from loradex.paths import Home

BACKUPS_KEPT = 5


def ensure_current(home: Home) -> None:
    """Create the catalog, or upgrade it after a backup; return at once when it is current.

    Raises `CatalogTooNew` for a catalog of a newer loradex, which is left untouched.
    """
    revision = schema_revision(home.catalog)
    if revision == REVISIONS[-1]:
        return
    if revision is not None and revision not in REVISIONS:
        raise CatalogTooNew(
            f"The catalog {home.catalog} was made by a newer loradex (schema {revision}).",
            hint="Upgrade loradex; nothing was changed.",
        )
    prepare_folder(home.root)
    if revision is not None:
        back_up(home, revision)
    _upgrade(home.catalog)


def back_up(home: Home, label: str) -> Path:
    """Copy the catalog as it is now into the backup folder, check the copy, keep the newest few."""
    target = home.backups / f"catalog-{label}-{time.strftime('%Y%m%d-%H%M%S')}.db"
    try:
        copy_catalog(home.catalog, target)
    except CatalogError:
        if not target.exists():  # else another process upgrades as well, and made it just now
            raise
    # A schema and a hyphen: copies made on other occasions have their own number that is kept.
    mine = home.backups.glob("catalog-[0-9][0-9][0-9][0-9]-*.db")
    for old in sorted(mine, key=_age)[:-BACKUPS_KEPT]:
        old.unlink()
    return target


def upgrade_file(path: Path) -> None:
    """Bring one database to the present schema: all of it, or not at all. No backup is made."""
    _upgrade(path)


def _age(path: Path) -> float:
    return path.stat().st_mtime


def prepare_folder(root: Path) -> None:
    """Make the home folder, for its owner alone; refuse one that anybody can write to."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = root.stat().st_mode
    except OSError as error:
        raise CatalogReadOnly(
            f"The folder {root} cannot be used: {error.strerror or error}.",
            hint="Set LORADEX_HOME to a folder of yours.",
        ) from error
    if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
        raise CatalogError(
            f"Anybody on this machine can write to {root}.",
            hint=f"Run `chmod o-w {root}`, or set LORADEX_HOME to a folder of yours.",
        )


def _upgrade(path: Path) -> None:
    from alembic import command  # noqa: PLC0415 - slow to import, and needed once per upgrade
    from alembic.config import Config  # noqa: PLC0415

    from loradex.catalog.engine import open_engine, transaction  # noqa: PLC0415

    _switch_to_wal(path)
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()).replace("%", "%%"))
    # Foreign keys are off: SQLite's way to change a table would delete children on cascade.
    with transaction(open_engine(path, foreign_keys=False)) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchone()
        if broken is not None:
            raise CatalogDamaged(
                f"The catalog {path} has a dangling row in {broken[0]} and was not upgraded.",
                hint="It was left as it is; please report this.",
            )


def _switch_to_wal(path: Path) -> None:
    """Let readers and one writer work side by side. Two processes may race for it."""
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_TIMEOUT_MS / 1000)) as connection:
            deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
            while True:
                try:
                    connection.execute("PRAGMA journal_mode = WAL")
                    return
                except sqlite3.OperationalError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.05)
    except sqlite3.Error as error:
        raise translate(error, path) from error


def migrations_folder() -> Path:
    """Return where the migration scripts lie: inside the package, or in a checkout beside it."""
    package = Path(str(resources.files("loradex")))
    installed = package / "_migrations"
    return installed if installed.is_dir() else package.parent.parent / "migrations"
