"""The hub screen and the download queue, against a local hub over real HTTP."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_trouble import rate_limited
from loradex.domain.content_level import ContentLimit
from loradex.domain.downloads import Download, DownloadState
from loradex.errors import Cancelled, LoradexError
from loradex.hub import system_keyring
from loradex.operations.child_job import JobState, JobStatus
from loradex.operations.matching import found
from loradex.settings import Settings
from loradex_tui.pictures.choice import PictureMode
from loradex_tui.pictures.picture_box import PictureBox
from loradex_tui.screens.get_dialog import GetDialog
from loradex_tui.screens.hub import AHEAD, HubScreen
from loradex_tui.screens.jobs import JobsScreen
from loradex_tui.screens.version_dialog import VersionDialog
from loradex_tui.widgets.download_line import Speeds, trouble_text
from loradex_tui.widgets.found_pane import FoundPane
from tui.shelf import look
from tui.stage import NARROW, WIDE, Stage, showing


async def to_the_hub(stage: Stage) -> HubScreen:
    await stage.press("3")
    screen = stage.app.screen
    assert isinstance(screen, HubScreen)
    await stage.until(lambda: screen.found.lines)
    return screen


async def ask(stage: Stage, query: str) -> HubScreen:
    screen = await to_the_hub(stage)
    await stage.press("/")
    screen.search_bar.set_text(query)
    await stage.until(
        lambda: screen.results.query == query or screen.search_bar.has_class("-wrong")
    )
    await stage.press("enter")
    return screen


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_a_search_shows_what_is_found_and_its_details(
    shelf_with_room: Catalog, settings: Settings, size: tuple[int, int]
) -> None:
    async with showing(shelf_with_room, size, settings=settings) as stage:
        screen = await ask(stage, "base:pony tag:neon")
        await stage.press("enter")
        await stage.until(lambda: "Neon Style 01 [b]紙[/]" in stage.text)
        assert {line.version.base_model for line in screen.found.lines if line.version} == {"Pony"}
        await stage.until(lambda: screen.query_one(PictureBox).shown)
        assert "neonkn" in stage.text
        assert "version" not in stage.toasts


async def test_the_list_grows_as_one_goes_down(
    shelf_with_room: Catalog, settings: Settings, hub: LocalHub
) -> None:
    async with showing(shelf_with_room, NARROW, settings=settings) as stage:
        screen = await to_the_hub(stage)
        before = len(screen.found.lines)
        await stage.press("G")
        await stage.until(lambda: len(screen.found.lines) > before)
        await stage.press("G", "G")
        await stage.until(lambda: len(screen.found.lines) == 50)
        assert screen.results.cursor is None
        assert len({line.model.id for line in screen.found.lines}) == 50


async def test_what_is_above_the_limit_is_not_shown(
    shelf_with_room: Catalog, settings: Settings
) -> None:
    async with showing(shelf_with_room, settings=settings) as stage:
        screen = await ask(stage, '"Neon Style 60"')
        assert screen.found.lines == []
        assert "content limit" in stage.text


async def test_a_higher_limit_shows_it(shelf_with_room: Catalog, hub: LocalHub) -> None:
    settings = Settings(hub_url=hub.url, content_limit=ContentLimit.ALL)
    async with showing(shelf_with_room, settings=settings) as stage:
        screen = await ask(stage, '"Neon Style 60"')
        assert [line.model.id for line in screen.found.lines] == [1060]


async def test_what_hubs_cannot_do_is_marked_where_it_stands(
    shelf_with_room: Catalog, settings: Settings
) -> None:
    async with showing(shelf_with_room, settings=settings) as stage:
        screen = await ask(stage, "neon rating:5")
        assert screen.search_bar.has_class("-wrong")
        assert "no field rating" in stage.text
        assert screen.found.lines


async def test_a_version_is_downloaded_and_lands_in_the_library(
    shelf_with_room: Catalog, settings: Settings, tmp_path: Path
) -> None:
    async with showing(shelf_with_room, settings=settings) as stage:
        screen = await to_the_hub(stage)
        await stage.press("d")
        await stage.until(lambda: isinstance(stage.app.screen, GetDialog))
        assert "neon1.safetensors" in stage.text
        assert "free at" in stage.text
        await stage.press("enter")
        await stage.until(lambda: shelf_with_room.downloads.downloads([DownloadState.DONE]))
        await stage.press("5")
        await stage.until(lambda: "neon1.safetensors" in stage.text)
        assert "done" in stage.text
        await stage.until(lambda: "download" not in stage.app.jobs.names)
        assert [path.name for path in (tmp_path / "models").rglob("*.safetensors")] == [
            "neon1.safetensors"
        ]
        assert shelf_with_room.search("neon").total == 1
        await stage.press("c")
        await stage.until(lambda: "Idle: nothing runs" in stage.text)
        await stage.press("3")
        assert screen.found.lines


async def test_another_version_can_be_chosen(shelf_with_room: Catalog, settings: Settings) -> None:
    async with showing(shelf_with_room, settings=settings) as stage:
        await to_the_hub(stage)
        await stage.press("v")
        await stage.until(lambda: isinstance(stage.app.screen, VersionDialog))
        await stage.press("down", "enter")
        await stage.until(lambda: isinstance(stage.app.screen, GetDialog))
        assert "neon501.safetensors" in stage.text
        await stage.press("escape")
        assert shelf_with_room.downloads.downloads() == []


async def test_updates_of_what_is_owned_are_listed_and_can_be_ignored(
    shelf_with_room: Catalog, settings: Settings
) -> None:
    async with showing(shelf_with_room, settings=settings) as stage:
        screen = await to_the_hub(stage)
        line = screen.found.lines[1]
        old = line.model.versions[1]
        with_old = _own(shelf_with_room, "old_neon")
        shelf_with_room.hub.record_matches("civitai", [found(with_old, old, line.model, "sha256")])
        await stage.press("U")
        await stage.until(lambda: screen.results.updates)
        assert [(each.model.id, each.have) for each in screen.found.lines] == [(1002, "v1")]
        await stage.press("i")
        await stage.until(lambda: not screen.found.lines)
        assert [each.version_id for each in shelf_with_room.updates.ignored()] == [2004]
        await stage.press("escape")
        await stage.until(lambda: len(screen.found.lines) > 10)


def _own(catalog: Catalog, name: str) -> int:
    library = catalog.files.libraries()[0]
    catalog.looks.record(library.id, [look(name, 77)], "1")
    return catalog.ids(name)[0]


async def test_a_hub_that_is_not_there_is_told(shelf_with_room: Catalog) -> None:
    settings = Settings(hub_url="http://127.0.0.1:9", hub_retries=0)
    async with showing(shelf_with_room, settings=settings, toasts=True) as stage:
        await stage.press("3")
        await stage.until(lambda: "cannot be reached" in stage.text)
        # There is no command line here.
        assert "--offline" not in stage.text + stage.toasts
        assert "With `offline` in the settings" in " ".join(stage.text.split())
        await stage.press("1")
        assert stage.app.screen is stage.library


async def test_a_download_that_failed_says_why_and_is_tried_again(
    shelf_with_room: Catalog, settings: Settings, hub: LocalHub, tmp_path: Path
) -> None:
    hub.storage_scenario.wrong_bytes = True
    async with showing(shelf_with_room, settings=settings) as stage:
        await to_the_hub(stage)
        await stage.press("d")
        await stage.until(lambda: isinstance(stage.app.screen, GetDialog))
        await stage.press("enter")
        # A key that comes before the dialog has gone is the dialog's.
        await stage.until(lambda: not isinstance(stage.app.screen, GetDialog))
        await stage.press("5")
        await stage.until(lambda: isinstance(stage.app.screen, JobsScreen))
        await stage.until(lambda: "wrong bytes" in stage.text)
        await stage.until(lambda: "download" not in stage.app.jobs.names)
        hub.storage_scenario.wrong_bytes = False
        await stage.press("r")
        await stage.until(lambda: shelf_with_room.downloads.downloads([DownloadState.DONE]))


class Ending:
    """A run through the queue that has looked at it for the last time, and ends on demand."""

    def __init__(self) -> None:
        self.status = JobStatus()

    def poll(self) -> JobStatus:
        return self.status

    def cancel(self) -> None:
        self.status = JobStatus("cancelled")

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("how", "fetched"), [("done", True), ("cancelled", False)])
async def test_what_was_queued_too_late_for_a_run_is_fetched_by_another(
    shelf_with_room: Catalog, settings: Settings, how: JobState, fetched: bool
) -> None:
    async with showing(shelf_with_room, settings=settings) as stage:
        await to_the_hub(stage)
        ending = Ending()
        stage.app.jobs.start("download", ending)
        await stage.press("d")
        await stage.until(lambda: isinstance(stage.app.screen, GetDialog))
        await stage.press("enter")
        await stage.until(lambda: shelf_with_room.downloads.downloads([DownloadState.QUEUED]))
        await stage.settle()
        ending.status = JobStatus(how)
        stage.app.jobs.look()
        await stage.settle()
        assert ("download" in stage.app.jobs.names) is fetched
        if fetched:
            await stage.until(lambda: shelf_with_room.downloads.downloads([DownloadState.DONE]))


def pictures_asked(hub: LocalHub) -> list[int]:
    return [int(Path(request.path).stem) for request in hub.storage_requests]


async def test_the_next_pictures_that_are_seen_are_fetched_ahead(
    shelf_with_room: Catalog, settings: Settings, hub: LocalHub
) -> None:
    async with showing(shelf_with_room, settings=settings) as stage:
        screen = await to_the_hub(stage)
        await stage.until(lambda: len(pictures_asked(hub)) == 1 + AHEAD)
        first = screen.found.lines[: 1 + AHEAD]
        wanted = [line.picture.id for line in first if line.picture is not None]
        assert pictures_asked(hub)[0] == wanted[0]
        assert sorted(pictures_asked(hub)) == sorted(n for n in wanted if n is not None)
        await stage.press("j")
        await stage.until(lambda: len(pictures_asked(hub)) == 2 + AHEAD)
        assert len(set(pictures_asked(hub))) == 2 + AHEAD


@pytest.mark.parametrize(
    ("size", "mode"), [(NARROW, PictureMode.HALF), (WIDE, PictureMode.OFF)], ids=["narrow", "off"]
)
async def test_pictures_that_nobody_sees_are_not_fetched_ahead(
    shelf_with_room: Catalog,
    settings: Settings,
    hub: LocalHub,
    size: tuple[int, int],
    mode: PictureMode,
) -> None:
    async with showing(shelf_with_room, size, mode, settings=settings) as stage:
        screen = await to_the_hub(stage)
        screen.query_one(FoundPane).post_message(FoundPane.Rested())
        await stage.press("j")
        assert len(pictures_asked(hub)) <= (0 if mode is PictureMode.OFF else 2)


class Locked(KeyringBackend):
    """Waits for a person to unlock it."""

    priority = 5.0  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()
        self.released = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.asked.set()
        self.released.wait(300)
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Nobody does."""


