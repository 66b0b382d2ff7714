"""The schema: one truth for both doors, and upgrades that are all or nothing."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from catalog_kit import add_library, look
from loradex.catalog.catalog import Catalog
from loradex.catalog.engine import open_engine
from loradex.catalog.schema import REVISIONS, schema_revision
from loradex.catalog.tables import metadata
from loradex.catalog.upgrade import ensure_current, migrations_folder
from loradex.errors import CatalogBusy, CatalogDamaged, CatalogError, CatalogTooNew
from loradex.paths import Home


def test_the_known_revisions_are_those_of_the_scripts() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    scripts = [s.revision for s in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(scripts)) == REVISIONS


def test_the_migrations_make_what_the_tables_declare(home: Home) -> None:
    ensure_current(home)
    with open_engine(home.catalog).connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": lambda _o, name, kind, _r, _c: "_fts" not in (name or "")},
        )
        assert compare_metadata(context, metadata) == []


def test_the_reading_door_speaks_of_tables_that_exist(home: Home) -> None:
    ensure_current(home)
    folder = Path(sys.modules["loradex.catalog"].__path__[0])
    text = "\n".join(path.read_text() for path in folder.glob("*.py"))
    named = set(re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE) ([a-z_]+)\b", text))
    named -= set(re.findall(r"\bWITH ([a-z_]+)(?:\([a-z_, ]+\))? AS\b", text))
    with closing(sqlite3.connect(home.catalog)) as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert named - tables - {"json_each", "sqlite_master"} == set()


def test_a_new_catalog_is_in_wal_mode_and_current(home: Home) -> None:
    Catalog.open(home).close()
    assert schema_revision(home.catalog) == REVISIONS[-1]
    with closing(sqlite3.connect(home.catalog)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_newer_catalog_is_left_alone(home: Home) -> None:
    Catalog.open(home).close()
    with closing(sqlite3.connect(home.catalog)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = home.catalog.read_bytes()
    with pytest.raises(CatalogTooNew, match="newer loradex"):
        Catalog.open(home)
    assert home.catalog.read_bytes() == before


@pytest.mark.parametrize("content", [b"this is no database at all" * 100, b"\x00" * 8192])
def test_a_damaged_catalog_is_left_alone(home: Home, content: bytes) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    home.catalog.write_bytes(content)
    with pytest.raises(CatalogDamaged) as damaged:
        Catalog.open(home)
    assert home.catalog.read_bytes() == content
    assert "no copy of it was found" in str(damaged.value.hint)
    home.backups.mkdir(exist_ok=True)
    (home.backups / "catalog-0001-20250101-000000.db").write_bytes(b"a copy")
    with pytest.raises(CatalogDamaged) as damaged:
        Catalog.open(home)
    assert f"copies of the catalog lie in {home.backups}" in str(damaged.value.hint)


def test_another_programs_database_is_left_alone(home: Home) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(home.catalog)) as connection:
        connection.execute("CREATE TABLE theirs(x)")
    with pytest.raises(CatalogDamaged, match="not a loradex catalog"):
        Catalog.open(home)


def test_an_upgrade_backs_up_first_and_keeps_everything(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later revision is made up here, since there is only one yet."""
    with Catalog.open(home) as catalog:
        catalog.looks.record(add_library(catalog), [look("a.safetensors", 1)], "1")
        catalog.person.add_tags([1], ["mine"])
    scripts = _with_next_revision(
        tmp_path, "op.add_column('tag', sa.Column('colour', sa.String()))"
    )
    monkeypatch.setattr("loradex.catalog.upgrade.migrations_folder", lambda: scripts)
    monkeypatch.setattr("loradex.catalog.upgrade.REVISIONS", (*REVISIONS, "next"))
    ensure_current(home)
    assert schema_revision(home.catalog) == "next"
    (backup,) = home.backups.glob("catalog-*.db")
    assert schema_revision(backup) == REVISIONS[-1]
    with closing(sqlite3.connect(home.catalog)) as connection:
        assert connection.execute("SELECT name, colour FROM tag").fetchall() == [("mine", None)]


