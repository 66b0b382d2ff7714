"""The inbox on the screen: evidence beside proposals, decisions by keys, and back again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.widgets import Input

from loradex.catalog.catalog import Catalog
from loradex.operations import annotate
from loradex.operations.inbox.looking import Looker
from loradex.operations.inbox.survey_file import keep_survey, kept_survey
from loradex.paths import Home
from loradex.plugin_manager import Plugins
from loradex_tui.screens.inbox import InboxScreen
from loradex_tui.screens.inbox_editor import ProposalEditor
from tui.inbox_kit import waiting
from tui.shelf import look, shelf
from tui.stage import NARROW, WIDE, Stage, showing


def inbox(stage: Stage) -> InboxScreen:
    screen = stage.app.get_screen("inbox")
    assert isinstance(screen, InboxScreen)
    return screen


@asynccontextmanager
async def reviewing(catalog: Catalog, size: tuple[int, int] = WIDE) -> AsyncIterator[Stage]:
    """Show the inbox. What a look finds lies on the disk, as after an earlier session."""
    keep_survey(catalog.home, Looker(catalog, Plugins()).survey())
    async with showing(catalog, size, toasts=True) as stage:
        await stage.until(lambda: stage.app.inbox.waiting)
        stage.app.inbox.looked = True  # a look of its own is another test's
        await stage.press("2")
        await stage.until(lambda: inbox(stage).models.current_item)
        yield stage


def names(stage: Stage) -> list[int]:
    return list(inbox(stage).models.window.ids)


def tags(catalog: Catalog, id_: int) -> tuple[str, ...]:
    return catalog.rows([id_])[0].tags


async def go_to(stage: Stage, id_: int) -> None:
    models = inbox(stage).models
    models.move_to(names(stage).index(id_))
    await stage.until(lambda: inbox(stage).pane.item and inbox(stage).pane.item.row.id == id_)


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_evidence_stands_beside_proposals(home: Home, size: tuple[int, int]) -> None:
    async with reviewing(waiting(home), size) as stage:
        assert "2 Inbox(9)" in stage.text
        assert "All 9  ? Matches 3  + Tags 4  • New 2" in stage.text
        line = next(line for line in stage.lines if "anime_" in line)
        assert "anime, city, style" in line
        assert "name “anime”" in line
        assert "likely 70 %" in line
        assert "\x1b" not in stage.text
        await go_to(stage, 2)
        await stage.press("enter")
        assert stage.app.screen.focused is inbox(stage).pane.lines
        await stage.until(lambda: "mountain 88×" in stage.text)
        assert "[x] watercolor" in stage.text
        assert "from “watercolor”: It was trained on “watercolor (medium)” 212 times" in " ".join(
            part.strip("│ ") for line in stage.lines for part in line.split("││")[-1:]
        )
        assert ("Proposal" in stage.text and "Narrow…" in stage.text) is (size == WIDE)
        # A box is turned, what is not checked is refused, and the next model comes.
        await stage.press("j", "space")
        assert "[ ] landscape" in stage.text
        assert "1 of 2 checked" in stage.text
        await stage.type("  ")
        await stage.press("enter")
        await stage.until(lambda: tags(stage.app.catalog, 2) == ("watercolor",))
        assert inbox(stage).models.current_id == 1
        assert "2 Inbox(8)" in stage.text
        assert "Accepted: 1 tag, 1 tag refused of 1 model · u undo" in stage.toasts
        assert stage.app.catalog.person.removed_tags([2]) == {2: frozenset({"landscape"})}
        await stage.press("u")
        await stage.until(lambda: inbox(stage).models.current_id == 2)
        assert tags(stage.app.catalog, 2) == ()
        assert stage.app.catalog.person.removed_tags([2]) == {}
        assert "2 Inbox(9)" in stage.text
        # The mouse turns a box, too, and Escape goes back to the list, then to the library.
        row = next(y for y, line in enumerate(stage.lines) if "[x] watercolor" in line)
        await stage.pilot.click(offset=(stage.lines[row].index("[x]"), row))
        await stage.settle()
        assert "[ ] watercolor" in stage.text
        await stage.press("escape")
        assert stage.app.screen.focused is inbox(stage).models
        await stage.press("escape")
        assert stage.app.screen is stage.library


async def test_questions_are_answered_and_dismissed(home: Home) -> None:
    async with reviewing(waiting(home)) as stage:
        catalog = stage.app.catalog
        await go_to(stage, 5)
        assert "Header says SDXL but file name says FLUX.1." in stage.text
        assert "counts now maybe 60 %" in stage.text
        await stage.press("enter", "j", "space", "a")
        await stage.until(lambda: catalog.rows([5])[0].base == "flux1")
        # Nothing is proposed of what is unknown: it is not accepted by mistake.
        await go_to(stage, 7)
        await stage.press("escape", "a")
        await stage.until(lambda: "Nothing is chosen yet" in stage.toasts)
        assert 7 in names(stage)
        await go_to(stage, 7)
        await stage.press("enter", "space", "enter")
        await stage.until(lambda: catalog.rows([7])[0].kind == "lora")
        # A match that is dismissed goes, and comes back with all that followed from it.
        await go_to(stage, 6)
        before = catalog.details(6)
        assert before.row.name == "Neon Knight v3"
        await stage.press("d")
        await stage.until(lambda: not catalog.rows([6])[0].matched)
        assert catalog.rows([6])[0].name == "neon_knight_v3"
        await stage.press("u")
        await stage.until(lambda: catalog.rows([6])[0].matched)
        assert catalog.details(6) == before
        # What was decided here can be taken back from elsewhere.
        await go_to(stage, 6)
        await stage.press("a")
        await stage.until(lambda: 6 not in names(stage))
        await stage.press("1", "u")
        await stage.until(lambda: catalog.details(6) == before)
        await stage.press("2")
        await stage.until(lambda: 6 in names(stage))


async def test_marked_models_are_decided_together(home: Home) -> None:
    async with reviewing(waiting(home)) as stage:
        catalog, screen = stage.app.catalog, inbox(stage)
        await stage.press("i", "i")
        assert names(stage) == [2, 1, 3, 4]
        await stage.press("space", "space")
        assert "* 2 marked" in stage.text
        await stage.press("d")
        await stage.until(lambda: len(catalog.person.removed_tags([1, 2])) == 2)
        assert names(stage) == [3, 4]
        assert screen.models.marks == set()
        await stage.press("u")
        await stage.until(lambda: names(stage) == [2, 1, 3, 4])
        # New ones can be looked at all at once; ratings and tags make them old as well.
        await stage.press("i")
        assert names(stage) == [8, 9]
        await stage.press("*", "4")
        await stage.until(lambda: names(stage) == [9])
        assert catalog.rows([8])[0].rating == 4
        await stage.press("A")
        await stage.until(lambda: "all seen" in stage.text)
        await stage.press("n")
        await stage.until(lambda: "Nothing in New." in stage.text)
        await stage.press("u")
        await stage.until(lambda: names(stage) == [9])
        await stage.press("a")
        await stage.until(lambda: catalog.inbox.new([8, 9]) == set())


async def test_tags_are_edited_before_they_are_added(home: Home) -> None:
    async with reviewing(waiting(home)) as stage:
        catalog = stage.app.catalog
        await go_to(stage, 1)
        await stage.press("e")
        await stage.until(lambda: isinstance(stage.app.screen, ProposalEditor))
        field = stage.app.screen.query_one(Input)
        assert field.value == "anime, city, style"
        field.value = "anime, city, mine"
        await stage.press("enter", "escape")
        await stage.until(lambda: 1 not in names(stage))
        assert tags(catalog, 1) == ("anime", "city", "mine")
        assert catalog.person.removed_tags([1]) == {1: frozenset({"style"})}
        await stage.press("u")
        await stage.until(lambda: 1 in names(stage))
        assert tags(catalog, 1) == ()
        assert catalog.person.removed_tags([1]) == {}


async def test_narrowing_and_order(home: Home) -> None:
    async with reviewing(waiting(home), NARROW) as stage:
        await stage.press("/")
        await stage.type("base:sd1")
        await stage.until(lambda: names(stage) == [4])
        assert "1 found" in stage.text
        await stage.press("escape")
        inbox(stage).search_bar.set_text("kind:(")
        await stage.until(lambda: "✗" in stage.text)
        inbox(stage).search_bar.set_text("nothing like it")
        await stage.until(lambda: "0 of 9 match." in stage.text)
        await stage.press("escape")
        await stage.until(lambda: len(names(stage)) == 9)
        for key, first in (("n", 9), ("m", 1), ("c", 6)):
            await stage.press("s", key)
            await stage.until(lambda first=first: names(stage)[0] == first)


async def test_all_that_is_sure_is_taken_in_a_process_of_its_own(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reviewing(waiting(home)) as stage:
        catalog = stage.app.catalog
        await stage.press("A")
        await stage.until(lambda: "likely (70 %+)" in stage.text)
        assert "sure (90 %+)" in stage.text
        await stage.press("l")
        await stage.until(lambda: "This adds 11 tags to 6 models." in stage.text)
        await stage.press("y")
        await stage.until(lambda: "Added 11 tags of 6 models." in stage.toasts)
        await stage.until(lambda: stage.app.inbox.looked and not stage.app.inbox.looking)
        await stage.until(lambda: names(stage) == [6, 5, 7, 8, 9])
        assert tags(catalog, 4) == ("pixel art",)
        await stage.until(lambda: stage.app.around.undoable == "11 tags of 6 models")
        await stage.press("u")
        await stage.until(lambda: len(names(stage)) == 9)
        assert tags(catalog, 4) == ()
        # So is what is marked when it is much.
        monkeypatch.setattr("loradex_tui.screens.inbox_deciding.FEW", 1)
        await stage.press("ctrl+a", "d")
        assert "Dismiss all that is proposed of 9 models?" in stage.text
        await stage.press("y")
        await stage.until(lambda: "Nothing to review." in stage.text)
        await stage.press("u")
        await stage.until(lambda: len(names(stage)) == 9)


async def test_the_first_visit_looks_through_the_library(home: Home) -> None:
    catalog = shelf(home, [look("kx", 1), look("kx2", 2)])
    async with showing(catalog, NARROW, toasts=True) as stage:
        assert "2 Inbox " in stage.text
        await stage.press("2")
        assert "Looking through the library" in stage.text
        await stage.until(lambda: names(stage) == [1, 2])
        assert "Inbox(2)" in stage.text
        # What is described in the library is not new, and the counter knows it soon.
        await stage.press("1")
        await stage.search("kx2")
        await stage.press("enter")
        await stage.press("*", "3")
        await stage.until(lambda: "Inbox(1)" in stage.text)
        await stage.press("2")
        await stage.until(lambda: names(stage) == [1])
        # What is decided elsewhere leaves when one comes back.
        await stage.press("1")
        annotate.tag(catalog, [1], add=["mine"])
        await stage.press("2")
        await stage.until(lambda: "Nothing to review." in stage.text)
        assert "R scans for new files · r looks again" in stage.text
        assert "2 Inbox " in stage.text
    survey = kept_survey(home)
    assert survey is not None
    assert list(survey.ids) == []
    # What was to be done a moment after an edit comes too late now, and does no harm.
    stage.app.inbox._count_new()
    stage.app.inbox.look()
    assert not stage.app.inbox.looking