async def test_quitting_does_not_wait_for_a_keyring_that_is_locked(
    shelf_with_room: Catalog, hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked, before = Locked(), keyring.get_keyring()
    monkeypatch.setattr(system_keyring, "PATIENCE", 300.0)
    keys = shelf_with_room.home.keys
    keys.write_text(json.dumps({hub.url: None}))
    keys.chmod(0o600)
    keyring.set_keyring(locked)
    ended: list[LoradexError] = []
    try:
        async with showing(shelf_with_room, settings=Settings(hub_url=hub.url)) as stage:

            def ask() -> None:
                try:
                    stage.app.hub_access.search("", None)
                except LoradexError as error:
                    ended.append(error)

            asking = threading.Thread(target=ask, daemon=True)
            asking.start()
            assert await asyncio.to_thread(locked.asked.wait, 60)
            stage.app.exit()
            await asyncio.to_thread(asking.join, 60)
            assert not asking.is_alive()
        assert [type(error) for error in ended] == [Cancelled]
    finally:
        locked.released.set()
        keyring.set_keyring(before)


def download(id_: int, state: DownloadState, done: int = 0, **more: object) -> Download:
    values: dict[str, object] = {
        "id": id_, "hub": "civitai", "model_id": 1, "version_id": 2, "file_id": 3, "name": "x",
        "size_bytes": 1000, "sha256": None, "library_id": 1, "root": b"/m", "relative": b"x",
        "state": state, "done_bytes": done, "tries": 0, "not_before": 0.0, "error": None,
        "hint": None, "content_id": None, "created_at": 0.0, "finished_at": None,
    }  # fmt: skip
    return Download(**(values | more))  # type: ignore[arg-type]


def test_speeds_follow_what_was_seen() -> None:
    speeds = Speeds()
    running = DownloadState.RUNNING
    speeds.note([download(1, running, 0), download(2, running, 100)], 10.0)
    assert speeds.rate(1) is None
    speeds.note([download(1, running, 200), download(2, running, 100)], 12.0)
    assert speeds.rate(1) == pytest.approx(100.0)
    assert speeds.rate(2) is None
    speeds.note([download(1, DownloadState.DONE, 1000)], 13.0)
    assert speeds.rate(1) is None


def test_trouble_is_told_without_what_a_terminal_obeys() -> None:
    failed = download(1, DownloadState.FAILED, error="It \x1b[31mbroke.", hint="Try again.")
    assert "\x1b" not in trouble_text(failed)
    assert trouble_text(failed).endswith("Try again.")
    assert trouble_text(None) == ""


async def test_the_search_is_narrowed_by_menus_that_write_the_query(
    shelf_with_room: Catalog, settings: Settings
) -> None:
    async with showing(shelf_with_room, NARROW, settings=settings) as stage:
        screen = await to_the_hub(stage)
        line = screen.found.lines[0]
        with_v2 = _own(shelf_with_room, "mine")
        newest = line.model.versions[0]
        shelf_with_room.hub.record_matches(
            "civitai", [found(with_v2, newest, line.model, "sha256")]
        )
        for keys, query in (
            ("fba", "base:sd1"),
            ("fbb", "base:sdxl"),
            ("fsd", "base:sdxl sort:newest"),
            ("fc", "base:sdxl sort:newest by:mosskettle"),
            ("fx", ""),
            ("foa", "owned:no"),
            ("fob", "owned:yes"),
        ):
            await stage.press(*keys)
            await stage.until(lambda query=query: screen.results.query == query)
        await stage.until(lambda: len(screen.found.lines) == 1)
        assert screen.found.lines[0].mark == "✓"
        await stage.press("F")
        await stage.until(lambda: len(screen.found.lines) > 1)


async def test_who_is_offline_is_told_what_can_be_done(shelf_with_room: Catalog) -> None:
    async with showing(shelf_with_room, NARROW, settings=Settings(offline=True)) as stage:
        await stage.press("3")
        await stage.until(lambda: isinstance(stage.app.screen, HubScreen))
        await stage.press("m")
        assert "offline" in stage.toasts
        await stage.press("o")
        assert "no model here" in stage.toasts.replace("There is ", "")


async def test_a_hub_that_asks_for_a_pause_is_waited_for_in_words(
    shelf_with_room: Catalog, settings: Settings, hub: LocalHub
) -> None:
    hub.trouble(rate_limited("3"))
    async with showing(shelf_with_room, settings=settings) as stage:
        stage.post("3")
        await stage.pilot.pause()
        screen = stage.app.screen
        assert isinstance(screen, HubScreen)
        seen: list[str] = []
        await stage.until(lambda: screen.found.lines or seen.append(stage.text))
        assert any("goes on in" in text for text in seen)
        assert "goes on in" not in stage.text
        hub.trouble(rate_limited("900"))
        await stage.press(*"fbb")
        await stage.until(lambda: "900 s" in stage.toasts or "15 min" in stage.toasts)
        assert len(screen.found.lines) > 30
