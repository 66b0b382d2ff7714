"""`loradex hub get` and `loradex hub downloads`, as a person calls them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.kit import Run
from loradex.catalog.catalog import Catalog
from loradex.demo.hub_http import json_reply
from loradex.demo.hub_server import LocalHub
from loradex.domain.downloads import DownloadState
from loradex.paths import Home
from operations.downloads.world import (
    BIG,
    HARBOUR,
    KEY,
    LANTERN,
    OLD_LANTERN,
    SITE_ONLY,
    WEBPAGE,
    files_below,
    make_library,
    make_world,
    sha256,
)

PLACE = "loras/SDXL/lantern.safetensors"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """A hub that the settings name."""
    with LocalHub(make_world(tmp_path / "shelf")) as hub:
        monkeypatch.setenv("LORADEX_HUB_URL", hub.url)
        monkeypatch.setenv("LORADEX_HUB_TOKEN", KEY)
        monkeypatch.setenv("LORADEX_HUB_RETRIES", "0")
        yield hub


@pytest.fixture
def models(home: Home, hub: LocalHub, tmp_path: Path) -> Path:
    """The root of the only library."""
    with Catalog.open(home) as catalog:
        return make_library(catalog, tmp_path / "models")


def states(home: Home) -> list[DownloadState]:
    with Catalog.open(home) as catalog:
        return [each.state for each in catalog.downloads.downloads()]


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while not what():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the program as a process of its own."""
    started: list[subprocess.Popen[str]] = []

    def call(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "loradex", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.kill()
        process.communicate(timeout=60)


def test_a_dry_run_shows_and_changes_nothing(run: Run, models: Path, home: Home) -> None:
    ended = run("hub", "get", "model:100", f"version:{HARBOUR}", "--dry-run")
    assert ended.code == 0
    assert f"{models}/{PLACE}" in ended.out
    assert "early access until 2999" in ended.err
    assert "free." in ended.err
    assert "Would fetch 2 files" in ended.err
    assert files_below(models) == []
    assert states(home) == []


def test_a_dry_run_for_programs(run: Run, models: Path) -> None:
    ended = run("hub", "get", f"version:{LANTERN}", "version:999", "-n", "--json")
    answer = json.loads(ended.out)
    (file,) = answer["files"]
    assert (file["verdict"], file["kind"], file["name"]) == ("get", "lora", "lantern.safetensors")
    assert file["path"] == f"{models}/{PLACE}"
    assert answer["problems"][0]["reference"] == "version:999"
    assert answer["disks"][0]["lacking"] == 0
    assert answer["bytes"] == file["size"]
    assert ended.code == 3


def test_a_speed_that_is_none_is_refused(hub: LocalHub, run: Run) -> None:
    ended = run("hub", "get", f"version:{BIG}", "--speed", "nan")
    assert ended.code == 2
    assert "nan is no number" in ended.err
    assert not run("hub", "downloads").out


def test_a_file_comes_and_can_be_shown(run: Run, models: Path, tmp_path: Path) -> None:
    ended = run("hub", "get", f"version:{LANTERN}")
    assert ended.code == 0
    assert f"{models}/{PLACE}  (loradex show 1)" in ended.out
    assert "1 file downloaded" in ended.out
    assert sha256(models / PLACE) == sha256(tmp_path / "shelf" / "lantern.safetensors")
    shown = run("show", "1")
    assert "Paper Lantern" in shown.out
    again = run("hub", "get", f"version:{LANTERN}")
    assert again.code == 0
    assert f"You have it: {models}/{PLACE}." in again.out
    assert files_below(models) == [PLACE]


def test_a_list_from_a_file(run: Run, models: Path, tmp_path: Path) -> None:
    wanted = tmp_path / "wanted.txt"
    wanted.write_text(f"# mine\nversion:{LANTERN}  # the lantern\n\nversion:{OLD_LANTERN}\n")
    ended = run("hub", "get", "--from", str(wanted))
    assert ended.code == 0
    assert files_below(models) == ["loras/SD 1.5/lantern_old.safetensors", PLACE]


def test_what_fails_is_told_and_the_rest_comes(run: Run, models: Path) -> None:
    ended = run("hub", "get", f"version:{WEBPAGE}", f"version:{LANTERN}", f"version:{SITE_ONLY}")
    assert ended.code == 3
    assert files_below(models) == [PLACE]
    assert "page.safetensors: " in ended.err
    assert "plain.safetensors: " in ended.err
    assert "1 file downloaded" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "hub downloads run"),
        (("102",), 2, "version:102 or model:102"),
        (("version:999",), 2, "no such model or version"),
        (("what nobody knows",), 2, "No hub knows what 'what nobody knows' names."),
        ((" ",), 2, "The reference is empty."),
        ((f"version:{LANTERN}", "--to", "nowhere"), 2, "There is no library"),
        ((f"version:{LANTERN}", "--folders", "{colour}"), 2, "no field 'colour'"),
        ((f"version:{LANTERN}", "--parallel", "99"), 2, "parallel"),
        ((f"version:{WEBPAGE}",), 1, "page.safetensors"),
    ],
)
def test_what_is_wrong_ends_with_its_code(
    run: Run, models: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    ended = run("hub", "get", *arguments)
    assert (ended.code, said in ended.err) == (code, True), ended.err
    assert files_below(models) == []


SECRETIVE = (
    "https://x.example/a?token=SECRET",
    "https://me:SECRET@x.example/a",
    f"civitai.example/api/download/models/{LANTERN}?type=Model&key=SECRET",
)


@pytest.mark.parametrize("address", SECRETIVE)
@pytest.mark.parametrize(
    "command", [("hub", "get"), ("hub", "show"), ("show",), ("hub", "updates", "--ignore")]
)
def test_a_key_in_an_address_is_not_shown(
    run: Run, models: Path, command: tuple[str, ...], address: str
) -> None:
    ended = run(*command, address)
    assert ended.code == 2
    assert "names" in ended.err
    assert "SECRET" not in ended.out + ended.err


def test_nor_is_it_told_to_programs(run: Run, models: Path) -> None:
    ended = run("hub", "get", *SECRETIVE, "--dry-run", "--json")
    assert [each["reference"] for each in json.loads(ended.out)["problems"]] == [
        "https://x.example/a?token=…",
        "https://…@x.example/a",
        f"civitai.example/api/download/models/{LANTERN}?type=Model&key=…",
    ]
    told = run("hub", "get", *SECRETIVE, "--dry-run", "--progress", "json")
    assert "SECRET" not in ended.out + ended.err + told.out + told.err


def test_the_result_for_programs(run: Run, models: Path) -> None:
    ended = run("hub", "get", f"version:{LANTERN}", f"version:{WEBPAGE}", "--json")
    answer = json.loads(ended.out)
    landed, failed = answer["files"]
    assert (landed["state"], landed["id"], landed["path"]) == ("done", 1, f"{models}/{PLACE}")
    assert failed["state"] == "failed"
    assert failed["message"]
    assert (answer["run"]["landed"], answer["run"]["failed"]) == (1, 1)
    assert ended.code == 3


def test_progress_for_programs_names_every_file(run: Run, models: Path) -> None:
    ended = run("hub", "get", f"version:{BIG}", "--speed", "2", "--progress", "json")
    events = [json.loads(line) for line in ended.out.splitlines()]
    files = [event for event in events if event["event"] == "file"]
    assert {event["name"] for event in files} == {"big.safetensors"}
    assert any(event["rate"] for event in files)
    assert events[-1]["event"] == "done"
    assert events[-1]["files"][0]["state"] == "done"


def test_the_queue_waits_and_is_listed_paused_and_run(run: Run, models: Path, home: Home) -> None:
    queued = run("hub", "get", f"version:{LANTERN}", f"version:{BIG}", "--queue-only")
    assert queued.code == 0
    assert "2 files in the queue." in queued.out
    assert "loradex hub downloads run" in queued.out
    assert files_below(models) == []
    assert run("hub", "downloads", "pause", "2").out == "1 download paused.\n"
    listed = run("hub", "downloads", "--json")
    assert [each["state"] for each in json.loads(listed.out)] == ["queued", "paused"]
    ended = run("hub", "downloads", "run")
    assert ended.code == 0
    assert f"{models}/{PLACE}" in ended.out
    assert states(home) == [DownloadState.DONE, DownloadState.PAUSED]
    resumed = run("hub", "downloads", "resume")
    assert resumed.out == "1 download in the queue.\n"
    assert resumed.err == "Nobody is downloading: loradex hub downloads run\n"
    assert "Nobody" not in run("hub", "downloads", "resume").err
    assert run("hub", "downloads", "cancel", "2").out == "1 download cancelled.\n"
    assert run("hub", "downloads", "clear").out == "2 downloads off the list.\n"
    assert "Nothing was downloaded yet" in run("hub", "downloads").err
    assert run("hub", "downloads", "run").out == "Nothing waits in the queue.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pause", "7"), "There is no download 7"),
        (("cancel",), "--all"),
        (("cancel", "1", "--all"), "--all"),
        (("stop",), "No such command"),
    ],
)
def test_the_queue_refuses_what_means_nothing(
    run: Run, models: Path, arguments: tuple[str, ...], said: str
) -> None:
    ended = run("hub", "downloads", *arguments)
    assert ended.code == 2
    assert said in ended.err


