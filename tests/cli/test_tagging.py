"""The commands of tags, words, copies and preferences: what they print, refuse and leave alone."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from cli.kit import HOSTILE, Run
from loradex.catalog.catalog import Catalog
from loradex.domain.evidence import Source
from loradex.paths import Home

pytestmark = pytest.mark.usefixtures("filled")


def test_each_tag_says_where_it_comes_from(run: Run, filled: Home) -> None:
    (filled.tagging).write_text('[rules.bright]\nwords = ["neon"]\n', encoding="utf-8")
    run("tag", "neon", "keeper")
    run("tag", "--auto")
    shown = run("show", "1").out
    assert "keeper — you" in shown
    assert "night — hub: civitai" in shown
    assert (
        "bright — rule bright (80% sure): The hub's name for it has the word “Neon”" in shown
        or ("bright — rule bright (80% sure): The hub's name for it has the word “neon”" in shown)
    )
    tags = {tag["name"]: tag for tag in json.loads(run("show", "1", "--json").out)["tags"]}
    assert tags["keeper"] == {
        "name": "keeper",
        "source": "person",
        "rule": None,
        "reason": None,
        "confidence": 1.0,
    }
    assert (tags["bright"]["source"], tags["bright"]["rule"]) == ("auto", "bright")
    assert "keeper — you" in run("tag", "neon", "--why").out


@pytest.mark.parametrize(
    "arguments",
    [["dim", "-r", "dim"], ["line_art", "-r", "Line Art"], ["-r", "a", "--forget", "A"]],
)
def test_a_tag_becomes_one_thing_at_a_time(run: Run, arguments: list[str]) -> None:
    before = run("tag", "neon").out
    ended = run("tag", "neon", *arguments)
    assert (ended.code, "two things at once" in ended.err) == (2, True)
    assert run("tag", "neon").out == before


def test_a_dry_run_shows_what_goes_and_comes(run: Run, filled: Home) -> None:
    filled.tagging.write_text('[rules.bright]\nwords = ["neon"]\n', encoding="utf-8")
    run("tag", "--auto", "neon")
    filled.tagging.write_text('[rules.lit]\nwords = ["neon"]\n', encoding="utf-8")
    ended = run("tag", "--auto", "-n", "neon")
    lines = ended.out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["+lit", "-bright"]
    assert "1 tag would be added and 1 removed, on 1 model of 1." in ended.err
    plan = json.loads(run("tag", "--auto", "-n", "neon", "--json").out)
    assert [each["tag"] for each in plan["removed"]] == ["bright"]
    assert "bright" in run("tag", "neon").out


def test_a_wrong_rule_file_is_one_sentence_and_changes_nothing(run: Run, filled: Home) -> None:
    filled.tagging.write_text('[rules.a]\nwrods = ["x"]\n', encoding="utf-8")
    for command in (["tag", "--auto"], ["tag", "rules"]):
        ended = run(*command)
        assert ended.code == 1
        assert "line 2: There is no key 'wrods'." in ended.err
    checked = run("tag", "rules", "--check")
    assert checked.code == 1
    assert "line 2: There is no key 'wrods'. Did you mean words?" in checked.out
    filled.tagging.unlink()
    assert run("tag", "rules", "--check").code == 0


def test_the_rule_file_is_made_and_opened(
    run: Run, filled: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "sed -i s/^.settings/[setings/")
    ended = run("tag", "rules", "--edit")
    assert ended.code == 1
    assert "Did you mean settings?" in ended.out
    monkeypatch.setenv("EDITOR", "sed -i s/setings/settings/")
    assert run("tag", "rules", "--edit").code == 0
    assert filled.tagging.read_text(encoding="utf-8").startswith("# Your tagging rules")


def test_one_vocabulary(run: Run) -> None:
    run("tag", "neon", "bg")
    ended = run("tag", "alias", "bg", "background", "-n")
    assert "Would be: bg becomes background (1 model)" in ended.out
    assert "bg" in run("tag", "neon").out
    run("tag", "alias", "bg", "background")
    run("tag", "parent", "background", "concept")
    assert run("tag", "parent").out == "background\tconcept\n"
    assert json.loads(run("tag", "alias", "--json").out) == [{"name": "bg", "means": "background"}]
    listed = {each["name"]: each for each in json.loads(run("tag", "--json").out)}
    assert listed["background"]["parents"] == ["concept"]
    assert (listed["concept"]["models"], listed["concept"]["found"]) == (0, 1)
    run("tag", "rename", "background", "Backdrop")
    assert "Backdrop" in run("tag", "neon").out
    run("tag", "delete", "bg")
    assert "Backdrop" not in run("tag", "neon").out


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["merge", "nigth", "dark"], "Did you mean 'night'?"),
        (["merge", "night"], "Into which tag?"),
        (["merge", "night", "NIGHT"], "Nothing is left"),
        (["rename", "night", "style"], "There is a tag 'style' already"),
        (["rename", "night", "a,b"], "comma"),
        (["delete", "nope"], "There is no tag 'nope'"),
        (["alias", "a"], "needs a name and the tag"),
        (["alias", "night", "NIGHT"], "one tag already"),
        (["alias", "x", "--remove"], "There is no alias 'x'"),
        (["parent", "night"], "Of which tag"),
        (["parent", "night", "night"], "circle"),
        (["parent", "night", "style", "--remove"], "no kind of"),
        (["rules", "stlye"], "Did you mean 'style'?"),
        (["rules", "--edit", "--check"], "only one is possible"),
    ],
)
def test_what_cannot_be_meant_is_said(run: Run, command: list[str], said: str) -> None:
    ended = run("tag", *command)
    assert ended.code == 2, ended.err
    assert said in ended.err


def test_a_mistyped_command_is_proposed(run: Run) -> None:
    ended = run("tag", "mrege", "a", "b")
    assert (ended.code, "`loradex tag merge`?" in ended.err) == (2, True)


def test_circles_of_any_length_are_refused(run: Run) -> None:
    run("tag", "parent", "a", "b")
    run("tag", "parent", "b", "c")
    ended = run("tag", "parent", "c", "a")
    assert ended.code == 2
    assert "close a circle" in ended.err


def test_a_model_called_like_a_command_is_named_by_its_number(run: Run) -> None:
    assert run("tag", "1", "rules").code == 0
    assert "rules" in run("tag", "1").out


def test_words_are_listed_with_their_sources(run: Run) -> None:
    assert run("words", "1").out == "✓ 0  always: neonkn, glow  [hub]\n"
    run("words", "add", "1", "a hat", "-g", "winter")
    run("words", "off", "1", "glow")
    assert run("words", "1").out.splitlines() == [
        "✓ 0  always: neonkn, (glow)  [hub]",
        "✓ 1  winter: a hat  [person]",
    ]
    groups = json.loads(run("words", "1", "--json").out)["groups"]
    assert [group["name"] for group in groups] == [None, "winter"]
    assert run("copy", "1").out == "neonkn, a hat\n"
    ended = run("words", "remove", "1", "nope")
    assert (ended.code, "no trigger word 'nope'" in ended.err) == (2, True)


def test_what_is_copied_for_scripts(run: Run) -> None:
    run("edit", "1", "strength=0.8")
    (copied,) = json.loads(run("copy", "1", "-f", "a1111", "--json").out)
    assert copied["words"] == ["neonkn", "glow"]
    assert (copied["strength"], copied["strength_clip"]) == (0.8, 0.8)
    assert run("copy").code == 2
    assert run("copy", "3", "-f", "a1111").code == 2
    assert run("copy", "3").out == ""


def test_preferences_in_bulk(run: Run) -> None:
    ended = run("edit", "-q", "kind:lora", "strength=0.6..0.9", "steps=28", "-n")
    assert "Would be set strength 0.6 to 0.9, steps 28: 2 models." in ended.out
    assert run("edit", "1").err.strip().startswith("nothing is known")
    run("edit", "-q", "kind:lora", "strength=0.6..0.9", "steps=28")
    shown = run("show", "1").out
    assert "0.6 to 0.9" in shown
    told = json.loads(run("show", "1", "--json").out)["preferences"]
    assert told["steps"] == {"value": 28, "source": "person"}
    run("edit", "1", "--clear", "strength")
    assert json.loads(run("edit", "1", "--json").out)[0]["preferences"].keys() == {"steps"}
    run("edit", "1", "--clear")
    assert "Steps" not in run("edit", "1").out


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["strength=1"], "Which models?"),
        (["-q", "kind:lora", "1"], "chosen by the query"),
        (["1", "stregnth=1"], "Did you mean strength?"),
    ],
)
def test_edits_that_cannot_be_meant(run: Run, command: list[str], said: str) -> None:
    ended = run("edit", *command)
    assert (ended.code, said in ended.err) == (2, True)


def test_hostile_text_is_shown_and_obeyed_by_nobody(run: Run, filled: Home) -> None:
    with Catalog.open(filled) as catalog:
        catalog.person.add_tags([1], [HOSTILE], Source.HUB, HOSTILE)
    run("words", "add", "1", HOSTILE)
    run("words", "group", "1", "0", "--note", HOSTILE)
    run("edit", "1", f"negative={HOSTILE}")
    run("tag", "alias", "evil", HOSTILE)
    for command in (
        ["show", "1"],
        ["tag"],
        ["tag", "1", "--why"],
        ["tag", "alias"],
        ["words", "1"],
        ["copy", "1"],
        ["copy", "1", "-f", "a1111"],
        ["edit", "1"],
        ["tag", "--auto", "-n"],
    ):
        ended = run(*command)
        assert ended.code == 0, ended.err
        assert "\x1b]0" not in ended.out
        assert "\u202e" not in ended.out


def test_without_a_terminal_there_is_no_clipboard(filled: Home) -> None:
    command = [sys.executable, "-m", "loradex", "--home", str(filled.root)]
    ended = subprocess.run(
        [*command, "copy", "1", "--clipboard"],
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout == "neonkn, glow\n"
    assert (ended.returncode, "no terminal" in ended.stderr) == (2, True)


def test_a_collection_that_goes_is_looked_at_first(run: Run) -> None:
    assert run("collection", "add", "mine", "neon").code == 0
    assert run("collection", "add", "saved", "--query", "kind:lora").code == 0
    would = run("collection", "delete", "mine", "-n")
    assert would.out == "Would delete the collection mine: 1 model picked by hand.\n"
    assert run("list", "collection:mine", "--count").out == "1\n"
    assert run("collection", "delete", "mine").out.startswith("Deleted the collection mine")
    assert run("collection", "delete", "saved").out == "Deleted the collection saved: kind:lora.\n"
    assert run("list", "collection:mine").code == 2
