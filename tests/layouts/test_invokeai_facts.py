"""What InvokeAI knows of its models is kept, and never beats a person or the bytes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from files_kit import lora
from layouts import trees
from loradex.catalog.catalog import Catalog
from loradex.catalog.library_store import Told
from loradex.domain.evidence import Source
from loradex.domain.library import Library
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.layouts.facts import import_facts
from loradex.operations.libraries import add_library
from loradex.operations.scan import scan

ROW = {
    "path": "key/one.safetensors",
    "name": "Neon Knight",
    "description": "A knight\nin neon \x1b[31m",
    "base": "sd-1",
    "type": "lora",
    "trigger_phrases": ["neonkn", "Glow", "glow", "", 7],
}


@pytest.fixture
def library(catalog: Catalog, tmp_path: Path) -> Library:
    """InvokeAI with a managed LoRA, one as a folder, one in place; all SDXL by their tensors."""
    rows = [
        ROW,
        {"path": "folder", "name": "In a folder", "type": "lora", "base": "any"},
        {"path": str(tmp_path / "linked/own.safetensors"), "name": "In place", "type": "main"},
        {"path": "key/gone.safetensors", "name": "Gone", "type": "lora"},
    ]
    top = trees.invokeai(tmp_path / "invokeai", rows)
    lora(top / "models/key/one.safetensors")
    lora(top / "models/folder/pytorch_lora_weights.safetensors", seed=1)
    lora(tmp_path / "loras/own.safetensors", seed=2)
    (tmp_path / "linked").symlink_to(tmp_path / "loras")
    add_library(catalog, tmp_path / "loras")
    return add_library(catalog, top)


def scanned(catalog: Catalog) -> None:
    scan(catalog, catalog.files.libraries(), workers=1, sink=SilentSink(), cancel=CancelToken())


def names(catalog: Catalog) -> set[str]:
    return {row.name for row in catalog.search("").rows}


def test_names_words_and_descriptions(catalog: Catalog, library: Library) -> None:
    scanned(catalog)
    assert names(catalog) == {"Neon Knight", "In a folder", "In place"}
    details = catalog.details(catalog.resolve("Neon Knight"))
    assert details.row.trigger_words == ("neonkn", "Glow")
    told = {fact.field: fact for fact in details.evidence if fact.source is Source.SIDECAR}
    assert told["description"].value.startswith("A knight\nin neon")
    assert told["name"].detail == "InvokeAI's database"
    assert (told["kind"].value, told["base"].value) == ("lora", "sd1")
    assert details.row.base == "sdxl"  # its tensors are sure
    assert import_facts(catalog, library) == 0  # the scan has asked


def test_a_rename_in_invokeai_follows_and_nothing_wipes_nothing(
    catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    scanned(catalog)
    content = catalog.resolve("Neon Knight")
    with sqlite3.connect(tmp_path / "invokeai/databases/invokeai.db") as connection:
        connection.execute(
            "UPDATE models SET config = json_set(config, '$.name', 'Night', '$.description', '',"
            " '$.trigger_phrases', NULL) WHERE id = '0'"
        )
    connection.close()
    assert import_facts(catalog, library) == 1
    details = catalog.details(content)
    assert details.row.name == "Night"
    assert details.row.trigger_words == ("neonkn", "Glow")
    assert any(fact.field == "description" and fact.value for fact in details.evidence)


def test_what_a_sidecar_file_says_stays(catalog: Catalog, library: Library, tmp_path: Path) -> None:
    database = tmp_path / "invokeai/databases/invokeai.db"
    database.rename(tmp_path / "away")
    scanned(catalog)
    (tmp_path / "away").rename(database)
    content = catalog.resolve("one")
    catalog.libraries.record_told([Told(content, "one.civitai.info", (("name", "By a file"),))])
    assert import_facts(catalog, library) > 0
    assert catalog.details(content).row.name == "By a file"


def test_without_its_database_nothing_is_known(
    catalog: Catalog, library: Library, tmp_path: Path
) -> None:
    (tmp_path / "invokeai/databases/invokeai.db").write_bytes(b"damaged" * 100)
    scanned(catalog)
    assert names(catalog) == {"one", "folder", "own"}
    (tmp_path / "invokeai/databases/invokeai.db").unlink()
    (tmp_path / "invokeai/invokeai.yaml").unlink()
    assert import_facts(catalog, library) == 0


def test_models_on_another_disk_find_their_database(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = trees.invokeai(tmp_path / "invokeai", [ROW])
    lora(tmp_path / "disk/key/one.safetensors")
    trees.write(top / "invokeai.yaml", f"models_dir: {tmp_path}/disk\n")
    library = add_library(catalog, top)
    assert library.root == str(tmp_path / "disk")
    scanned(catalog)
    assert names(catalog) == {"one"}
    monkeypatch.setenv("INVOKEAI_ROOT", str(top))
    assert import_facts(catalog, library) == 1
    assert names(catalog) == {"Neon Knight"}


def test_other_layouts_cost_nothing(catalog: Catalog, tmp_path: Path) -> None:
    lora(tmp_path / "loras/x.safetensors")
    library = add_library(catalog, tmp_path / "loras")
    scanned(catalog)
    assert import_facts(catalog, library) == 0
