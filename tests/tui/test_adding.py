"""Adding: a folder, an address that was pasted, the first start, and what comes of a download."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

import pytest
from textual import events

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.domain.downloads import DownloadState
from loradex.domain.library import Layout
from loradex.operations.child_job import JobStatus
from loradex.operations.downloads.queue import listed
from loradex.paths import Home
from loradex.settings import Settings
from loradex_tui.path_completion import complete_folder
from loradex_tui.screens.add_dialog import AddDialog
from loradex_tui.screens.get_dialog import GetDialog
from loradex_tui.screens.jobs import JobsScreen
from loradex_tui.widgets.wish_field import WishField
from tui.stage import NARROW, WIDE, Stage, showing


def comfy(folder: Path, models: int = 3) -> Path:
    """Write a ComfyUI with some LoRAs."""
    (folder / "comfy").mkdir(parents=True)
    for name in ("main.py", "nodes.py", "folder_paths.py"):
        (folder / name).touch()
    for number in range(models):
        lora(folder / "models" / "loras" / f"neon{number}.safetensors")
    return folder


class Waiting:
    """A job that goes on."""

    def poll(self) -> JobStatus:
        return JobStatus()

    def cancel(self) -> None:
        """It hears nothing."""

    def close(self) -> None:
        """It holds nothing."""


async def write(stage: Stage, text: str) -> AddDialog:
    """Write a text into the dialog's field, as if it had been pasted."""
    dialog = stage.app.screen
    assert isinstance(dialog, AddDialog)
    dialog.query_one(WishField).put(text)
    return dialog


def paste(stage: Stage, text: str) -> None:
    """Paste as a terminal does."""
    stage.app.post_message(events.Paste(text))