def test_the_list_says_what_is_wrong_with_a_file(run: Run, models: Path, hub: LocalHub) -> None:
    hub.storage_scenario.wrong_bytes = True
    assert run("hub", "get", f"version:{LANTERN}").code == 1
    listed = run("hub", "downloads")
    assert "aside" in listed.out
    assert files_below(models) == [f"{PLACE}.wrong"]
    assert run("list", "--json").out.strip() == "[]"


def test_a_failed_file_is_tried_again_when_it_is_asked_for_again(
    run: Run, models: Path, hub: LocalHub
) -> None:
    hub.trouble(json_reply({"error": "File not found"}, 404), path="/api/download")
    assert run("hub", "get", f"version:{LANTERN}").code == 1
    assert run("hub", "get", f"version:{LANTERN}").code == 0
    assert files_below(models) == [PLACE]


def test_killed_in_the_middle_it_goes_on_from_its_bytes(
    run: Run, models: Path, home: Home, hub: LocalHub, start: Start
) -> None:
    part = models / "loras/SDXL/big.safetensors.part"
    process = start("hub", "get", f"version:{BIG}", "--speed", "0.5")
    wait_for(lambda: size_of(part) > 0 and states(home) == [DownloadState.RUNNING])
    wait_for(lambda: hub.storage_requests and size_of(part) > 300_000)
    time.sleep(2.5)  # its state is written every second or so
    process.send_signal(signal.SIGKILL)
    process.wait(60)
    assert states(home) == [DownloadState.RUNNING]
    (shown,) = json.loads(run("hub", "downloads", "--json").out)
    assert shown["state"] == "queued"
    before = len(hub.storage_requests)
    ended = run("hub", "downloads", "run")
    assert ended.code == 0
    final = models / "loras/SDXL/big.safetensors"
    assert sha256(final) == sha256(models.parent / "shelf" / "big.safetensors")
    assert files_below(models) == ["loras/SDXL/big.safetensors"]
    later = hub.storage_requests[before:]
    assert later
    assert not any(r.headers.get("range", "bytes=0-").startswith("bytes=0-") for r in later[-1:])


