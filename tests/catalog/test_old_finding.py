"""Catalogs of revision 0004 get what searches read, just as a scan of today would write it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from loradex.catalog.catalog import Catalog
from loradex.catalog.engine import open_engine
from loradex.catalog.upgrade import migrations_folder
from loradex.paths import Home

HEADER = json.dumps(
    {"ss_output_name": "out", "ss_training_finished_at": "1700000000.5", "ss_network_alpha": "8"}
)
READ = (
    "SELECT id, sort_name FROM content ORDER BY 1",
    "SELECT content_id, root, path, folder.folded, name FROM content_place"
    " JOIN folder ON folder.id = folder_id ORDER BY 1",
    "SELECT rowid, name, file FROM content_fts_parts ORDER BY 1",
    "SELECT rowid, about FROM content_fts_about ORDER BY 1",
    "SELECT content_id, title, author, trained_at, alpha FROM training ORDER BY 1",
)


def move(path: Path, revision: str, *, up: bool = True) -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    engine = open_engine(path, foreign_keys=False)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.upgrade if up else command.downgrade)(config, revision)
    engine.dispose()


@pytest.fixture
def old(home: Home) -> Home:
    home.root.mkdir(parents=True, exist_ok=True)
    move(home.catalog, "0004")
    with closing(sqlite3.connect(home.catalog)) as database:
        run = database.execute
        run(
            "INSERT INTO library(id, name, root, raw_root, layout, ignore, folders, arrivals,"
            " online, added_at)"
            " VALUES (1, 'main', '/models', x'2f6d', 'plain', '[]', '{}', '{}', 1, 1)"
        )
        for id_, path in enumerate(("loras/Ä/Ångström.safetensors", "neon.safetensors"), 1):
            name = Path(path).stem
            run(
                "INSERT INTO content(id, fingerprint, size, format, added_at, identified_by, dora,"
                " parts, candidates, partial, broken, confidence, name, file_name, kind, state,"
                " path, copies, tags, words, favourite, matched)"
                " VALUES (?1, ?1, 1, 'safetensors', 1, '1', 0, '[]', '[]', 0, 0, 1, ?2, ?2 ||"
                " '.safetensors', 'lora', 'present', '/models/' || ?3, 1, '[]', '[]', 0, 0)",
                (id_, name, path),
            )
            run(
                "INSERT INTO file(library_id, raw_path, path, size, mtime_ns, device, inode, state,"
                " content_id, first_seen, last_seen)"
                " VALUES (1, ?1, ?1, 1, 1, 1, ?2, 'present', ?2, 1, 1)",
                (path, id_),
            )
            run("INSERT INTO content_header VALUES (?, ?, '[]', 0, 0, '[]')", (id_, HEADER))
            run("INSERT INTO content_fts_parts(rowid, name, path) VALUES (?, ?, '')", (id_, name))
            run(
                "INSERT INTO hub_model(hub, id, name, type, description, tags, content_level,"
                " licence, fetched_at, raw) VALUES"
                " ('civitai', ?, 'M', 'LORA', '<p>A &amp; knight</p>', '[]', 1, '{}', 1, x'')",
                (id_,),
            )
            run(
                "INSERT INTO hub_version(hub, id, model_id, name, base_model, trained_words,"
                " content_level, paid, fetched_at, raw)"
                " VALUES ('civitai', ?1, ?1, 'v1', 'SDXL', '[]', 1, 0, 1, x'')",
                (id_,),
            )
            run(
                "INSERT INTO match(content_id, hub, version_id, model_id, matched_by, confidence,"
                " matched_at) VALUES (?1, 'civitai', ?1, ?1, 'sha256', 1, 1)",
                (id_,),
            )
        database.commit()
    return home


def read(home: Home) -> list[list[tuple[object, ...]]]:
    with closing(sqlite3.connect(home.catalog)) as database:
        return [database.execute(sql).fetchall() for sql in READ]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("angstrom", [1]), ("folder:a", [1]), ("path:a/ang", [1]), ("description:knight", [1, 2]),
        ("title:out", [1, 2]), ("trained:2023", [1, 2]), ("alpha:8", [1, 2]), ("name:gst", [1]),
    ],
)  # fmt: skip
def test_what_an_old_catalog_held_is_found(old: Home, query: str, ids: list[int]) -> None:
    move(old.catalog, "head")
    with Catalog.open(old) as catalog:
        assert catalog.ids(query) == ids


def test_nothing_is_left_for_the_next_edit_to_change(old: Home) -> None:
    move(old.catalog, "head")
    before = read(old)
    with Catalog.open(old) as catalog:
        catalog.person.set_rating([1, 2], 3)
    assert read(old) == before


def test_it_can_be_taken_back_and_done_again(old: Home) -> None:
    move(old.catalog, "0005")
    before = read(old)
    move(old.catalog, "0004", up=False)
    with closing(sqlite3.connect(old.catalog)) as database:
        names = {row[0] for row in database.execute("SELECT name FROM sqlite_master")}
    assert not names & {"folder", "content_place", "training", "ix_content_filters"}
    move(old.catalog, "0005")
    assert read(old) == before
