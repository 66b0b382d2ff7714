"""What references mean, where files would go, and what stands in the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from loradex.catalog.catalog import Catalog
from loradex.demo.hub_server import LocalHub
from loradex.domain.kinds import ModelKind
from loradex.errors import BadReference, LibraryError, UnknownLibrary, UsageError
from loradex.operations.downloads.choosing import Wishes
from loradex.operations.downloads.plan import DownloadOptions, DownloadPlan, Verdict
from loradex.operations.downloads.references import references_in
from operations.downloads.conftest import Connect, Station
from operations.downloads.world import (
    BIG,
    EARLY_LANTERN,
    HARBOUR,
    HOSTILE,
    LANTERN,
    MISLABELLED,
    SITE_ONLY,
    files_below,
    make_library,
)


def places(plan: DownloadPlan) -> list[str]:
    return [file.new.relative.decode() for file in plan.files if file.new is not None]


@pytest.mark.parametrize(
    "form",
    [
        "{url}/models/100/paper-lantern?modelVersionId=102",
        "{url}/api/download/models/102",
        "{url}/api/download/models/102?fileId=1002",
        "urn:air:sdxl:lora:civitai:100@102",
        "civitai:100@102",
        "version:102",
        "model:100",
        "{url}/models/100",
    ],
)
def test_many_names_of_one_file(station: Station, hub: LocalHub, form: str) -> None:
    plan = station.plan(form.format(url=hub.url))
    assert [(file.version.id, file.file.id) for file in plan.files] == [(LANTERN, 1002)]
    assert places(plan) == ["loras/SDXL/lantern.safetensors"]


def test_a_model_says_which_newer_version_it_passed_over(station: Station) -> None:
    (note,) = station.plan("model:100").notes
    assert "early access until 2999-01-01" in note


def test_a_plan_writes_nothing(station: Station, models: Path, catalog: Catalog) -> None:
    station.plan("model:100", f"version:{HARBOUR}")
    assert files_below(models) == []
    assert not (models / "loras" / "SDXL").exists()
    assert catalog.downloads.downloads() == []


def test_a_checkpoint_with_everything(station: Station) -> None:
    everything = DownloadOptions(wishes=Wishes(names=("all",)), folders="")
    plan = station.plan(f"version:{HARBOUR}", options=everything)
    assert places(plan) == [
        "checkpoints/harbourFog_v3.safetensors",
        "checkpoints/harbourFog_v3-2002.safetensors",
        "vae/harbourFog.vae.safetensors",
        "checkpoints/harbourFog_v3.yaml",
    ]


@pytest.mark.parametrize(
    ("template", "folder"),
    [
        ("", "loras"),
        ("{base}/{creator}", "loras/SDXL/mosskettle"),
        ("{model}/{version}", "loras/Paper Lantern 紙灯り/v102"),
        ("{kind}-{derivative}", "loras/LoRA-unknown"),
    ],
)
def test_folders_follow_the_template(station: Station, template: str, folder: str) -> None:
    plan = station.plan(f"version:{LANTERN}", options=DownloadOptions(folders=template))
    assert places(plan) == [f"{folder}/lantern.safetensors"]


def test_a_folder_that_is_there_keeps_its_spelling(station: Station, models: Path) -> None:
    (models / "loras" / "sdxl").mkdir()
    assert places(station.plan(f"version:{LANTERN}")) == ["loras/sdxl/lantern.safetensors"]


def test_a_link_that_leads_elsewhere_is_not_followed(
    station: Station, models: Path, tmp_path: Path
) -> None:
    (models / "loras" / "SDXL").symlink_to(tmp_path)
    (file,) = station.plan(f"version:{LANTERN}").files
    assert file.verdict is Verdict.REFUSED
    assert "link that leads elsewhere" in file.reason


@pytest.mark.parametrize(
    "there", ["LANTERN.safetensors", "lantern.ckpt", "Lantern.safetensors.part"]
)
def test_a_name_that_some_disk_takes_for_another_is_taken(
    station: Station, models: Path, there: str
) -> None:
    (models / "loras" / "SDXL").mkdir()
    (models / "loras" / "SDXL" / there).write_bytes(b"mine")
    assert places(station.plan(f"version:{LANTERN}")) == ["loras/SDXL/lantern-1002.safetensors"]


def test_hostile_names_stay_in_their_folder_and_apart(station: Station) -> None:
    everything = DownloadOptions(wishes=Wishes(names=("all",)))
    found = places(station.plan(f"version:{HOSTILE}", options=everything))
    names = [place.removeprefix("loras/SDXL/") for place in found]
    assert names[:3] == [
        "escaped.safetensors",
        "_CON.safetensors",
        "line_break_gnp.safetensors",
    ]
    assert names[3] == "x" * 120 + ".safetensors"
    assert names[4:] == ["_CON-5004.safetensors", "same.SAFETENSORS", "SAME-5006.safetensors"]


@pytest.mark.parametrize(
    ("version", "reason"), [(SITE_ONLY, "creator"), (EARLY_LANTERN, "arly access")]
)
def test_what_cannot_be_had_says_why(
    connect: Connect, models: Path, version: int, reason: str
) -> None:
    (file,) = connect(key=None).plan(f"version:{version}").files
    assert file.verdict is Verdict.REFUSED
    assert reason in file.reason


def test_what_is_owned_is_not_fetched_again(station: Station, models: Path) -> None:
    station.get(f"version:{LANTERN}")
    (file,) = station.plan(f"version:{LANTERN}").files
    assert file.verdict is Verdict.OWNED
    assert str(models / "loras/SDXL/lantern.safetensors") in file.reason
    again = station.plan(f"version:{LANTERN}", options=DownloadOptions(again=True))
    assert places(again) == ["loras/SDXL/lantern-1002.safetensors"]


def test_what_is_queued_is_not_queued_again(station: Station) -> None:
    ids = station.queue(f"version:{LANTERN}")
    (file,) = station.plan(f"version:{LANTERN}").files
    assert (file.verdict, [file.download_id]) == (Verdict.QUEUED, ids)
    assert station.queue(f"version:{LANTERN}") == ids


def test_a_place_that_the_queue_has_is_taken(station: Station, catalog: Catalog) -> None:
    harbour = DownloadOptions(wishes=Wishes(names=("2001",)), folders="")
    station.queue(f"version:{HARBOUR}", options=harbour)
    pruned = DownloadOptions(wishes=Wishes(names=("2002",)), folders="")
    plan = station.plan(f"version:{HARBOUR}", options=pruned)
    assert places(plan) == ["checkpoints/harbourFog_v3-2002.safetensors"]


def test_one_bad_reference_never_stops_a_list(station: Station) -> None:
    plan = station.plan("102", "version:999", "https://example.invalid/x", f"version:{LANTERN}")
    assert [problem.item for problem in plan.problems] == [
        "102",
        "version:999",
        "https://example.invalid/x",
    ]
    assert plan.problems[0].hint == "Write version:102 or model:102."
    assert len(plan.files) == 1


def test_the_only_reference_has_to_be_good(station: Station) -> None:
    with pytest.raises(BadReference, match="may be a model or a version"):
        station.plan("102")


def test_a_kind_without_a_folder_is_asked_for(station: Station, catalog: Catalog) -> None:
    folders = catalog.files.libraries()[0]
    catalog.libraries.set_folders(folders.id, {"loras": ModelKind.LORA})
    assert places(station.plan(f"version:{LANTERN}")) == ["loras/SDXL/lantern.safetensors"]


def test_a_person_chooses_between_libraries(
    station: Station, catalog: Catalog, tmp_path: Path, connect: Connect
) -> None:
    make_library(catalog, tmp_path / "other", "other")
    with pytest.raises(UsageError, match="Several libraries take a LoRA: models, other"):
        station.plan(f"version:{LANTERN}")
    with pytest.raises(UnknownLibrary):
        station.plan(f"version:{LANTERN}", options=DownloadOptions(library="neither"))
    chosen = station.plan(f"version:{LANTERN}", options=DownloadOptions(library="other"))
    assert chosen.files[0].new is not None
    assert chosen.files[0].new.root == bytes(tmp_path / "other")
    usual = connect(download_library="other").plan(f"version:{LANTERN}")
    assert usual.files[0].new == chosen.files[0].new


def test_without_a_library_nothing_goes_anywhere(connect: Connect) -> None:
    with pytest.raises(LibraryError, match="no library to download to"):
        connect().plan(f"version:{LANTERN}")


def test_a_library_that_is_away_gets_nothing(station: Station, models: Path) -> None:
    models.rename(models.with_name("unplugged"))
    (file,) = station.plan(f"version:{LANTERN}").files
    assert "its drive is away" in file.reason


def test_the_room_is_for_all_of_it(station: Station) -> None:
    station.queue(f"version:{BIG}")
    (room,) = station.plan(f"version:{LANTERN}", f"version:{MISLABELLED}").rooms
    assert room.needed > 5000
    assert room.waiting > 2_900_000
    assert room.lacking == 0


def test_a_list_has_comments_and_one_reference_a_line() -> None:
    text = (
        "\ufeff# mine\n\n  version:1  # the first\nhttps://hub.test/models/1#files\n\tmodel:2\r\n"
    )
    assert references_in(text.splitlines()) == [
        "version:1",
        "https://hub.test/models/1#files",
        "model:2",
    ]


@pytest.mark.parametrize("lines", [["x" * 3000], ["model:1"] * 10_001], ids=["wide", "long"])
def test_a_list_that_is_none_is_refused(lines: list[str]) -> None:
    with pytest.raises(UsageError, match="list"):
        references_in(lines)
