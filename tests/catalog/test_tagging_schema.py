"""An older catalog's tags come along: spellings become one, suggestions become the rules'."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from catalog_kit import add_library, look
from loradex.catalog.catalog import Catalog
from loradex.catalog.engine import open_engine
from loradex.catalog.upgrade import migrations_folder
from loradex.paths import Home


def _go(home: Home, revision: str, step: str = "upgrade") -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    engine = open_engine(home.catalog, foreign_keys=False)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        (command.upgrade if step == "upgrade" else command.downgrade)(config, revision)
    engine.dispose()


@pytest.fixture
def old(home: Home) -> Home:
    """A catalog of revision 0005 with spellings of one tag, some of them taken off."""
    with Catalog.open(home) as catalog:
        looks = [look(f"{name}.safetensors", n) for n, name in enumerate("abcd", 1)]
        catalog.looks.record(add_library(catalog), looks, "1")
    _go(home, "0005", "downgrade")
    with closing(sqlite3.connect(home.catalog)) as connection:
        connection.executescript(
            """
            INSERT INTO tag(id, name, folded) VALUES
              (1, 'line art', 'line art'), (2, 'Line_Art', 'line_art'), (3, 'Neon', 'neon');
            INSERT INTO content_tag(content_id, tag_id, source, removed, confidence, detail,
              added_at) VALUES
              (1, 1, 'hub', 0, 1, '', 1), (1, 2, 'person', 0, 1, '', 5),
              (2, 2, 'person', 1, 1, '', 5), (2, 1, 'person', 0, 1, '', 9),
              (3, 1, 'person', 0, 1, '', 5), (3, 2, 'person', 1, 1, '', 9),
              (4, 3, 'file name', 0, 1, 'filename_tags: why', 1);
            """
        )
        connection.commit()
    return home


def test_tags_of_an_older_catalog(old: Home) -> None:
    _go(old, "head")
    with Catalog.open(old) as catalog:
        assert catalog.tags.names() == ["Neon", "line art"]
        shown = [[tag.name for tag in catalog.details(id_).tags] for id_ in (1, 2, 3, 4)]
        assert shown == [["line art"], ["line art"], [], ["Neon"]]
        assert catalog.ids("tag:line_art sort:path") == [1, 2]
        (tag,) = catalog.details(4).tags
        assert (tag.source, tag.rule) == ("auto", "filename_tags")
        assert [row.tags for row in catalog.rows([1, 3])] == [("line art",), ()]


def test_back_and_forth(old: Home) -> None:
    _go(old, "head")
    with Catalog.open(old) as catalog:
        catalog.preferences.set([1], {"strength": 0.5})
        catalog.tags.add_alias("bg", "background")
    _go(old, "0005", "downgrade")
    with closing(sqlite3.connect(Path(old.catalog))) as connection:
        sources = connection.execute("SELECT DISTINCT source FROM content_tag").fetchall()
        assert {source for (source,) in sources} == {"hub", "person", "file name"}
    _go(old, "head")
    with Catalog.open(old) as catalog:
        assert catalog.details(4).tags[0].name == "Neon"
