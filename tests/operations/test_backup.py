"""Copies of the catalog: whole while others write, checked, never half restored."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from catalog_kit import add_library, look
from loradex.catalog.catalog import Catalog
from loradex.catalog.copies import copy_catalog, fault_in
from loradex.catalog.restoring import Present
from loradex.catalog.schema import REVISIONS
from loradex.errors import (
    CatalogBusy,
    CatalogDamaged,
    CatalogError,
    CatalogTooNew,
    LoradexError,
    UsageError,
)
from loradex.operations.backup import DAILY_KEPT, Occasion, back_up, keep_daily, list_backups
from loradex.operations.restoring import LATEST, restoration
from loradex.paths import Home


@pytest.fixture
def filled(home: Home) -> Home:
    """A catalog of one model with a tag and a note."""
    with Catalog.open(home) as catalog:
        catalog.looks.record(add_library(catalog), [look("a.safetensors", 1)], "1")
        catalog.person.add_tags([1], ["first"])
        catalog.person.set_note(1, "a note")
    return home


def tags_of(home: Home) -> list[str]:
    with Catalog.open(home) as catalog:
        return [tag.name for tag in catalog.details(1).tags]


def note_in(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT note FROM annotation").fetchone()[0])


def restore(home: Home, which: str | Path) -> Path | None:
    with restoration(home, str(which)) as work:
        return work.carry_out()


def damage(path: Path) -> None:
    """Overwrite some pages in the middle."""
    with path.open("r+b") as file:
        file.seek(4096 * 10)
        file.write(os.urandom(4096 * 6))


@pytest.mark.parametrize("compress", [False, True])
def test_a_copy_brings_everything_back(filled: Home, compress: bool) -> None:
    made = back_up(filled, compress=compress)
    assert made.parent == filled.backups
    with Catalog.open(filled) as catalog:
        catalog.person.add_tags([1], ["second"])
        catalog.person.set_note(1, "another note")
    with restoration(filled, LATEST) as work:
        assert (work.lost.tags, work.lost.notes, work.lost.models) == (1, 1, 0)
        assert (work.facts.tags, work.facts.notes) == (1, 1)
        kept = work.carry_out()
    assert tags_of(filled) == ["first"]
    assert kept is not None
    restore(filled, kept)  # and the restore is taken back
    assert tags_of(filled) == ["first", "second"]
    with Catalog.open(filled) as catalog:
        assert catalog.details(1).note == "another note"


def test_a_copy_is_one_state_while_others_write(filled: Home, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        with Catalog.open(filled) as catalog:
            number = 0
            while not stop.is_set():
                number += 1
                catalog.person.add_tags([1], [f"t{number}a", f"t{number}b"])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            copy_catalog(filled.catalog, tmp_path / f"{number}.db")
            time.sleep(0.02)
    finally:
        stop.set()
        writer.join()
    for number in range(5):
        path = tmp_path / f"{number}.db"
        assert fault_in(path, thorough=True) is None
        with closing(sqlite3.connect(path)) as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM tag WHERE name LIKE 't%'"
            ).fetchone()
        assert count % 2 == 0


def test_a_copy_is_one_private_file(filled: Home) -> None:
    made = back_up(filled)
    assert made.stat().st_mode & 0o777 == 0o600
    assert list(filled.backups.iterdir()) == [made]


def test_nothing_is_ever_replaced(filled: Home, tmp_path: Path) -> None:
    target = tmp_path / "mine.db"
    target.write_text("mine")
    with pytest.raises(CatalogError, match="already"):
        back_up(filled, target)
    assert target.read_text() == "mine"
    assert back_up(filled, tmp_path).parent == tmp_path
    assert back_up(filled, tmp_path / "packed.db.gz").read_bytes()[:2] == b"\x1f\x8b"


def test_wrong_uses_of_a_name_are_refused(filled: Home, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--keep"):
        back_up(filled, tmp_path / "a.db", keep=1)
    with pytest.raises(UsageError, match="compressed"):
        back_up(filled, tmp_path / "a.db", compress=True)


def test_old_copies_go_when_a_new_one_is_there(filled: Home) -> None:
    filled.backups.mkdir()
    upgrade = filled.backups / "catalog-0003-20250101-000000.db"
    stranger = filled.backups / "my own.db"
    for path in (upgrade, stranger):
        path.write_bytes(b"")
    for number in range(4):
        with Catalog.open(filled) as catalog:
            catalog.person.set_note(1, f"note {number}")
        back_up(filled, keep=2)
    mine = [b.path for b in list_backups(filled) if b.occasion is Occasion.ASKED]
    assert [note_in(path) for path in mine] == ["note 3", "note 2"]
    assert upgrade.exists()
    assert stranger.exists()


def test_a_damaged_catalog_drives_out_no_good_copy(filled: Home) -> None:
    good = back_up(filled, keep=1)
    damage(filled.catalog)
    with pytest.raises(CatalogDamaged, match="restore latest"):
        back_up(filled, keep=1)
    assert list(filled.backups.iterdir()) == [good]


def test_one_copy_a_day_is_made_without_asking(filled: Home) -> None:
    assert keep_daily(filled) is not None
    assert keep_daily(filled) is None
    for day in range(1, 6):
        old = filled.backups / f"catalog-daily-2025010{day}-000000.db"
        shutil.copy(filled.catalog, old)
    for path in filled.backups.glob("catalog-daily-2026*"):
        path.unlink()
    assert keep_daily(filled) is not None
    kept = [b for b in list_backups(filled) if b.occasion is Occasion.DAILY]
    assert len(kept) == DAILY_KEPT


def test_the_latest_healthy_copy_is_found(filled: Home) -> None:
    good = back_up(filled)
    bad = filled.backups / "catalog-20990101-000000.db"
    bad.write_bytes(b"not a database at all" * 500)
    with restoration(filled, LATEST) as work:
        assert (work.copy, work.skipped) == (good, (bad,))


def test_a_damaged_catalog_is_set_aside_and_replaced(filled: Home) -> None:
    back_up(filled)
    damage(filled.catalog)
    bytes_before = filled.catalog.read_bytes()
    with restoration(filled, LATEST) as work:
        assert work.present is Present.DAMAGED
        kept = work.carry_out()
    assert kept is not None
    assert kept.read_bytes() == bytes_before
    assert tags_of(filled) == ["first"]
    with closing(sqlite3.connect(filled.catalog)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


@pytest.mark.parametrize("garbage", [b"\x00" * 8192, b"no database" * 1000, b"short"])
def test_anything_in_the_place_of_a_catalog_is_replaced(filled: Home, garbage: bytes) -> None:
    back_up(filled)
    filled.catalog.write_bytes(garbage)
    # A log of the former catalog must not be played into the new one.
    filled.catalog.with_name("catalog.db-wal").write_bytes(os.urandom(5000))
    restore(filled, LATEST)
    assert tags_of(filled) == ["first"]
    assert not filled.catalog.with_name("catalog.db-wal").exists() or tags_of(filled) == ["first"]


def test_a_home_without_a_catalog_gets_one(filled: Home, tmp_path: Path) -> None:
    made = back_up(filled, tmp_path / "copy.db")
    other = Home(tmp_path / "new home")
    assert restore(other, made) is None
    assert tags_of(other) == ["first"]


def test_an_older_copy_is_upgraded(filled: Home, tmp_path: Path) -> None:
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    from loradex.catalog.engine import open_engine, transaction  # noqa: PLC0415
    from loradex.catalog.upgrade import migrations_folder  # noqa: PLC0415

    made = back_up(filled, tmp_path / "copy.db")
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    with transaction(open_engine(made, foreign_keys=False)) as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
    with restoration(filled, str(made)) as work:
        assert work.facts.revision == "0004"
        work.carry_out()
    with closing(sqlite3.connect(filled.catalog)) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row[0] == REVISIONS[-1]
    assert tags_of(filled) == ["first"]


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def other_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE mine(x)")


def cut_short(path: Path) -> None:
    packed = gzip.compress(path.read_bytes())
    path.write_bytes(packed[: len(packed) // 2])


@pytest.mark.parametrize(
    ("spoil", "error", "words"),
    [
        (newer, CatalogTooNew, "newer loradex"),
        (other_database, CatalogDamaged, "not a copy of a loradex catalog"),
        (cut_short, CatalogDamaged, "cannot be unpacked"),
        (damage, CatalogDamaged, "damaged"),
        (lambda path: path.write_bytes(b"hello"), CatalogDamaged, "not a copy of a catalog"),
        (lambda path: path.write_bytes(b""), CatalogDamaged, "not a copy"),
    ],
)
def test_what_is_no_good_copy_is_refused(
    filled: Home, tmp_path: Path, spoil: Callable[[Path], None], error: type, words: str
) -> None:
    made = back_up(filled, tmp_path / "copy.db")
    spoil(made)
    before = filled.catalog.read_bytes()
    with pytest.raises(error, match=words):
        restore(filled, made)
    assert filled.catalog.read_bytes() == before
    assert list(filled.root.glob(".restoring*")) == []


def test_it_waits_for_nobody_who_has_the_catalog_open(filled: Home) -> None:
    made = back_up(filled)
    code = (
        "import sys, time\nfrom loradex.catalog.catalog import Catalog\n"
        "from loradex.paths import default_home\n"
        "catalog = Catalog.open(default_home()); catalog.search('')\n"
        "print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        try:
            with pytest.raises(CatalogBusy, match="open"):
                restore(filled, made)
        finally:
            other.communicate()
    restore(filled, made)
    assert [b.occasion for b in list_backups(filled)].count(Occasion.RESTORE) == 1


def test_a_full_disk_leaves_the_catalog_as_it_is(filled: Home, tmp_path: Path) -> None:
    made = back_up(filled, tmp_path / "copy.db")
    with Catalog.open(filled) as catalog:
        catalog.person.add_tags([1], ["second"])
    code = (
        "import resource, signal, sys\nfrom pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "from loradex.cli.main import main\n"
        "sys.argv = ['loradex', *sys.argv[1:]]\nmain()"
    )
    for arguments in (["backup"], ["backup", str(tmp_path / "x.db.gz")], ["restore", str(made)]):
        ended = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 1, ended
        assert "Traceback" not in ended.stderr
        assert ended.stderr.startswith("Error: ")
    assert tags_of(filled) == ["first", "second"]
    assert list_backups(filled) == []
    assert [path.name for path in filled.root.glob(".*")] == []


KILLED = """
import os, signal, sys
from loradex.catalog import restoring
from loradex.operations.restoring import restoration
from loradex.paths import default_home

