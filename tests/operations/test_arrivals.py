"""What rules do with files that arrive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from files_kit import lora, write_safetensors
from loradex.catalog.catalog import Catalog
from loradex.domain.arrivals import ArrivalRule
from loradex.domain.library import Library
from loradex.domain.progress import CancelToken, SilentSink
from loradex.errors import UsageError
from loradex.operations.arrivals import ArrivalReport, check_rule, consider, deal_with
from loradex.operations.libraries import find_library, remove_library
from loradex.operations.moves.applying import carry_out
from loradex.operations.moves.undoing import plan_undo
from loradex.paths import Home
from loradex.plugin_manager import Plugins, load_plugins
from moves_kit import add, rescan


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    lora(tmp_path / "inbox" / "old.safetensors", seed=1)
    return tmp_path / "inbox"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "models" / "loras").mkdir(parents=True)
    (tmp_path / "models" / "checkpoints").mkdir()
    return tmp_path / "models"


@pytest.fixture
def catalog(home: Home, inbox: Path, models: Path) -> Iterator[Catalog]:
    with Catalog.open(home) as opened:
        add(opened, inbox, models)
        yield opened


@pytest.fixture
def plugins(home: Home) -> Plugins:
    return load_plugins(home, ())


def library(catalog: Catalog, name: str) -> Library:
    return find_library(catalog, name)


def set_rule(catalog: Catalog, template: str = "", *, place: bool = True) -> None:
    target = library(catalog, "models").id if place else None
    rule = ArrivalRule(("fresh",), False, target, template)
    check_rule(catalog, library(catalog, "inbox"), rule)
    catalog.arrivals.set_rule(library(catalog, "inbox").id, rule)


def arrive(catalog: Catalog, plugins: Plugins, name: str = "inbox") -> ArrivalReport | None:
    rescan(catalog)
    return deal_with(
        catalog,
        library(catalog, name),
        lambda: plugins,
        sink=SilentSink(),
        cancel=CancelToken(),
    )


def test_new_files_are_tagged_and_placed_and_old_ones_are_not(
    catalog: Catalog, plugins: Plugins, inbox: Path, models: Path
) -> None:
    set_rule(catalog, "{base}")
    lora(inbox / "new.safetensors", seed=2)
    (inbox / "new.txt").write_text("about it")
    report = arrive(catalog, plugins)
    assert report is not None
    assert report.moves.files == 2
    assert (models / "loras" / "SDXL" / "new.safetensors").exists()
    assert (models / "loras" / "SDXL" / "new.txt").exists()
    assert (inbox / "old.safetensors").exists()
    assert [row.tags for row in catalog.rows(catalog.ids("name:new"))] == [("fresh",)]
    (tag,) = catalog.details(catalog.ids("name:new")[0]).tags
    assert tag.source == "rule"
    assert arrive(catalog, plugins) is None


def test_a_folder_is_spelled_as_it_is(
    catalog: Catalog, plugins: Plugins, inbox: Path, models: Path
) -> None:
    (models / "loras" / "sdxl").mkdir()
    set_rule(catalog, "{base}")
    lora(inbox / "new.safetensors", seed=2)
    arrive(catalog, plugins)
    assert (models / "loras" / "sdxl" / "new.safetensors").exists()


def test_what_is_taken_back_stays_back(
    catalog: Catalog, plugins: Plugins, inbox: Path, models: Path
) -> None:
    set_rule(catalog)
    lora(inbox / "new.safetensors", seed=2)
    report = arrive(catalog, plugins)
    assert report is not None
    plan = plan_undo(catalog, report.moves.plan_id or 0)
    carry_out(catalog, plan, sink=SilentSink(), cancel=CancelToken())
    catalog.person.remove_tags(catalog.ids("name:new"), ["fresh"])
    assert arrive(catalog, plugins) is None
    assert (inbox / "new.safetensors").exists()
    assert [row.tags for row in catalog.rows(catalog.ids("name:new"))] == [()]


def test_a_persons_removal_wins(catalog: Catalog, plugins: Plugins, inbox: Path) -> None:
    lora(inbox / "new.safetensors", seed=2)
    rescan(catalog)
    (content,) = catalog.ids("name:new")
    catalog.person.remove_tags([content], ["Fresh"])
    set_rule(catalog, place=False)
    (inbox / "copy.safetensors").write_bytes((inbox / "new.safetensors").read_bytes())
    arrive(catalog, plugins)
    (row,) = catalog.rows([content])
    assert (row.copies, row.tags) == (2, ())


def test_a_taken_name_and_an_unknown_kind_stay(
    catalog: Catalog, plugins: Plugins, inbox: Path, models: Path
) -> None:
    set_rule(catalog)
    lora(models / "loras" / "new.safetensors", seed=3)
    lora(inbox / "new.safetensors", seed=2)
    write_safetensors(inbox / "odd.safetensors", {"nobody.knows": (4, 4)})
    report = arrive(catalog, plugins)
    assert report is not None
    reasons = {each.source.name_shown: each.reason for each in report.intent.plan.conflicts}
    assert "already" in reasons["new.safetensors"]
    assert "not known" in reasons["odd.safetensors"]
    assert (inbox / "new.safetensors").exists()
    assert arrive(catalog, plugins) is None


def test_a_file_that_cannot_be_read_yet_waits(
    catalog: Catalog, plugins: Plugins, inbox: Path, models: Path, tmp_path: Path
) -> None:
    set_rule(catalog)
    data = lora(tmp_path / "whole.safetensors", seed=2).read_bytes()
    (inbox / "late.safetensors").write_bytes(data[:5000])
    lora(inbox / "now.safetensors", seed=4)
    arrive(catalog, plugins)
    assert (models / "loras" / "now.safetensors").exists()
    (inbox / "late.safetensors").write_bytes(data)
    arrive(catalog, plugins)
    assert (models / "loras" / "late.safetensors").exists()


def test_rules_of_two_libraries_do_not_play_ball(
    catalog: Catalog, plugins: Plugins, inbox: Path, models: Path
) -> None:
    set_rule(catalog)
    back = ArrivalRule(("seen",), False, library(catalog, "inbox").id, "")
    catalog.arrivals.set_rule(library(catalog, "models").id, back)
    lora(inbox / "new.safetensors", seed=2)
    arrive(catalog, plugins)
    assert arrive(catalog, plugins, "models") is None
    assert (models / "loras" / "new.safetensors").exists()
    assert [row.tags for row in catalog.rows(catalog.ids("name:new"))] == [("fresh",)]


def test_a_link_inside_the_place_leads_nowhere_else(
    catalog: Catalog, plugins: Plugins, inbox: Path, models: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (models / "loras" / "SDXL").symlink_to(tmp_path / "outside")
    set_rule(catalog, "{base}")
    lora(inbox / "new.safetensors", seed=2)
    report = arrive(catalog, plugins)
    assert report is not None
    assert "link" in report.intent.plan.conflicts[0].reason
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_target_that_is_gone_is_said(catalog: Catalog, plugins: Plugins, inbox: Path) -> None:
    set_rule(catalog)
    remove_library(catalog, "models")
    lora(inbox / "new.safetensors", seed=2)
    report = arrive(catalog, plugins)
    assert report is not None
    assert "not there any more" in report.intent.plan.conflicts[0].reason
    assert [row.tags for row in catalog.rows(catalog.ids("name:new"))] == [("fresh",)]


def test_plugins_propose_when_they_are_asked(
    catalog: Catalog, plugins: Plugins, inbox: Path
) -> None:
    lora(inbox / "anime_style_xl.safetensors", seed=2)
    rescan(catalog)
    here = catalog.arrivals.present(library(catalog, "inbox").id)
    inbox_library = library(catalog, "inbox")
    asked = consider(catalog, inbox_library, ArrivalRule(auto_tag=True), here, lambda: plugins)
    assert {each.tag for each in asked.proposals}
    silent = consider(catalog, inbox_library, ArrivalRule(), here, lambda: plugins)
    assert silent.proposals == ()


@pytest.mark.parametrize(
    "rule",
    [
        ArrivalRule(template="{base}"),
        ArrivalRule(place_in=4711),
        ArrivalRule(tags=("a",), template="{nothing}", place_in=1),
    ],
)
def test_rules_that_cannot_be_meant(catalog: Catalog, rule: ArrivalRule) -> None:
    with pytest.raises(UsageError):
        check_rule(catalog, library(catalog, "inbox"), rule)