def test_ctrl_c_loses_nothing(models: Path, home: Home, run: Run, start: Start) -> None:
    part = models / "loras/SDXL/big.safetensors.part"
    process = start("hub", "get", f"version:{BIG}", "--speed", "0.5")
    wait_for(lambda: size_of(part) > 100_000)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Stopped." in err
    assert states(home) == [DownloadState.QUEUED]
    assert part.exists()
    assert run("hub", "downloads", "run").code == 0
    assert states(home) == [DownloadState.DONE]


def test_a_second_process_adds_to_the_queue_of_the_first(
    models: Path, home: Home, run: Run, start: Start
) -> None:
    part = models / "loras/SDXL/big.safetensors.part"
    first = start("hub", "get", f"version:{BIG}", "--speed", "1")
    wait_for(lambda: size_of(part) > 0)
    ended = run("hub", "get", f"version:{LANTERN}")
    assert ended.code == 0
    assert f"Another loradex (process {first.pid})" in ended.out
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    assert "2 files downloaded" in out
    assert states(home) == [DownloadState.DONE] * 2
    assert files_below(models) == ["loras/SDXL/big.safetensors", PLACE]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes."""
    mount = tmp_path / "small"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", os.fspath(mount)]
    if (
        os.geteuid() != 0
        or subprocess.run(command, capture_output=True, check=False, timeout=60).returncode
    ):
        pytest.skip("mounting takes more rights")
    yield mount
    subprocess.run(["umount", os.fspath(mount)], check=True, timeout=60)


def test_a_full_disk_is_seen_beforehand(
    run: Run, home: Home, hub: LocalHub, small_disk: Path
) -> None:
    with Catalog.open(home) as catalog:
        root = make_library(catalog, small_disk / "models")
    ended = run("hub", "get", f"version:{BIG}")
    assert ended.code == 1
    assert "lacks" in ended.err
    assert files_below(root) == []
    assert states(home) == []


def test_a_disk_that_fills_up_stops_its_downloads_and_no_others(
    run: Run, home: Home, models: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Catalog.open(home) as catalog:
        small = make_library(catalog, small_disk / "models", "small")
    assert run("hub", "get", f"version:{BIG}", "--to", "small", "--queue-only").code == 1
    monkeypatch.setattr("loradex.operations.downloads.room.SPARE_BYTES", -(10**9))
    assert run("hub", "get", f"version:{BIG}", "--to", "small", "--queue-only").code == 0
    assert run("hub", "get", f"version:{LANTERN}", "--to", "models", "--queue-only").code == 0
    ended = run("hub", "downloads", "run")
    assert ended.code == 3
    assert files_below(models) == [PLACE]
    assert states(home) == [DownloadState.QUEUED, DownloadState.DONE]
    assert "1 file left: " in ended.err
    assert not any(name.endswith("big.safetensors") for name in files_below(small))
    subprocess.run(
        ["mount", "-o", "remount,size=200m", os.fspath(small_disk)], check=True, timeout=60
    )
    assert run("hub", "downloads", "run").code == 0
    assert (small / "loras/SDXL/big.safetensors").is_file()
