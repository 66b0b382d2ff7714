"""Downloads from the queue to the catalog, and everything that goes wrong on the way."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.demo.hub_http import json_reply
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_trouble import download_quota, edge_page, redirect
from loradex.domain.arrivals import ArrivalRule
from loradex.domain.downloads import Download, DownloadState
from loradex.domain.library import FileState
from loradex.errors import Cancelled
from loradex.operations.downloads.choosing import Wishes
from loradex.operations.downloads.plan import DownloadOptions
from loradex.operations.downloads.queue import (
    DOWNLOADING,
    cancel_downloads,
    clear_downloads,
    downloader,
)
from loradex.operations.downloads.run import RunOptions
from operations.downloads.conftest import Connect, Station
from operations.downloads.world import (
    BIG,
    HARBOUR,
    HOSTILE,
    HOSTILE_NAMES,
    LANTERN,
    MISLABELLED,
    OLD_LANTERN,
    UNSCANNED,
    WEBPAGE,
    files_below,
    sha256,
)

S = DownloadState


def queue_of(catalog: Catalog) -> list[Download]:
    return catalog.downloads.downloads()


def states(catalog: Catalog) -> list[DownloadState]:
    return [each.state for each in queue_of(catalog)]


def wait_for(what: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not what():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


def test_a_file_is_known_matched_and_tagged_the_moment_it_lands(
    station: Station, catalog: Catalog, models: Path, shelf: Path
) -> None:
    report = station.get(f"version:{LANTERN}")
    assert files_below(models) == ["loras/SDXL/lantern.safetensors"]
    path = models / "loras/SDXL/lantern.safetensors"
    assert sha256(path) == sha256(shelf / "lantern.safetensors")
    ((_, landed),) = report.landed
    assert landed.content_id is not None
    details = catalog.details(landed.content_id)
    assert details.row.name == "Paper Lantern 紙灯り v102"
    assert details.row.tags == ("lantern", "style")
    assert details.row.trigger_words[0] == "ppr lntrn"
    assert (details.row.kind, details.row.base) == ("lora", "sdxl")
    assert details.match is not None
    assert (details.match.version_id, details.match.matched_by) == (LANTERN, "sha256")
    assert details.files[0].verified
    assert catalog.files.count_to_hash() == 0
    assert catalog.hub.unmatched("civitai") == []
    sources = {fact.field: fact for fact in details.evidence}
    assert "models/100" in sources["downloaded"].value
    assert states(catalog) == [S.DONE]


def test_the_hashes_are_those_that_a_hash_pass_finds(
    station: Station, catalog: Catalog, models: Path
) -> None:
    from loradex.formats.hashing import hash_file  # noqa: PLC0415 - one test of many

    ((_, landed),) = station.get(f"version:{LANTERN}").landed
    assert landed.content_id is not None
    kept = catalog.details(landed.content_id).hashes
    assert kept == hash_file(models / "loras/SDXL/lantern.safetensors")


def test_the_rule_of_the_library_tags_and_never_moves(
    station: Station, catalog: Catalog, models: Path
) -> None:
    library = catalog.files.libraries()[0]
    rule = ArrivalRule(("fresh",), auto_tag=True, place_in=library.id, template="{kind}/moved")
    catalog.arrivals.set_rule(library.id, rule)
    ((_, landed),) = station.get(f"version:{LANTERN}").landed
    assert landed.content_id is not None
    assert "fresh" in catalog.rows([landed.content_id])[0].tags
    assert catalog.arrivals.newcomers(library.id) == []
    assert files_below(models) == ["loras/SDXL/lantern.safetensors"]


def test_many_files_come_at_once_and_one_that_fails_stops_none(
    connect: Connect, catalog: Catalog, models: Path
) -> None:
    station = connect(downloads=4)
    everything = DownloadOptions(wishes=Wishes(names=("all",)))
    station.queue(f"version:{HOSTILE}", f"version:{HARBOUR}", options=everything)
    station.queue(f"version:{WEBPAGE}")
    station.run_options = RunOptions(at_once=4)
    report = station.run()
    assert len(report.landed) == len(HOSTILE_NAMES) + 4
    assert [each.name for each in report.failed] == ["page.safetensors"]
    assert len(files_below(models)) == len(HOSTILE_NAMES) + 4
    assert not (models.parent / "escaped.safetensors").exists()
    assert [problem.item for problem in station.sink.problems] == ["page.safetensors"]


def test_a_web_page_is_named_for_what_it_is(
    station: Station, catalog: Catalog, models: Path
) -> None:
    station.get(f"version:{WEBPAGE}")
    (download,) = queue_of(catalog)
    assert download.state is S.FAILED
    assert "page" in (download.error or "")
    assert files_below(models) == []
    assert not (models / "loras" / "SDXL").exists()


def test_wrong_bytes_are_put_aside_where_no_scan_takes_them_for_a_model(
    station: Station, catalog: Catalog, models: Path, hub: LocalHub
) -> None:
    hub.storage_scenario.wrong_bytes = True
    station.get(f"version:{LANTERN}")
    (download,) = queue_of(catalog)
    assert download.state is S.ASIDE
    assert files_below(models) == ["loras/SDXL/lantern.safetensors.wrong"]
    assert "lantern.safetensors.wrong" in (download.hint or "")
    hub.storage_scenario.wrong_bytes = False
    catalog.downloads.retry([download.id])
    station.run()
    assert states(catalog) == [S.DONE]
    assert (models / "loras/SDXL/lantern.safetensors").is_file()


def test_what_cannot_be_verified_is_kept_and_told(station: Station, catalog: Catalog) -> None:
    ((_, landed),) = station.get(f"version:{UNSCANNED}").landed
    assert any("could not be verified" in note for note in landed.notes)
    assert landed.content_id is not None
    match = catalog.details(landed.content_id).match
    assert match is not None
    assert match.matched_by == "download"
    assert "could not be verified" in (queue_of(catalog)[0].error or "")


def test_something_else_than_announced_stays_where_the_person_was_told(
    station: Station, models: Path
) -> None:
    ((_, landed),) = station.get(f"version:{MISLABELLED}").landed
    assert files_below(models) == ["vae/SDXL/mislabelled.pt"]
    assert any("it is a LoRA; the hub says VAE" in note for note in landed.notes)


def test_a_file_that_came_meanwhile_is_never_overwritten(
    station: Station, catalog: Catalog, models: Path
) -> None:
    station.queue(f"version:{LANTERN}")
    (models / "loras" / "SDXL").mkdir()
    mine = models / "loras/SDXL/lantern.safetensors"
    mine.write_bytes(b"mine")
    ((_, landed),) = station.run().landed
    assert mine.read_bytes() == b"mine"
    assert landed.path == bytes(models / "loras/SDXL/lantern-1002.safetensors")
    assert "was there already" in landed.notes[0]
    assert queue_of(catalog)[0].path == landed.path


def test_cut_off_after_its_name_a_file_is_not_fetched_again(
    station: Station, catalog: Catalog, models: Path, shelf: Path, hub: LocalHub
) -> None:
    station.queue(f"version:{LANTERN}")
    catalog.downloads.take()
    (models / "loras" / "SDXL").mkdir()
    source = shelf / "lantern.safetensors"
    (models / "loras/SDXL/lantern.safetensors").write_bytes(source.read_bytes())
    ((_, landed),) = station.run().landed
    assert landed.content_id is not None
    assert hub.storage_requests == []
    assert files_below(models) == ["loras/SDXL/lantern.safetensors"]


def test_cut_off_before_its_name_a_whole_part_is_not_fetched_again(
    station: Station, catalog: Catalog, models: Path, shelf: Path, hub: LocalHub
) -> None:
    station.queue(f"version:{LANTERN}")
    (models / "loras" / "SDXL").mkdir()
    part = models / "loras/SDXL/lantern.safetensors.part"
    part.write_bytes((shelf / "lantern.safetensors").read_bytes())
    station.run()
    assert states(catalog) == [S.DONE]
    assert hub.storage_requests == []
    assert files_below(models) == ["loras/SDXL/lantern.safetensors"]


def test_a_connection_that_breaks_is_tried_again_from_where_it_was(
    connect: Connect, catalog: Catalog, models: Path, hub: LocalHub
) -> None:
    station = connect()
    station.queue(f"version:{BIG}")
    hub.storage_scenario.cut_after = 1_000_000
    station.run()
    (download,) = queue_of(catalog)
    assert download.error is not None or download.state is S.DONE
    hub.storage_scenario.cut_after = None
    catalog.downloads.retry()
    station.run()
    assert states(catalog) == [S.DONE]
    assert any("range" in request.headers for request in hub.storage_requests)


def test_a_link_that_ran_out_is_asked_for_anew(
    station: Station, catalog: Catalog, hub: LocalHub
) -> None:
    hub.storage_scenario.link_seconds = -10
    station.queue(f"version:{LANTERN}")
    station.run()
    hub.storage_scenario.link_seconds = 86_400
    catalog.downloads.retry()
    station.run()
    assert states(catalog) == [S.DONE]


def test_trouble_of_the_hub_passes(station: Station, catalog: Catalog, hub: LocalHub) -> None:
    station.queue(f"version:{LANTERN}")
    hub.trouble(edge_page(524), path="/api/download", times=2)
    station.run_options = RunOptions(pauses=(0.0, 0.0, 0.0))
    station.run()
    (download,) = queue_of(catalog)
    assert download.state is S.DONE


def test_trouble_that_stays_fails_with_its_reason(
    station: Station, catalog: Catalog, hub: LocalHub
) -> None:
    station.queue(f"version:{LANTERN}")
    hub.trouble(edge_page(524), path="/api/download", times=50)
    station.run()
    (download,) = queue_of(catalog)
    assert (download.state, download.tries) == (S.FAILED, 1)
    assert download.error


def test_a_quota_holds_all_of_its_hub_and_says_so(
    station: Station, catalog: Catalog, hub: LocalHub
) -> None:
    ids = station.queue(f"version:{LANTERN}", f"version:{OLD_LANTERN}", f"version:{BIG}")
    hub.trouble(download_quota(), path="/api/download", times=50)
    station.run_options = RunOptions(at_once=1, patience=0.5)
    report = station.run()
    assert states(catalog) == [S.QUEUED] * 3
    assert all(each.not_before > time.time() + 600 for each in queue_of(catalog))
    assert len(report.waiting) == 1
    assert report.waiting[0].startswith("3 files left until ")
    asked = [r for r in hub.requests if r.path.startswith("/api/download")]
    assert len(asked) == 1
    hub.calm()
    catalog.downloads.retry(ids)
    assert len(station.run().landed) == 3


def test_without_a_key_the_hub_is_asked_twice_and_no_more(
    connect: Connect, catalog: Catalog, models: Path, hub: LocalHub
) -> None:
    station = connect(key=None)
    station.run_options = RunOptions(at_once=1)
    everything = DownloadOptions(wishes=Wishes(names=("all",)))
    station.queue(f"version:{HOSTILE}", options=everything)
    report = station.run()
    assert states(catalog).count(S.FAILED) <= 2
    assert S.QUEUED in states(catalog)
    assert "left" in report.waiting[0]
    asked = [r for r in hub.requests if r.path.startswith("/api/download")]
    assert len(asked) <= 2


def test_a_model_that_is_gone_fails_for_good(
    station: Station, catalog: Catalog, hub: LocalHub
) -> None:
    station.queue(f"version:{LANTERN}")
    missing = json_reply({"error": "File not found"}, 404)
    hub.trouble(missing, path="/api/download", times=50)
    station.run()
    assert states(catalog) == [S.FAILED]
    assert len([r for r in hub.requests if r.path.startswith("/api/download")]) == 1


def test_a_login_page_is_no_model(station: Station, catalog: Catalog, hub: LocalHub) -> None:
    station.queue(f"version:{LANTERN}")
    hub.trouble(redirect("/login?returnUrl=x"), path="/api/download", times=50)
    station.run()
    assert states(catalog) == [S.FAILED]


def test_a_library_that_went_away_gets_nothing(
    station: Station, catalog: Catalog, models: Path
) -> None:
    station.queue(f"version:{LANTERN}")
    models.rename(models.with_name("unplugged"))
    station.run()
    (download,) = queue_of(catalog)
    assert download.state is S.FAILED
    assert "drive is away" in (download.error or "")
    assert not models.exists()


def test_stopped_everything_goes_on_from_its_bytes(
    station: Station, catalog: Catalog, models: Path
) -> None:
    part = models / "loras/SDXL/big.safetensors.part"
    stop_in_the_middle(station, part)
    assert states(catalog) == [S.QUEUED]
    assert catalog.downloads.downloads()[0].error is None
    assert size_of(part) > 0
    assert downloader(catalog) is None


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def stop_in_the_middle(station: Station, part: Path) -> None:
    """Begin to download the big file, and stop when some of it is there."""
    station.queue(f"version:{BIG}")
    station.speed.bytes_per_second = 1_000_000

    def stop() -> None:
        wait_for(lambda: size_of(part) > 200_000)
        station.cancel.cancel()

    stopper = threading.Thread(target=stop, daemon=True)
    stopper.start()
    with pytest.raises(Cancelled):
        station.run()
    stopper.join(60)


@pytest.mark.parametrize("after", [S.PAUSED, S.CANCELLED])
def test_a_person_elsewhere_pauses_or_cancels_what_runs(
    station: Station, catalog: Catalog, models: Path, after: DownloadState
) -> None:
    ids = station.queue(f"version:{BIG}")
    station.speed.bytes_per_second = 60_000  # there is time, however busy the machine is
    part = models / "loras/SDXL/big.safetensors.part"

    def elsewhere() -> None:
        wait_for(lambda: size_of(part) > 50_000)
        with Catalog.open(station.home) as other:
            assert downloader(other) is not None
            if after is S.PAUSED:
                other.downloads.pause(ids)
            else:
                cancel_downloads(other, ids)

    person = threading.Thread(target=elsewhere, daemon=True)
    person.start()
    report = station.run()
    person.join(60)
    assert states(catalog) == [after]
    assert report.landed == []
    assert part.exists() is (after is S.PAUSED)
    if after is S.PAUSED:
        station.speed.bytes_per_second = None
        catalog.downloads.resume()
        station.run()
        assert states(catalog) == [S.DONE]
    else:
        assert files_below(models) == []


def test_what_another_process_downloads_is_left_to_it(
    station: Station, catalog: Catalog, models: Path
) -> None:
    station.queue(f"version:{LANTERN}")
    with Catalog.open(station.home) as other:
        lease = other.jobs.acquire(DOWNLOADING, task="download")
        assert lease is not None
        report = station.run()
        assert report.elsewhere is not None
        assert "downloads these files as well" in report.elsewhere
        assert states(catalog) == [S.QUEUED]
        other.jobs.release(lease)
    assert len(station.run().landed) == 1


def test_what_a_killed_process_left_running_goes_on(station: Station, catalog: Catalog) -> None:
    station.queue(f"version:{LANTERN}")
    catalog.downloads.take()
    assert states(catalog) == [S.RUNNING]
    assert len(station.run().landed) == 1


def test_cancelling_deletes_what_came_and_clearing_forgets(
    station: Station, catalog: Catalog, models: Path
) -> None:
    stop_in_the_middle(station, models / "loras/SDXL/big.safetensors.part")
    assert files_below(models) != []
    (cancelled,) = cancel_downloads(catalog, [queue_of(catalog)[0].id])
    assert cancelled.state is S.CANCELLED
    assert files_below(models) == []
    assert len(clear_downloads(catalog)) == 1
    assert queue_of(catalog) == []


def test_progress_tells_of_each_file_and_of_all(station: Station) -> None:
    station.queue(f"version:{LANTERN}", f"version:{BIG}")
    station.speed.bytes_per_second = 2_000_000
    station.run()
    bars = [event for event in station.sink.events if event.unit == "bytes"]
    assert bars
    assert all(event.total is not None and 0 <= event.done <= event.total for event in bars)
    assert {file.name for file in station.files} >= {"big.safetensors"}
    rates = [file.rate for file in station.files if file.rate]
    assert rates


def test_everything_is_there_after_it_landed(station: Station, catalog: Catalog) -> None:
    """A scan that comes after has nothing to do."""
    from moves_kit import nothing_new  # noqa: PLC0415

    station.get(f"version:{LANTERN}", f"version:{BIG}")
    nothing_new(catalog)
    rows = catalog.search("").rows
    assert {row.state for row in rows} == {FileState.PRESENT}
