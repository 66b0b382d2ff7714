"""`loradex hub search`, `show` and `updates`, as a person calls them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from cli.kit import HOSTILE, Ended, Run
from loradex.catalog.catalog import Catalog
from loradex.cli import columns as columns_module
from loradex.cli import hub_search_text, hub_show_text, hub_updates_text
from loradex.cli.columns import cell_width
from loradex.demo import hub_trouble
from loradex.demo.hub_server import LocalHub
from loradex.demo.hub_world import WorldImage, WorldModel
from loradex.hub import gates
from loradex.paths import Home
from operations.hub_kit import (
    forget_answers,
    hub_model,
    hub_version,
    match_all,
    opened,
    own,
    sha,
    world,
)

WIDE_NAME = "紙灯り Paper Lantern – soft light for every base model there is, all versions"


def models(picture: Path) -> list[WorldModel]:
    return [
        hub_model(
            1,
            "Neon Knight",
            hub_version(13, "Pony", "2026-06-01", early_access_until="2999-01-01T00:00:00.000Z"),
            hub_version(
                12,
                "Pony",
                "2026-03-01",
                trained_words=("neonkn, ", "glowing edges"),
                images=(
                    WorldImage(id=120, type="video"),
                    WorldImage(id=121, content_level=8),
                    WorldImage(id=122, path=str(picture)),
                ),
            ),
            hub_version(14, "SDXL 1.0", "2026-04-01"),
            hub_version(11, "Pony", "2025-01-01"),
            downloads=5000,
            likes=200,
            description=f"<p>A knight. {HOSTILE}</p>" + "<p>More of it.</p>" * 40,
        ),
        hub_model(2, WIDE_NAME, hub_version(21, "SDXL 1.0", "2025-01-01"), downloads=4000),
        hub_model(3, HOSTILE, hub_version(31, "SD 1.5", "2024-01-01"), creator=HOSTILE),
        hub_model(4, "Grown Up", hub_version(41, "Pony", "2024-01-01"), content_level=8),
        hub_model(5, "Old Maps", hub_version(51, "Pony", "2024-01-01"), mode="Archived"),
    ]


@pytest.fixture
def hub(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """A hub that the settings name; version 11 is owned and matched."""
    picture = tmp_path / "picture.png"
    Image.new("RGB", (900, 600), "orange").save(picture)
    monkeypatch.setattr(gates, "REQUESTS_PER_SECOND", 1000.0)
    with LocalHub(world(*models(picture))) as hub:
        monkeypatch.setenv("LORADEX_HUB_URL", hub.url)
        monkeypatch.setenv("LORADEX_HUB_RETRIES", "0")
        with Catalog.open(home) as catalog, opened(hub, home) as hubs:
            own(catalog, 11)
            match_all(catalog, hubs)
        yield hub


Terminal = Callable[[int], None]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Let the output be a terminal of some width."""

    def wide(columns: int) -> None:
        monkeypatch.setenv("COLUMNS", str(columns))
        for module in (columns_module, hub_search_text, hub_show_text, hub_updates_text):
            monkeypatch.setattr(module, "is_terminal", lambda stream: stream is sys.stdout)

    return wide


def told(ended: Ended) -> dict[str, object]:
    document = json.loads(ended.out)
    assert isinstance(document, dict)
    return document


def clean(text: str) -> bool:
    return not {"\x1b", "\x07", "\u202e"} & set(text)