left = int(sys.argv[1])
def killer(frame, event, argument):
    global left
    name = frame.f_code.co_filename
    if not name.endswith(("catalog/restoring.py", "catalog/copies.py")):
        return
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
with restoration(default_home(), sys.argv[2]) as work:
    sys.setprofile(killer)
    work.carry_out()
"""


@pytest.mark.parametrize("damaged", [False, True])
def test_no_kill_leaves_half_a_catalog(filled: Home, tmp_path: Path, damaged: bool) -> None:
    made = back_up(filled, tmp_path / "copy.db")
    with Catalog.open(filled) as catalog:
        catalog.person.add_tags([1], ["second"])
    if damaged:
        damage(filled.catalog)
    start = tmp_path / "start.db"
    shutil.copy(filled.catalog, start)
    states = set()
    step = 11
    for at in range(3, 200, step):
        for leftover in filled.root.glob("*catalog.db*"):
            leftover.unlink()
        shutil.copy(start, filled.catalog)
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, str(at), str(made)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode in (0, -signal.SIGKILL), ended.stderr
        if fault_in(filled.catalog, thorough=True) is None:
            states.add(tuple(tags_of(filled)))
        else:
            assert damaged
            restore(filled, made)  # a second try ends what was cut off
            assert tags_of(filled) == ["first"]
        if ended.returncode == 0:
            break
    assert ended.returncode == 0
    assert states == ({("first",)} if damaged else {("first",), ("first", "second")})


def test_a_home_that_cannot_be_written_says_so(filled: Home, tmp_path: Path) -> None:
    made = back_up(filled, tmp_path / "copy.db")
    blocked = Home(tmp_path / "file" / "home")
    (tmp_path / "file").write_text("")
    with pytest.raises(LoradexError, match="cannot be used"):
        restore(blocked, made)
    if os.geteuid() == 0:
        return  # no folder is closed to root
    filled.root.chmod(0o500)
    try:
        with pytest.raises(LoradexError, match=r"cannot be"):
            back_up(filled)
        with pytest.raises(LoradexError, match=r"cannot be"):
            restore(filled, made)
        assert back_up(filled, tmp_path / "elsewhere.db").exists()
    finally:
        filled.root.chmod(0o700)
