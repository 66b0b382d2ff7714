"""Catalogs of revision 0003, whose grids all were LoRAs x prompts x seeds x strengths."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import product
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext

from grid_kit import (
    SEEDS,
    STRENGTHS,
    axis,
    plan_of,
    spec_of,
)
from loradex.catalog.catalog import Catalog
from loradex.catalog.engine import open_engine, transaction
from loradex.catalog.grid_record import flat_place
from loradex.catalog.schema import schema_revision
from loradex.catalog.tables import metadata
from loradex.catalog.upgrade import ensure_current, migrations_folder
from loradex.domain.axes import AxisKind
from loradex.domain.grid import (
    GridModel,
    Layout,
)
from loradex.paths import Home

OLD_SPEC: dict[str, Any] = {
    "checkpoint": {"content_id": 1, "name": "model 1", "path": "/models/1", "digest": "1" * 64,
                   "base": "sdxl", "trigger_words": []},
    "loras": [
        {"content_id": 2, "name": "model 2", "path": "/models/2", "digest": "2" * 64,
         "base": "sdxl", "trigger_words": ["a word"]},
        {"content_id": 3, "name": "model 3", "path": "/models/3", "digest": "3" * 64,
         "base": None, "trigger_words": []},
    ],
    "strengths": [0.5, 0, 1.0], "prompts": ["a fox", "ü" * 100], "seeds": [7, 8],
    "negative_prompt": "blurry",
    "settings": {"width": 640, "height": 512, "num_inference_steps": 4, "guidance_scale": 3.5,
                 "sampler": "Euler a", "clip_skip": 2, "dtype": "auto", "device": "cpu"},
    "title": "an old grid",
}  # fmt: skip


@contextmanager
def alembic_on(home: Home) -> Iterator[Config]:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    with transaction(open_engine(home.catalog, foreign_keys=False)) as connection:
        config.attributes["connection"] = connection
        yield config


def old_catalog(home: Home, specs: Mapping[int, object]) -> list[tuple[object, ...]]:
    """Make a catalog of revision 0003 with these grids; return its cells."""
    home.root.mkdir(parents=True, exist_ok=True)
    with alembic_on(home) as config:
        command.upgrade(config, "0003")
    cells = []
    with closing(sqlite3.connect(home.catalog)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        content = [row for row in connection.execute("PRAGMA table_info(content)") if row[3]]
        for id_ in (1, 2, 3):
            values = {row[1]: "[]" if row[2].startswith("VARCHAR") else 0 for row in content}
            values |= {"id": id_, "fingerprint": f"{id_:032x}", "name": f"model {id_}"}
            connection.execute(
                f"INSERT INTO content({','.join(values)}) VALUES ({','.join('?' * len(values))})",
                tuple(values.values()),
            )
        for grid_id, spec in specs.items():
            connection.execute(
                "INSERT INTO grid(id, title, spec, created_at, folder) VALUES (?, 'an old grid',"
                " ?, 5, '/g')",
                (grid_id, json.dumps(spec)),
            )
            connection.execute("INSERT INTO grid_model VALUES (?, 1, 'checkpoint')", (grid_id,))
            connection.execute("INSERT INTO grid_model VALUES (?, 2, 'lora')", (grid_id,))
            for lora, prompt, seed, strength in product(range(2), range(2), range(2), range(3)):
                key = old_key(lora, prompt, seed, strength)
                cells.append((len(cells) + 1, grid_id, lora, prompt, seed, strength, key))
        connection.executemany("INSERT INTO cell VALUES (?, ?, ?, ?, ?, ?, ?)", cells)
        connection.execute(
            "INSERT INTO render VALUES ('base-0-0', '/renders/b.png', 64, 64, 1, '', NULL, 5)"
        )
        connection.execute(
            "INSERT INTO verdict(content_id, grid_id, verdict, numbers, created_at)"
            " VALUES (2, 1, 'works', '{}', 5)"
        )
        connection.commit()
    return cells  # type: ignore[return-value]


def old_key(lora: int, prompt: int, seed: int, strength: int) -> str:
    return f"base-{prompt}-{seed}" if strength == 1 else f"lora-{lora}-{prompt}-{seed}-{strength}"


def test_the_grids_of_an_older_catalog_stay(home: Home) -> None:
    old_catalog(home, {1: OLD_SPEC})
    with Catalog.open(home) as catalog:
        record = catalog.grids.grid(1)
        assert [(axis.kind, axis.texts) for axis in record.axes] == [
            (AxisKind.LORA, ("model 2", "model 3")),
            (AxisKind.PROMPT, ("a fox", "ü" * 100)),
            (AxisKind.SEED, ("7", "8")),
            (AxisKind.STRENGTH, ("0.5", "0", "1")),
        ]
        assert record.axes[1].labels == ("a fox", "ü" * 59 + "…")
        assert record.layout == Layout(x=(3,), y=(1, 2), pages=(0,))
        assert (record.checkpoint, record.loras) == ("model 1", ("model 2", "model 3"))
        assert (record.cells_total, record.cells_done) == (4 + 2 * 8, 1)
        assert record.settings.sampler == "Euler a"
        spec = catalog.grids.spec(1)
        assert spec.base.negative_prompt == "blurry"
        assert spec.base.trigger is False
        assert spec.axes[0].values[0].value == GridModel(
            2, "model 2", "/models/2", "2" * 64, "sdxl", ("a word",)
        )
        cells = catalog.grids.cells(1)
        assert [cell.at for cell in cells] == list(product(range(2), range(2), range(2), range(3)))
        shown = {cell.at: (cell.path, cell.base_path) for cell in cells if cell.at[1:3] == (0, 0)}
        assert shown == {
            (lora, 0, 0, strength): ("/renders/b.png", None)
            if strength == 1
            else (None, "/renders/b.png")
            for lora in range(2)
            for strength in range(3)
        }
        assert catalog.details(2).grids == (1,)
    with closing(sqlite3.connect(home.catalog)) as connection:
        keys = dict(connection.execute("SELECT place, key FROM cell"))
        assert keys[flat_place((1, 0, 1, 2), (2, 2, 2, 3))] == old_key(1, 0, 1, 2)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("SELECT grid_id FROM verdict").fetchall() == [(1,)]


@pytest.mark.parametrize(
    "broken",
    [{}, [], {**OLD_SPEC, "seeds": None}, {**OLD_SPEC, "prompts": []}, {**OLD_SPEC, "loras": [1]}],
)
def test_an_old_grid_that_cannot_be_read_stops_no_upgrade(home: Home, broken: object) -> None:
    old_catalog(home, {1: broken, 2: OLD_SPEC})
    with Catalog.open(home) as catalog:
        assert [(grid.id, grid.cells_total) for grid in catalog.grids.grids()] == [(2, 20), (1, 0)]


def test_an_old_grid_without_strength_0_has_no_base_pictures(home: Home) -> None:
    old_catalog(home, {1: {**OLD_SPEC, "strengths": [0.5, 0.8, 1]}})
    with Catalog.open(home) as catalog:
        assert {cell.base_path for cell in catalog.grids.cells(1)} == {None}


def declared(home: Home) -> list[object]:
    """Return how the catalog differs from what the tables declare."""
    with open_engine(home.catalog).connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": lambda _o, name, kind, _r, _c: "_fts" not in (name or "")},
        )
        return list(compare_metadata(context, metadata))


def test_there_and_back(home: Home) -> None:
    cells = old_catalog(home, {1: OLD_SPEC, 2: {**OLD_SPEC, "strengths": [1, 0.0, 0.5]}})
    with closing(sqlite3.connect(home.catalog)) as connection:
        schema = schema_of(connection)
    ensure_current(home)
    assert declared(home) == []
    with Catalog.open(home) as catalog:
        other = catalog.grids.add(plan_of(spec_of(axis(AxisKind.STEPS, 4, 8))), "/g")
        few = catalog.grids.add(plan_of(spec_of(STRENGTHS, SEEDS)), "/g")
    with alembic_on(home) as config:
        command.downgrade(config, "0003")
    assert schema_revision(home.catalog) == "0003"
    with closing(sqlite3.connect(home.catalog)) as connection:
        assert schema_of(connection) == schema
        told = dict(connection.execute("SELECT id, spec FROM grid"))
        assert json.loads(told[1]) == OLD_SPEC
        assert other not in told, "the older schema has no word for steps"
        assert json.loads(told[few])["seeds"] == [1, 2]
        kept = connection.execute("SELECT * FROM cell WHERE grid_id < 3 ORDER BY id").fetchall()
        assert kept == cells
        assert connection.execute(
            "SELECT lora, prompt, seed, strength, key FROM cell WHERE grid_id = ? ORDER BY id",
            (few,),
        ).fetchall() == [
            (0, 0, seed, strength, f"cell-{strength}-{seed}")
            for strength, seed in product(range(3), range(2))
        ]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    ensure_current(home)
    assert declared(home) == []
    with Catalog.open(home) as catalog:
        assert len(catalog.grids.cells(1)) == 24


def schema_of(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """Return the columns and indexes of the tables of grids."""
    return connection.execute(
        'SELECT m.name, group_concat(c.name || c.type || c."notnull") FROM sqlite_master AS m'
        " LEFT JOIN pragma_table_info(m.name) AS c WHERE m.tbl_name IN ('grid', 'cell',"
        " 'grid_model', 'render', 'verdict') OR m.name LIKE 'cell%' GROUP BY m.name ORDER BY 1"
    ).fetchall()