def test_a_search_pipes_as_lines(hub: LocalHub, run: Run) -> None:
    ended = run("hub", "search")

    assert ended.code == 0
    first, second, third = (line.split("\t") for line in ended.out.splitlines())
    assert first == [
        "model:1", "older", "Neon Knight", "SDXL 1.0", "LoRA", "1 kB", "2026-04-01", "5,000",
        "200", "maker",
    ]  # fmt: skip
    assert (second[0], second[1], second[2]) == ("model:2", "", WIDE_NAME)
    assert third[0] == "model:3"
    assert clean(ended.out)
    assert "1 model hidden" in ended.err
    assert "`safe`" in ended.err


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["neon"], ["model:1"]),
        (["kind:lora", "base:sdxl", "--sort", "newest"], ["model:1", "model:2"]),
        (["--base", "SD 1.5"], ["model:3"]),
        (["--base", "pony", "--content-limit", "x"], ["model:1", "model:4"]),
        (["--type", "checkpoint"], []),
        (["--tag", "nights"], []),
        (["--owned"], ["model:1"]),
        (["--not-owned"], ["model:2", "model:3"]),
        (["--limit", "1"], ["model:1"]),
        (["--limit", "2", "--not-owned"], ["model:2", "model:3"]),
        (["--all-pages"], ["model:1", "model:2", "model:3"]),
    ],
)
def test_a_search_narrows_down(
    hub: LocalHub, run: Run, arguments: list[str], found: list[str]
) -> None:
    ended = run("hub", "search", *arguments)
    assert [line.split("\t")[0] for line in ended.out.splitlines()] == found
    assert ended.code == 0
    assert ("Nothing was found." in ended.err) == (not found)


def test_a_search_goes_on_where_it_ended(hub: LocalHub, run: Run) -> None:
    first = told(run("hub", "search", "--limit", "2", "--json"))
    cursor = str(first["cursor"])
    assert cursor in run("hub", "search", "--limit", "2").err
    second = told(run("hub", "search", "--limit", "2", "--more", cursor, "--json"))
    assert [m["ref"] for m in [*first["models"], *second["models"]]] == [  # type: ignore[misc]
        "model:1",
        "model:2",
        "model:3",
    ]
    assert second["cursor"] is None


def test_a_search_that_breaks_off_shows_what_was_found(hub: LocalHub, run: Run) -> None:
    cursor = told(run("hub", "search", "--limit", "2", "--json"))["cursor"]  # and it is kept
    hub.trouble(hub_trouble.edge_page(403), times=9)
    arguments = ("hub", "search", "--limit", "2", "--not-owned")
    ended = run(*arguments)
    assert (ended.code, ended.out.partition("\t")[0]) == (3, "model:2")
    assert "That is not all" in ended.err
    assert f"--more '{cursor}'" in ended.err
    document = told(run(*arguments, "--json"))
    assert document["cursor"] == cursor
    assert "robot" in str(document["problem"])


def test_a_cursor_that_is_none_is_told(hub: LocalHub, run: Run) -> None:
    ended = run("hub", "search", "--more", "nonsense")
    assert ended.code == 1
    assert "--more takes what the same search printed last" in ended.err


def test_a_search_as_json(hub: LocalHub, run: Run, home: Home) -> None:
    found = told(run("hub", "search", "neon", "--json"))
    assert (found["hub"], found["hidden"], found["left_out"], found["kept"]) == (
        "civitai", 0, 0, False,
    )  # fmt: skip
    [neon] = found["models"]  # type: ignore[misc]
    owned = {version["version_id"]: version["owned"] for version in neon["versions"]}
    assert owned == {11: 1, 12: None, 13: None, 14: None}
    assert (neon["newest"], neon["size"], neon["kind"]) == (14, 1014, "lora")
    assert neon["page_url"] == f"{hub.url}/models/1"


def test_a_search_offline_finds_what_was_seen(hub: LocalHub, run: Run, home: Home) -> None:
    run("hub", "search")
    forget_answers(home)
    asked = len(hub.requests)
    ended = run("hub", "search", "neon", "--offline")
    assert ended.out.startswith("model:1\tolder\tNeon Knight")
    assert "not asked" in ended.err
    assert len(hub.requests) == asked


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--type", "sofa"], "sofa"),
        (["rating:4"], "no field rating"),
        (["--hub", "nowhere"], "no hub 'nowhere'"),
        (["--limit", "0"], "0"),
        (["--content-limit", "everything"], "everything"),
    ],
)
def test_a_search_that_means_nothing_is_told(
    hub: LocalHub, run: Run, arguments: list[str], said: str
) -> None:
    ended = run("hub", "search", *arguments)
    assert ended.code == 2
    assert said in ended.err