async def test_who_has_no_library_is_shown_the_tools_of_this_machine(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    comfy(tmp_path / "ComfyUI")
    catalog = Catalog.open(home)
    async with showing(catalog, NARROW) as stage:
        await stage.until(lambda: "Welcome to loradex" in stage.text)
        await stage.until(lambda: "ComfyUI  " in stage.text)
        await stage.press("down", "enter")
        await stage.until(lambda: "A folder with 3 model files" in stage.text)
        assert "laid out like ComfyUI" in stage.text
        assert catalog.files.libraries() == []
        await stage.press("enter")
        await stage.until(lambda: "neon0" in stage.text and not stage.app.jobs.names)
        assert [library.name for library in catalog.files.libraries()] == ["ComfyUI"]
        assert catalog.search("is:hashed").total == 1
        stage.app.jobs.start("scan", Waiting())
        await stage.press("u")
        await stage.until(lambda: "Stop it first" in stage.toasts)
        stage.app.jobs.close()
        await stage.press("u")
        await stage.until(lambda: "Forgot ComfyUI: no file was touched" in stage.toasts)
        assert catalog.files.libraries() == []


async def test_the_field_completes_paths_and_says_what_is_wrong(
    shelf_with_room: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "lora-one").mkdir()
    (tmp_path / "lora-two").mkdir()
    async with showing(shelf_with_room) as stage:
        await stage.press("n")
        dialog = await write(stage, f"{tmp_path}/lo")
        field = dialog.query_one(WishField)
        await stage.press("tab")
        await stage.until(lambda: field.text == f"{tmp_path}/lora-")
        await stage.press("tab")
        await stage.until(lambda: "lora-one  lora-two" in stage.text)
        await stage.type("x")
        await stage.until(lambda: "There is no folder" in stage.text)
        await stage.press("enter")
        assert stage.app.screen is dialog
        await write(stage, str(tmp_path / "models"))
        await stage.until(lambda: "called 'main'" in stage.text)
        await write(stage, "version:")
        await stage.until(lambda: "No hub knows what" in stage.text)
        await stage.press("escape")
        assert stage.app.screen is stage.library


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_pasted_address_is_fetched_known_and_seen(
    shelf_with_room: Catalog,
    settings: Settings,
    hub: LocalHub,
    tmp_path: Path,
    size: tuple[int, int],
) -> None:
    async with showing(shelf_with_room, size, settings=settings) as stage:
        await stage.press("/")
        paste(stage, f"{hub.url}/models/1002\n")
        await stage.until(lambda: isinstance(stage.app.screen, AddDialog))
        await stage.until(lambda: "Neon Style 02 [b]紙[/] v2" in stage.text)
        assert "LoRA · SDXL 1.0" in stage.text
        assert "licence " in stage.text
        assert "free at" in stage.text
        await stage.press("enter")
        await stage.until(lambda: "neon2 is in the library" in stage.toasts)
        [path] = (tmp_path / "models").rglob("*.safetensors")
        assert path.name == "neon2.safetensors"
        [id_] = shelf_with_room.ids("neonkn")
        details = shelf_with_room.details(id_)
        assert details.match is not None
        assert (details.match.model_id, details.match.version_id) == (1002, 2004)
        assert details.row.sha256 is not None
        assert "neonkn" in details.row.trigger_words
        assert stage.library.search_bar.text == ""
        await stage.press("escape")
        await stage.until(lambda: stage.library.models.line_count == 1)
        assert "1 of 1 model" in stage.text
        await stage.press("u")
        assert "A download is not undone" in stage.toasts


async def test_several_lines_are_one_download_into_the_library_that_is_chosen(
    shelf_with_room: Catalog, settings: Settings, tmp_path: Path
) -> None:
    other = tmp_path / "second"
    other.mkdir()
    shelf_with_room.files.add_library(
        "second", os.fsencode(other), Layout.PLAIN, device=other.stat().st_dev
    )
    async with showing(shelf_with_room, settings=settings) as stage:
        paste(stage, "model:1003\nversion:2009\nmodel:99999\n")
        await stage.until(lambda: "Neon Style 04 [b]紙[/] v1" in stage.text)
        assert "no such model or version" in stage.text
        assert "ctrl+l into second" in stage.text
        await stage.press("ctrl+l")
        await stage.until(lambda: "ctrl+l into main" in stage.text)
        await stage.press("enter")
        await stage.until(
            lambda: len(shelf_with_room.downloads.downloads([DownloadState.DONE])) == 2
        )
        await stage.until(lambda: not stage.app.jobs.names)
        assert len(list(other.rglob("*.safetensors"))) == 2


async def test_a_file_is_found_by_its_hash(
    shelf_with_room: Catalog, settings: Settings, tmp_path: Path
) -> None:
    digest = sha256((tmp_path / "hub" / "neon5.safetensors").read_bytes()).hexdigest()
    async with showing(shelf_with_room, settings=settings) as stage:
        paste(stage, digest)
        await stage.until(lambda: "Neon Style 05" in stage.text)
        await stage.press("escape")


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_from_the_search_to_the_tags_without_leaving_the_keyboard(
    shelf_with_room: Catalog, settings: Settings, size: tuple[int, int]
) -> None:
    async with showing(shelf_with_room, size, settings=settings) as stage:
        await stage.press("3", "/")
        await stage.type("base:sdxl Style 04")
        await stage.until(lambda: "Neon Style 04" in stage.text and "1 model" in stage.text)
        await stage.press("enter", "d")
        await stage.until(lambda: isinstance(stage.app.screen, GetDialog))
        await stage.press("enter")
        await stage.until(lambda: not isinstance(stage.app.screen, GetDialog))
        await stage.press("5")
        await stage.until(lambda: isinstance(stage.app.screen, JobsScreen))
        await stage.until(lambda: "neon4.safetensors" in stage.text and "done" in stage.text)
        await stage.until(lambda: "neon4 is in the library" in stage.toasts)
        await stage.press("enter", "g")
        await stage.until(lambda: stage.library.query_text.startswith("id:"))
        assert "Neon Style 04" in stage.text
        await stage.press("3")
        await stage.until(lambda: "✓ Neon Style 04" in stage.text)
        await stage.press("1")
        await stage.until(lambda: "Neon Style 04" in stage.text)


async def test_two_programs_on_one_catalog_see_the_same_queue(
    shelf_with_room: Catalog, settings: Settings, tmp_path: Path
) -> None:
    second = Catalog.open(Home(tmp_path / "home"))
    try:
        async with showing(shelf_with_room, settings=settings) as stage:
            paste(stage, "model:1006")
            await stage.until(lambda: "Neon Style 06" in stage.text)
            await stage.press("enter")
            await stage.until(lambda: listed(second))
            await stage.until(lambda: listed(second)[0].state is DownloadState.DONE)
            second.downloads.clear(None)
            await stage.press("5")
            await stage.until(lambda: "neon6" not in stage.text)
    finally:
        second.close()


def test_a_path_is_completed_as_far_as_it_is_sure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("models", "models-old", ".hidden"):
        (tmp_path / name).mkdir()
    (tmp_path / "models.txt").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    assert complete_folder("~") == ("~/", [])
    assert complete_folder("~/m") == ("~/models", ["models", "models-old"])
    assert complete_folder("~/models-") == ("~/models-old/", ["models-old"])
    assert complete_folder("~/.h") == ("~/.hidden/", [".hidden"])
    assert complete_folder("~/") == ("~/models", ["models", "models-old"])
    assert complete_folder("~/nothing") == ("~/nothing", [])
    assert complete_folder("nowhere/at all/x") == ("nowhere/at all/x", [])
    assert complete_folder("model:5") == ("model:5", [])
