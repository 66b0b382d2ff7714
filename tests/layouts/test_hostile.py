"""Settings that are broken, huge or meant to harm end in a note, never in an error."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from layouts import trees
from loradex.operations.layouts.detecting import detect
from loradex.operations.layouts.reading import MAX_BYTES

LAUGHS = "a: &a {k: v}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join(['*' + before] * 9)}]}}\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
TAGS = "!!python/object/apply:os.system ['touch {mark}']\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (LAUGHS, "more YAML aliases"),
        (TAGS, "read safely"),
        ("a: [" * 3000, "read safely"),
        ("a: {" + "9" * 5000 + ": 1}", "read safely"),
        ("a: 0000-99-99", "read safely"),
        ("? [a, b]\n: c\n? {d: e}\n: f", "read safely"),
        ("- a\n- b\n", "not a YAML mapping"),
        ("\0\1\2", "read safely"),
        ("a: *nothing", "read safely"),
        ("x" * (MAX_BYTES + 1), "too many for settings"),
        ("a:\n  loras: \"/x\\0y\"\n", "not there: /x\\x00y"),
        ("a:\n  base_path: \"\\e]0;owned\\a\"\n  loras: b\n", "not there: \\x1b]0;owned"),
        ("a:\n  loras: \"\\uD800\"\n", "names a folder that is not there"),
        ("a:\n  loras: [1, 2]\n  vae: {b: c}\n  unet: 7\nb: text\n7: 8\n", None),
    ],
)  # fmt: skip
def test_a_path_file_that_means_harm(tmp_path: Path, content: str, said: str | None) -> None:
    mark = tmp_path / "mark"
    top = trees.comfyui(tmp_path / "ComfyUI")
    trees.write(top / "extra_model_paths.yaml", content.replace("{mark}", str(mark)))
    told = detect(top)
    assert told is not None
    assert len(told.roots) == 1
    assert not mark.exists()
    if said is None:
        assert told.notes == ()
    else:
        (note,) = told.notes
        assert said in note
        assert note.isprintable()


@pytest.mark.parametrize("content", ["", "[1]", "{", "[" * 100_000, '{"a":' + "9" * 5000 + "}"])
def test_json_settings_that_cannot_be_read(tmp_path: Path, content: str) -> None:
    top = trees.sdnext(tmp_path / "sdnext")
    trees.write(top / "config.json", content)
    told = detect(top)
    assert told is not None
    assert [root.path.name for root in told.roots] == ["models"]
    assert "config.json" in told.notes[0]


def test_settings_that_are_no_files(tmp_path: Path) -> None:
    top = trees.comfyui(tmp_path / "ComfyUI")
    os.mkfifo(top / "extra_model_paths.yaml")
    trees.tree(top, "extra_model_paths.yml/")
    (top / "extra_models_config.yaml").symlink_to("extra_models_config.yaml")
    told = detect(top)
    assert told is not None
    assert len(told.notes) == 3


@pytest.mark.parametrize("damage", ["text", "cut", "empty", "other tables", "blob"])
def test_a_database_that_is_none(tmp_path: Path, damage: str) -> None:
    top = trees.invokeai(tmp_path / "invokeai", [{"path": "/x/y"}])
    database = top / "databases/invokeai.db"
    if damage == "text":
        database.write_text("not a database" * 100)
    elif damage == "cut":
        database.write_bytes(database.read_bytes()[:5000])
    elif damage == "empty":
        database.write_bytes(b"")
    else:
        with sqlite3.connect(database) as connection:
            if damage == "blob":
                connection.execute("UPDATE models SET config = x'ff00'")
            else:
                connection.execute("ALTER TABLE models RENAME COLUMN config TO other")
        connection.close()
    told = detect(top)
    assert told is not None
    assert len(told.roots) == 1
    assert all(note.isprintable() for note in told.notes)
    assert bool(told.notes) is (damage in {"text", "cut", "other tables"})


def test_a_database_in_use_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    trees.tree(tmp_path, "loras/x.safetensors")
    top = trees.invokeai(tmp_path / "invokeai")
    connection = sqlite3.connect(top / "databases/invokeai.db")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(
        "INSERT INTO models VALUES ('a', ?)", (f'{{"path": "{tmp_path}/loras/x.safetensors"}}',)
    )
    connection.commit()
    before = {path.name: path.stat().st_size for path in (top / "databases").iterdir()}
    told = detect(top)
    assert told is not None
    assert [root.path.name for root in told.roots] == ["models", "loras"]
    assert {path.name: path.stat().st_size for path in (top / "databases").iterdir()} == before
    connection.close()


def test_a_web_ui_below_a_loop_of_links(tmp_path: Path) -> None:
    top = trees.web_ui(tmp_path / "webui")
    (top / "models/Lora/again").symlink_to(top)
    trees.write(top / "webui-user.sh", f"ARGS='--lora-dir {top}/models/Lora/again/models/Lora'\n")
    told = detect(top / "models/Lora/again")
    assert told is not None
    assert [root.path for root in told.roots] == [top]