def test_a_hub_in_trouble_is_one_sentence(hub: LocalHub, run: Run) -> None:
    hub.trouble(hub_trouble.edge_page(403), times=9)
    ended = run("hub", "search")
    assert ended.code == 1
    assert "robot" in ended.err


@pytest.mark.parametrize("columns", [80, 140])
@pytest.mark.parametrize(
    "arguments",
    [
        ["search"],
        ["show", "model:1", "--files", "--images", "--versions"],
        ["show", "model:3"],
        ["updates", "--any-base", "--early-access"],
    ],
)
def test_everything_fits_the_terminal(
    hub: LocalHub, run: Run, terminal: Terminal, columns: int, arguments: list[str]
) -> None:
    terminal(columns)
    ended = run("hub", *arguments)
    assert ended.code == 0
    lines = ended.out.splitlines()
    assert lines
    for line in lines:
        assert cell_width(line) <= columns, line
        assert clean(line)
    if "model:3" not in arguments:
        assert "Neon Knight" in ended.out, "a name that is cut tells nothing"


def test_show_tells_what_is_there_and_what_is_hidden(hub: LocalHub, run: Run) -> None:
    ended = run("hub", "show", "model:1")

    assert ended.code == 0
    assert clean(ended.out)
    for words in (
        "Neon Knight",
        "LoRA by maker",
        "loradex hub get model:1",
        "5,000 downloads, 200 likes",
        "credit",
        "A knight.",
        "more lines",
        "early access until 2999",
    ):
        assert words in ended.out
    assert "1 picture hidden" in ended.err
    whole = run("hub", "show", "model:1", "--versions")
    assert whole.out.count("More of it.") == 40
    assert "neonkn | glowing edges" in whole.out


def test_show_of_a_version_shows_that_version(hub: LocalHub, run: Run) -> None:
    ended = run("hub", "show", "version:12", "--files", "--images")
    assert "> version:12" in ended.out
    assert "Trigger words  neonkn | glowing edges" in ended.out
    assert sha(12) in ended.out
    assert sha(11) not in ended.out
    assert "121.jpeg" not in ended.out
    assert "122.jpeg" in ended.out
    assert "121.jpeg" in run("hub", "show", "version:12", "--images", "--content-limit", "x").out


def test_show_takes_a_model_that_is_owned(hub: LocalHub, run: Run) -> None:
    ended = run("hub", "show", "1")
    assert ended.code == 0
    assert "loradex show 1" in ended.out


def test_show_as_json(hub: LocalHub, run: Run) -> None:
    found = told(run("hub", "show", "version:12", "--json"))
    assert (found["name"], found["named_version"], found["hidden_images"]) == ("Neon Knight", 12, 1)
    versions = {version["version_id"]: version for version in found["versions"]}  # type: ignore[attr-defined]
    assert list(versions) == [13, 14, 12, 11]
    assert versions[11]["owned"] == 1
    assert versions[12]["files"][0]["hashes"]["SHA256"] == sha(12)
    assert versions[12]["trigger_words"] == ["neonkn", "glowing edges"]
    assert versions[13]["withheld"].startswith("early access")


def test_show_saves_a_preview_and_replaces_nothing(hub: LocalHub, run: Run, tmp_path: Path) -> None:
    target = tmp_path / "preview.jpg"
    assert run("hub", "show", "version:12", "--save-preview", str(target)).code == 0
    with Image.open(target) as image:
        assert image.size == (450, 300)
    before = target.read_bytes()
    again = run("hub", "show", "version:12", "--save-preview", str(target))
    assert again.code == 1
    assert "exists" in again.err
    assert target.read_bytes() == before
    bare = hub_model(6, "Six", hub_version(61, "Pony", "2024-01-01", images=()))
    with LocalHub(world(bare)) as other, pytest.MonkeyPatch.context() as patch:
        patch.setenv("LORADEX_HUB_URL", other.url)
        none = run("hub", "show", "model:6", "--save-preview", str(tmp_path / "x.jpg"))
    assert none.code == 1
    assert "no picture" in none.err