def test_a_failing_upgrade_changes_nothing(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Catalog.open(home).close()
    scripts = _with_next_revision(
        tmp_path, "op.execute('ALTER TABLE tag ADD COLUMN x'); op.execute('SELECT nonsense(')"
    )
    monkeypatch.setattr("loradex.catalog.upgrade.migrations_folder", lambda: scripts)
    monkeypatch.setattr("loradex.catalog.upgrade.REVISIONS", (*REVISIONS, "next"))
    with pytest.raises(CatalogError):
        ensure_current(home)
    assert schema_revision(home.catalog) == REVISIONS[-1]
    with closing(sqlite3.connect(home.catalog)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(tag)")]
    assert columns == ["id", "name", "folded"]


def _with_next_revision(tmp_path: Path, body: str) -> Path:
    scripts = tmp_path / "migrations"
    shutil.copytree(migrations_folder(), scripts)
    (scripts / "versions" / "next_one.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\n"
        f"revision = 'next'\ndown_revision = {REVISIONS[-1]!r}\n"
        f"def upgrade():\n    {body}\n"
    )
    return scripts


def test_a_world_writable_home_is_refused(home: Home) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    home.root.chmod(0o777)
    with pytest.raises(CatalogError, match="write to"):
        Catalog.open(home)
    home.root.chmod(0o700)


def test_a_locked_catalog_is_said_in_one_sentence(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loradex.catalog.engine.BUSY_TIMEOUT_MS", 50)
    with Catalog.open(home) as catalog, closing(sqlite3.connect(home.catalog)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CatalogBusy, match="held by another loradex"):
            add_library(catalog)
        assert catalog.search("").total == 0  # reading goes on


_CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, {kit!r})
from catalog_kit import look
from loradex.catalog.catalog import Catalog
from loradex.paths import Home
start = int(sys.argv[1])
with Catalog.open(Home(Path({home!r}))) as catalog:
    for n in range(start, start + 40):
        catalog.looks.record(1, [look(f"{{n}}.safetensors", n)], "1")
        catalog.person.add_tags([1], [f"tag{{n}}"])
"""


def test_several_processes_write_at_once(home: Home) -> None:
    with Catalog.open(home) as catalog:
        add_library(catalog)
        catalog.looks.record(1, [look("first.safetensors", 9_999)], "1")
    code = _CHILD.format(kit=str(Path(__file__).parent.parent), home=str(home.root))
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(start)], stderr=subprocess.PIPE)
        for start in (0, 40, 80)
    ]
    for child in children:
        _, errors = child.communicate(timeout=120)
        assert child.returncode == 0, errors.decode()
    with Catalog.open(home) as catalog:
        assert catalog.search("").total == 121
        assert len(catalog.rows([1])[0].tags) == 120


def test_two_first_starts_at_once(home: Home) -> None:
    code = f"from loradex.catalog.catalog import Catalog; from loradex.paths import Home;\
from pathlib import Path; Catalog.open(Home(Path({str(home.root)!r})))"
    children = [
        subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)
    ]
    for child in children:
        _, errors = child.communicate(timeout=120)
        assert child.returncode == 0, errors.decode()
    assert schema_revision(home.catalog) == REVISIONS[-1]


_WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {kit!r})
from catalog_kit import look
from loradex.catalog.catalog import Catalog
from loradex.paths import Home
with Catalog.open(Home(Path({home!r}))) as catalog:
    for n in range(1, 1_000_000):
        batch = [look(f"{{n}}-{{i}}.safetensors", n * 100 + i) for i in range(20)]
        catalog.looks.record(1, batch, "1")
"""


def test_killed_in_the_middle_of_writing(home: Home) -> None:
    """Committed batches stay whole, and the next process just goes on."""
    with Catalog.open(home) as catalog:
        add_library(catalog)
    code = _WRITER.format(kit=str(Path(__file__).parent.parent), home=str(home.root))
    process = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 60
    with Catalog.open(home) as catalog:
        while catalog.search("", limit=1).total < 60 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.kill()
        process.wait(60)
        total = catalog.search("", limit=1).total
        assert total >= 60
        assert total % 20 == 0
        assert len(catalog.files.known_files(1)) == total
        catalog.looks.record(1, [look("after.safetensors", 1)], "1")
        assert catalog.search("after").total == 1
