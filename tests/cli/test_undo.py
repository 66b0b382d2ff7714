"""`arrivals` and `undo` by hand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.kit import Run
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.arrivals import deal_with
from loradex.operations.libraries import find_library
from loradex.paths import Home
from loradex.plugin_manager import load_plugins


@pytest.fixture
def inbox(run: Run, tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    lora(folder / "first.safetensors", seed=1)
    (tmp_path / "models" / "loras").mkdir(parents=True)
    for each in (folder, tmp_path / "models"):
        assert run("library", "add", str(each), "--name", each.name).code == 0
    assert run("scan", "--hash", "never").code == 0
    return folder


@pytest.fixture
def placed(run: Run, home: Home, inbox: Path) -> Path:
    """Where a file went that arrived after a rule was set."""
    assert run("arrivals", "inbox", "--place-in", "models", "--template", "{base}").code == 0
    lora(inbox / "neon.safetensors", seed=2)
    assert run("scan", "--hash", "never").code == 0
    with Catalog.open(home) as catalog:
        deal_with(
            catalog,
            find_library(catalog, "inbox"),
            lambda: load_plugins(home, ()),
            sink=SilentSink(),
            cancel=CancelToken(),
        )
    return inbox.parent / "models" / "loras" / "SDXL" / "neon.safetensors"


def test_a_rule_is_set_shown_changed_and_taken_away(run: Run, inbox: Path) -> None:
    assert "nothing else is done" in run("arrivals", "inbox").out
    ended = run("arrivals", "inbox", "--tag", "fresh", "--tag", "new", "--auto-tag")
    assert "tagged fresh, new; tagged with what plugins propose" in ended.out
    run("arrivals", "inbox", "--no-auto-tag", "--place-in", "models", "--template", "{kind}")
    (rule,) = json.loads(run("arrivals", "inbox", "--json").out)
    assert rule == {
        "library": "inbox",
        "tags": ["fresh", "new"],
        "auto_tag": False,
        "place_in": "models",
        "template": "{kind}",
        "on": True,
    }
    assert len(run("arrivals").out.splitlines()) == 2
    assert "nothing else" in run("arrivals", "inbox", "--off").out


def test_a_dry_run_shows_what_a_rule_would_do_now(run: Run, inbox: Path) -> None:
    ended = run("arrivals", "inbox", "--tag", "x", "--place-in", "models", "--dry-run")
    assert ended.code == 0
    assert "Would tag 1 model with x." in ended.out
    assert str(inbox.parent / "models" / "loras" / "first.safetensors") in ended.out
    assert (
        run("arrivals", "models", "--tag", "x", "--dry-run").out == "Would tag 0 models with x.\n"
    )
    assert "nothing else is done" in run("arrivals", "inbox").out
    options = ("--tag", "x", "--place-in", "models", "--dry-run", "--json")
    shown = json.loads(run("arrivals", "inbox", *options).out)
    assert [move["from"] for move in shown["moves"]] == [str(inbox / "first.safetensors")]
    assert [tag["tag"] for tag in shown["tags"]] == ["x"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--tag", "x"),
        ("inbox", "--tag", ""),
        ("inbox", "--tag", "x", "--tag", " "),
        ("inbox", "--off", "--tag", "x"),
        ("inbox", "--template", "{base}"),
        ("inbox", "--place-in", "models", "--template", "../{base}"),
        ("inbox", "--place-in", "nowhere"),
    ],
)
def test_wrong_rules_are_refused(run: Run, inbox: Path, arguments: tuple[str, ...]) -> None:
    ended = run("arrivals", *arguments)
    assert ended.code == 2
    assert ended.err.startswith("Error: ")


def test_undo_brings_the_latest_back(run: Run, inbox: Path, placed: Path) -> None:
    assert placed.exists()
    (plan,) = json.loads(run("undo", "--list", "--json").out)
    assert (plan["kind"], plan["state"], plan["done"]) == ("arrivals", "applied", 1)
    assert str(placed) in run("undo", "--dry-run").out
    assert placed.exists()
    assert run("undo").out == "Plan 1: 1 file brought back.\n"
    assert (inbox / "neon.safetensors").exists()
    assert not placed.parent.exists()
    ended = run("undo")
    assert (ended.code, "nothing to undo" in ended.err) == (1, True)
    undo, moved = (line.split("\t") for line in run("undo", "--list").out.splitlines())
    assert (undo[0], undo[2:6]) == ("2", ["applied", "1", "1", "0"])
    assert (moved[0], moved[2:6]) == ("1", ["undone", "1", "1", "1"])
    assert run("undo", "2").code == 0
    assert placed.exists()


def test_undo_says_what_stays_and_why(run: Run, inbox: Path, placed: Path) -> None:
    lora(inbox / "neon.safetensors", seed=3)
    ended = run("undo")
    assert ended.code == 3
    assert "already" in ended.err
    assert ended.out == "Plan 1: 0 files brought back, 1 stays.\n"
    result = json.loads(run("undo", "1", "--json").out)
    assert [each["path"] for each in result["stays"]] == [str(placed)]
    assert placed.exists()


@pytest.mark.parametrize("arguments", [("undo", "77"), ("undo", "--list", "1"), ("undo", "x")])
def test_undo_of_nothing(run: Run, inbox: Path, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).code == 2