def test_a_preview_that_cannot_be_had_is_told(hub: LocalHub, run: Run, tmp_path: Path) -> None:
    target = tmp_path / "preview.jpg"
    told = run("hub", "show", "version:14", "--save-preview", str(target))  # its bytes are nowhere
    assert told.code == 1
    assert "could not be had" in told.err
    assert run("hub", "show", "version:12").code == 0
    offline = run("hub", "show", "version:12", "--offline", "--save-preview", str(target))
    assert offline.code == 1
    assert "offline nobody is asked" in offline.err
    assert not target.exists()


def test_show_of_nothing_is_told(hub: LocalHub, run: Run) -> None:
    for reference in ("model:999", "nonsense", "900101"):
        ended = run("hub", "show", reference)
        assert ended.code == 2
        assert ended.out == ""


def test_updates_pipe_as_lines(hub: LocalHub, run: Run) -> None:
    ended = run("hub", "updates")
    assert ended.code == 0
    assert [line.split("\t") for line in ended.out.splitlines()] == [
        ["Neon Knight", "have", "v11", "Pony", "2025-01-01", "", "show 1", ""],
        ["Neon Knight", "new", "v12", "Pony", "2026-03-01", "1 kB", "hub get version:12", ""],
    ]
    assert "1 newer version of 1 model" in ended.err
    assert "--any-base" in ended.err
    assert "--early-access" in ended.err


def test_updates_as_json(hub: LocalHub, run: Run) -> None:
    found = told(run("hub", "updates", "kind:lora", "--early-access", "--json"))
    [neon] = found["models"]  # type: ignore[misc]
    assert [version["version_id"] for version in neon["new"]] == [13, 12]
    assert [(have["version_id"], have["id"]) for have in neon["have"]] == [(11, 1)]
    assert found["hidden"] == {
        "ignored": 0, "other_base": 1, "early_access": 0, "not_downloadable": 0,
    }  # fmt: skip
    assert told(run("hub", "updates", "kind:vae", "--json"))["checked"] == 0


def test_updates_are_ignored_and_wanted_again(hub: LocalHub, run: Run) -> None:
    assert "is ignored" in run("hub", "updates", "--ignore", "version:12").out
    ended = run("hub", "updates")
    assert ended.out == ""
    assert "1 ignored" in ended.err
    listed = run("hub", "updates", "--ignored").out
    assert "version:12" in listed
    assert "Neon Knight v12" in listed
    assert "looked for again" in run("hub", "updates", "--unignore", "version:12").out
    assert "hub get version:12" in run("hub", "updates").out


def test_updates_are_fetched_when_asked(hub: LocalHub, run: Run, home: Home) -> None:
    ended = run("hub", "updates", "--get", "--progress", "none")
    # There is no library to put it in: what `hub get` says about that is said here, too.
    assert ended.code != 0
    assert "v12" in ended.out
    assert run("hub", "updates", "--get", "--json").code == 2


@pytest.mark.parametrize("command", ["search", "updates"])
def test_programs_may_follow_along(hub: LocalHub, run: Run, command: str) -> None:
    ended = run("hub", command, "--progress", "json")
    *_, last = [json.loads(line) for line in ended.out.splitlines()]
    assert last["event"] == "done"
    assert next(model["ref"] for model in last["models"]) == "model:1"


def test_updates_without_the_hub_compare_what_was_told(hub: LocalHub, run: Run, home: Home) -> None:
    run("hub", "updates")
    forget_answers(home)
    hub.trouble(hub_trouble.overloaded(None), times=9)
    ended = run("hub", "updates")
    assert ended.code == 3
    assert "hub get version:12" in ended.out
    assert "overloaded" in ended.err
    offline = run("hub", "updates", "--offline")
    assert offline.code == 0
    assert "hub get version:12" in offline.out
    assert "compared as told before" in offline.err


@pytest.mark.parametrize("command", ["search", "show", "updates"])
def test_the_help_has_examples(run: Run, command: str) -> None:
    ended = run("hub", command, "--help")
    assert ended.code == 0
    assert f"loradex hub {command}" in ended.out
