"""`loradex inbox`: what it lists, in words and as JSON, and what its decisions write."""

from __future__ import annotations

import io
import json

import pytest

from catalog_kit import add_library, look
from cli.kit import HOSTILE, Run
from loradex.catalog.catalog import Catalog
from loradex.operations.inbox.survey_file import kept_survey
from loradex.paths import Home

RULES = (
    '[settings]\nplugins = false\n[rules.anime]\nwords = ["anime"]\n[rules.neon]\nwords = ["neon"]'
)


@pytest.fixture
def waiting(home: Home) -> Home:
    """1 has two tags to be proposed, 2 one, 3 is of unknown kind, 4 plain, and its name hostile."""
    home.tagging.write_text(RULES)
    with Catalog.open(home) as catalog:
        catalog.looks.record(
            add_library(catalog),
            [
                look("anime neon.safetensors", 1),
                look("neon.safetensors", 2),
                look("riddle.safetensors", 3, kind="unknown", base=None),
                look(f"{HOSTILE}.safetensors", 4),
            ],
            "1",
        )
    return home


def tags(home: Home) -> list[tuple[str, ...]]:
    with Catalog.open(home) as catalog:
        return [row.tags for row in catalog.rows([1, 2, 3, 4])]


def test_it_lists_what_waits(waiting: Home, run: Run) -> None:
    ended = run("inbox")
    assert ended.code == 0
    assert "anime, neon" in ended.out
    assert "likely 70%" in ended.out
    assert "\x1b" not in ended.out
    assert "1 match, 2 with tags, 1 new. Take them" in ended.err
    assert run("inbox", "--counts").out == "1 match, 2 with tags, 1 new\n"
    assert json.loads(run("inbox", "--counts", "--json").out) == {"match": 1, "tags": 2, "new": 1}
    # The counters of all are kept for the terminal UI; those of a query are not.
    run("inbox", "-q", "neon", "--counts")
    survey = kept_survey(waiting)
    assert survey is not None
    assert survey.looked == 4
    (neon,) = json.loads(run("inbox", "-q", "neon -anime", "--json").out)
    assert (neon["id"], neon["group"], neon["new"]) == (2, "tags", True)
    assert neon["tags"] == [
        {
            "tag": "neon",
            "rule": "neon",
            "reason": "The file's name has the word “neon”.",
            "confidence": 0.7,
        }
    ]
    assert [each["id"] for each in json.loads(run("inbox", "--group", "new", "--json").out)] == [4]
    assert "… and 3 more" in run("inbox", "--limit", "1").err


def test_it_shows_one_model(waiting: Home, run: Run) -> None:
    ended = run("inbox", "anime neon")
    assert "+ anime · likely 70% · from anime: The file's name has the word “anime”." in ended.out
    asked = run("inbox", "3")
    assert "? kind: Nothing tells what it is." in asked.out
    assert "lora — LoRA: Nothing says so; choose it if you know." in asked.out
    (item,) = json.loads(run("inbox", "3", "--json").out)
    assert item["questions"][0]["choices"][0]["value"] == "lora"
    assert run("inbox", "3", "--counts").code == 2


def test_decisions_are_written_and_taken_back(waiting: Home, run: Run) -> None:
    dry = run("inbox", "accept", "1", "-n")
    assert "+anime" in dry.out
    assert "Would decide: 2 tags of 1 model." in dry.err
    assert tags(waiting) == [()] * 4
    assert run("inbox", "accept", "1", "--only", "ANIME").code == 0
    assert run("inbox", "dismiss", "1").code == 0
    assert tags(waiting)[0] == ("anime",)
    assert "nothing to decide" in run("inbox", "1").err
    assert "Added 1 tag of 1 model." in run("inbox", "accept", "--all", "--at-least", "70").err
    assert run("inbox", "accept", "3", "--answer", "kind=vae").code == 0
    assert run("list", "kind:vae", "--json").out.count('"id"') == 1
    assert run("inbox", "dismiss", "--all", "--group", "new").code == 0
    assert "Nothing to review." in run("inbox").err
    assert "Would take back" in run("inbox", "undo", "-n").err
    models = ("1 model", "1 model", "1 model", "1 model", "2 models")
    whats = ("1 tag of", "1 tag refused of", "1 tag of", "1 answer of", "the look at")
    for what, of in reversed(list(zip(whats, models, strict=True))):
        assert f"Took back {what} {of}." in run("inbox", "undo").err
    assert tags(waiting) == [()] * 4
    assert run("inbox", "undo").code == 2


def test_progress_is_told_to_programs(
    waiting: Home, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.nice", lambda _by: 0)  # the tests go on in this process
    events = [
        json.loads(line)
        for line in run("inbox", "--counts", "--progress", "json").out.split("\n")
        if line
    ]
    assert [event["event"] for event in events[-2:]] == ["progress", "done"]
    assert events[-1]["message"] == "Inbox: 1 match, 2 with tags, 1 new."
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n2\n"))
    ended = run("inbox", "accept", "--numbers", "--at-least", "90", "--progress", "json")
    assert json.loads(ended.out.split("\n")[-2])["message"] == "Added 0 tags of 0 models."
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n2\n"))
    ended = run("inbox", "dismiss", "--numbers", "--progress", "json")
    told = json.loads(ended.out.split("\n")[-2])
    assert told == {"event": "done", "message": "Decided: 3 tags refused of 2 models."}
    monkeypatch.setattr("sys.stdin", io.StringIO("1\nneon"))
    assert "is no number of a model" in run("inbox", "dismiss", "--numbers").err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("accept",), "Which models?"),
        (("accept", "1", "--all"), "in one way only"),
        (("accept", "3", "--answer", "kind"), "answers nothing"),
        (("accept", "3", "--answer", "kind=lorra"), "is no kind"),
        (("accept", "1", "--answer", "match=7"), "Nobody asks for the match"),
        (("dismiss", "--all", "-q", "neon"), "in one way only"),
        (("accpet", "1"), "Did you mean `loradex inbox accept`?"),
    ],
)
def test_wrong_calls_are_told(
    waiting: Home, run: Run, arguments: tuple[str, ...], told: str
) -> None:
    ended = run("inbox", *arguments)
    assert ended.code == 2
    assert told in ended.err
    assert tags(waiting) == [()] * 4
