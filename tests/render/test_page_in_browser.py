"""The page of a grid in a headless Chromium, from a file, used as a person uses it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from loradex.domain.axes import AxisKind
from loradex.domain.grid import FailedCell, GridPlan, Layout, RenderedCell
from loradex.render import page_pictures
from loradex.render.page import write_page
from render.browser import Tab, chromium
from render.outputs_kit import axis, drawn, plan_of

HOSTILE = "</script><img src=x onerror=alert(1)>\x1b[31m\u202e{{7*7}} '\"&\ud800"
STRENGTHS = axis(AxisKind.STRENGTH, 0.0, 0.5, 1.0)
PROMPTS = axis(AxisKind.PROMPT, "a cat", "a red fox")
SEEDS = axis(AxisKind.SEED, 1, 2, 3)
LONGER_THAN_A_TAP = 0.4
IN_VIEW = """(tile) => {
  const box = tile.getBoundingClientRect();
  return box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < innerHeight;
}"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    with chromium(tmp_path_factory.mktemp("profile")) as tab:
        yield tab


@pytest.fixture(scope="module")
def three_axes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Strengths across, prompts down, seeds on pages: 18 cells, all drawn."""
    folder = tmp_path_factory.mktemp("grid")
    plan = plan_of([STRENGTHS, PROMPTS, SEEDS], Layout(x=(0,), y=(1,), pages=(2,)))
    return write_page(*drawn(folder / "cells", plan).args(), folder / "grid.html")


@pytest.fixture
def tab(browser: Tab) -> Iterator[Tab]:
    """A tab in a large window; at the end nothing may have gone wrong or been asked for."""
    browser.size(1200, 900)
    yield browser
    assert browser.complaints == []
    assert {address.partition(":")[0] for address in browser.requests} <= {"file", "data"}


@pytest.fixture
def page(tab: Tab, three_axes: Path) -> Tab:
    tab.open(three_axes.as_uri())
    return tab


def texts(tab: Tab, selector: str) -> list[str]:
    found = tab.run(f"[...document.querySelectorAll('{selector}')].map((one) => one.textContent)")
    return [str(text) for text in found]


def columns(tab: Tab) -> list[str]:
    return texts(tab, ".column:not(.group) .words")


def rows(tab: Tab) -> list[str]:
    return texts(tab, ".row .name .words")


def sources(tab: Tab) -> list[str]:
    """The pictures of the tiles, in their order on screen."""
    ordered = (
        "[...document.querySelectorAll('button.tile')].sort((one, other) =>"
        " one.dataset.row - other.dataset.row || one.dataset.column - other.dataset.column)"
    )
    return [str(src) for src in tab.run(f"{ordered}.map((tile) => tile.querySelector('img').src)")]


def small(tab: Tab, *at: int) -> str:
    """The small picture of the cell at a place."""
    return str(tab.run(f"cellAt(placeOf({json.dumps(at)})).small"))


def focused(tab: Tab) -> list[int]:
    at = tab.run("[document.activeElement.dataset.row, document.activeElement.dataset.column]")
    return [int(number) for number in at]


def choose(tab: Tab, selector: str, value: str) -> None:
    """Choose an option of a select, which tells the page of it."""
    event = "new Event('change', {bubbles: true})"
    tab.run(
        f"(one => {{ one.value = {json.dumps(value)}; one.dispatchEvent({event}); }})"
        f"(document.querySelector('{selector}'))"
    )
    tab.settle()


def stage(tab: Tab) -> str:
    return str(tab.run("front.src"))


def full(tab: Tab, *at: int) -> str:
    return str(tab.run(f"fullOf(cellAt(placeOf({json.dumps(at)})))"))


def test_it_is_laid_out_as_asked(page: Tab) -> None:
    assert columns(page) == ["0 (base)", "0.5", "1"]
    assert rows(page) == ["a cat", "a red fox"]
    assert sources(page) == [
        small(page, strength, prompt, 0) for prompt in range(2) for strength in range(3)
    ]
    assert page.run("document.title") == "A grid"
    assert "SamplerEuler" in texts(page, ".fact")


def test_axes_change_places(page: Tab) -> None:
    page.click("#swap")
    assert columns(page) == ["a cat", "a red fox"]
    assert rows(page) == ["0 (base)", "0.5", "1"]
    choose(page, "#x-axis", "2")
    assert columns(page) == ["1", "2", "3"]
    assert rows(page) == ["0 (base)", "0.5", "1"]
    assert sources(page) == [
        small(page, strength, 0, seed) for strength in range(3) for seed in range(3)
    ]


def test_other_axes_are_selected_or_nested(page: Tab) -> None:
    choose(page, "#axis-2", "at 1")
    assert sources(page)[0] == small(page, 0, 0, 1)
    page.press("]")
    assert sources(page)[0] == small(page, 0, 0, 2)
    choose(page, "#axis-2", "y")
    assert texts(page, ".band .term") == ["Seed1", "Seed2", "Seed3"]
    assert page.run("sheet.rows.length") == 6
    choose(page, "#axis-2", "x")
    assert texts(page, ".column.group .words") == ["1", "2", "3"]
    assert page.run("sheet.columns.length") == 9


def test_values_are_hidden_and_shown_again(page: Tab) -> None:
    page.click("#choose")
    page.click("#values fieldset:nth-child(1) label:nth-of-type(2) input")
    page.press("Escape")
    assert columns(page) == ["0 (base)", "1"]
    assert texts(page, "#choose") == ["Values · 1 hidden"]
    assert sources(page)[1] == small(page, 2, 0, 0)
    page.press("ArrowRight", "x")
    assert columns(page) == ["1"]
    page.press("x")
    assert columns(page) == ["1"], "something of every axis stays"
    page.press("X")
    assert rows(page) == ["a red fox"]
    page.press("u")
    assert (len(columns(page)), len(rows(page))) == (3, 2)


def test_the_keyboard_walks_opens_and_comes_back(page: Tab) -> None:
    page.press("ArrowDown")
    assert focused(page) == [0, 0]
    page.press("l", "l", "j", "ArrowLeft")
    assert focused(page) == [1, 1]
    page.press("Enter")
    assert page.run("viewer.open")
    assert stage(page) == full(page, 1, 1, 0)
    page.press("k", "ArrowRight")
    assert stage(page) == full(page, 2, 0, 0)
    page.press("Escape")
    page.wait("!viewer.open")
    assert focused(page) == [0, 2]


def test_holding_b_shows_the_base_and_a_tap_keeps_it(page: Tab) -> None:
    own = sources(page)
    bases = [small(page, 0, prompt, 0) for prompt in range(2) for _ in range(3)]
    page.hold("b")
    time.sleep(LONGER_THAN_A_TAP)
    assert sources(page) == bases
    page.release("b")
    assert sources(page) == own
    page.press("b")
    assert sources(page) == bases
    assert page.run("document.getElementById('based').getAttribute('aria-pressed')") == "true"
    page.press("b")
    assert sources(page) == own


def test_pictures_flip(page: Tab) -> None:
    page.press("l", "l", "p", "j", "l", "Enter")
    assert stage(page) == full(page, 2, 1, 0)
    page.press("f")
    assert stage(page) == full(page, 1, 0, 0), "the pinned one"
    page.press("f")
    assert stage(page) == full(page, 2, 1, 0)
    page.press("p", "h", "f")
    assert stage(page) == full(page, 2, 1, 0)
    page.hold("b")
    time.sleep(LONGER_THAN_A_TAP)
    assert stage(page) == full(page, 0, 1, 0)
    page.release("b")
    page.press("Escape")


def test_pictures_are_split_by_a_slider(page: Tab) -> None:
    page.press("l", "l", "Enter", "s")
    assert str(page.run("behind.src")) == full(page, 0, 0, 0)
    before = page.run("behind.style.clipPath")
    page.mouse("click", *_beside(page, "#split", 0.8))
    assert page.run("behind.style.clipPath") != before
    assert page.run("Number(splitter.value)") > 70
    page.press("s")
    assert page.run("splitter.hidden && !behind.isConnected")


def _beside(tab: Tab, selector: str, share: float) -> tuple[float, float]:
    """A point of an element, at a share of its width."""
    x, y = tab.middle(selector)
    width = float(tab.run(f"document.querySelector('{selector}').clientWidth"))
    return x + width * (share - 0.5), y


def test_pictures_zoom(page: Tab) -> None:
    tile = page.run("sheet.tile")
    page.press("+")
    assert page.run("sheet.tile") > tile
    page.press("-", "-")
    assert page.run("sheet.tile") < tile
    page.press("0")
    assert page.run("sheet.tile") == tile
    page.press("l", "Enter")
    fitted = page.run("pan.clientWidth")
    page.mouse("mouseWheel", *page.middle("#pan"), deltaX=0, deltaY=-200)
    page.wait(f"pan.clientWidth > {fitted}")
    page.press("0")
    page.wait(f"pan.clientWidth === {fitted}")
    page.click("#pan")
    page.wait(f"pan.clientWidth >= {fitted} * 2")
    page.click("#pan")
    page.wait(f"pan.clientWidth === {fitted}")


def test_a_zoomed_picture_keeps_its_place_under_the_pointer_and_when_flipped(page: Tab) -> None:
    page.press("l", "Enter")
    spot = "(({left, width}) => (600 - left) / width)(pan.getBoundingClientRect())"
    page.run("zoomBy(2)")
    before = page.run(spot)
    page.mouse("mouseWheel", 600, 450, deltaX=0, deltaY=-120)
    page.wait("zoom.factor > 2.2")
    assert page.run(spot) == pytest.approx(before, abs=0.01)
    factor = page.run("zoom.factor")
    page.press("l")
    assert page.run("zoom.factor") == factor


def test_words_filter(page: Tab) -> None:
    page.press("/", *"fox 0.5")
    page.wait("state.text === 'fox 0.5'")
    assert texts(page, ".count") == ["3 of 18"]
    assert columns(page) == ["0.5"]
    assert rows(page) == ["a red fox"]
    page.press(*" steps")
    page.wait("state.text.includes('steps')")
    assert columns(page) == ["0.5"], "parameters are searched too"
    page.press(*" nowhere")
    page.wait("document.querySelector('.empty')")
    page.press("Escape")
    assert (len(columns(page)), len(rows(page))) == (3, 2)


def test_cells_that_do_not_match_are_faint(tab: Tab, tmp_path: Path) -> None:
    """Two cells match that share no row and no column: both rows and columns stay."""
    grid = drawn(tmp_path / "cells", plan_of([STRENGTHS, PROMPTS]))
    for place in grid.plan.placements:
        if place.at in {(0, 0), (2, 1)}:
            del grid.finished[place.cell.key]
            grid.failed[place.cell.key] = FailedCell(place.cell.key, "It broke.")
    tab.open(write_page(*grid.args(), tmp_path / "grid.html").as_uri())
    tab.run("change(() => setFilter('broke'))")
    assert (columns(tab), rows(tab)) == (["0 (base)", "1"], ["a cat", "a red fox"])
    places = (
        "[...document.querySelectorAll('.tile.faint')].map((tile) => Number(tile.dataset.place))"
    )
    assert tab.run(places) == [tab.run("placeOf([2, 0])"), tab.run("placeOf([0, 1])")]


def test_the_address_keeps_the_view(page: Tab, three_axes: Path) -> None:
    page.press("t", "]", "ArrowDown", "x", "+")
    page.run("change(() => setFilter('seed'))")
    page.press("Enter")
    page.wait("location.hash.includes('open=') && location.hash.includes('find=seed')")
    hash_ = page.run("location.hash")
    seen = (columns(page), rows(page), page.run("sheet.tile"), stage(page))
    page.open(f"{three_axes.as_uri()}{hash_}")
    page.wait("viewer.open")
    assert (columns(page), rows(page), page.run("sheet.tile"), stage(page)) == seen
    assert page.run("stateAsHash()") == hash_


@pytest.mark.parametrize(
    "hash_",
    [
        "#x=9.9.0.0&y=-1.x&at=0-99.99-0&hide=0-0.0-1.0-2&tile=1e9&open=-5&pin=constructor",
        "#x=&y=&at=2-2",
        "#%%%&x=1.0.2&open=99999999999&theme=%3Cimg%20src=x%3E",
        "#find=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E",
    ],
)
def test_an_address_that_makes_no_sense_does_no_harm(
    tab: Tab, three_axes: Path, hash_: str
) -> None:
    tab.open(f"{three_axes.as_uri()}{hash_}")
    assert tab.run("document.querySelectorAll('button.tile, .empty').length") > 0
    assert tab.run("document.querySelectorAll('img[src=x]').length") == 0
    assert tab.run("sheet.tile") <= 1024


def test_parameters_are_copied(page: Tab) -> None:
    page.run("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    page.press("l", "l", "c")
    page.wait("window.copied")
    assert page.run("copied") == page.run("cellAt(placeOf([1, 0, 0])).parameters")
    page.press("j", "Enter")
    page.click("#copy")
    page.wait("copied.includes('a red fox')")
    assert page.run("document.getElementById('parameters').textContent") == page.run("copied")


def test_a_clipboard_that_is_refused_is_gone_round(page: Tab) -> None:
    page.run("navigator.clipboard.writeText = async () => { throw new Error('no'); }")
    page.run("document.addEventListener('copy', () => { window.copied = String(getSelection()); })")
    page.run("HTMLTextAreaElement.prototype.select = function () { window.chosen = this.value; }")
    page.press("l", "l", "c")
    page.wait("window.chosen")
    assert page.run("chosen") == page.run("cellAt(placeOf([1, 0, 0])).parameters")


def test_printing_shows_all_of_the_table(page: Tab) -> None:
    page.run("change(() => setRole(2, 'y'))")
    page.run("dispatchEvent(new Event('beforeprint'))")
    assert len(texts(page, "#print tbody tr")) == 6
    assert page.run("document.querySelectorAll('#print img').length") == 18
    page.run("dispatchEvent(new Event('afterprint'))")
    assert page.run("document.getElementById('print').children.length") == 0
    assert page.pdf().startswith(b"%PDF")


def test_help_lists_the_keys(page: Tab) -> None:
    page.press("?")
    assert "walk" in texts(page, "#help dd")
    page.press("Escape")
    page.wait("!document.getElementById('help').open")


def test_a_narrow_dark_window(page: Tab) -> None:
    light = page.run("getComputedStyle(document.body).backgroundColor")
    page.size(390, 844, scale=2, dark=True)
    page.wait("sheet.isNarrow")
    assert page.run("getComputedStyle(document.body).backgroundColor") != light
    assert page.run("document.documentElement.scrollWidth") <= 390
    assert rows(page) == ["a cat", "a red fox"]
    assert page.run("sheet.tile * 2") < 390


def test_what_has_no_picture_says_why(tab: Tab, tmp_path: Path) -> None:
    plan = plan_of([STRENGTHS, PROMPTS], excluded=[{0: frozenset({1}), 1: frozenset({0})}])
    grid = drawn(tmp_path / "cells", plan, failed=1, missing=1, text=HOSTILE)
    tab.open(write_page(*grid.args(), tmp_path / "grid.html").as_uri())
    assert texts(tab, ".tile.missing") == ["not drawn"]
    [why] = texts(tab, ".tile.failed")
    assert why.startswith("It broke: </script><img src=x onerror=alert(1)>")
    assert tab.run("document.querySelectorAll('.tile.none').length") == 1
    tab.press("l", "l")
    assert focused(tab) == [0, 2], "a place that was left out is passed"
    tab.press("Enter")
    assert stage_text(tab) == [why]


def stage_text(tab: Tab) -> list[str]:
    return texts(tab, "#pan .failed")


def test_hostile_names_are_shown_and_do_nothing(tab: Tab, tmp_path: Path) -> None:
    axes = [STRENGTHS, axis(AxisKind.PROMPT, HOSTILE, "a dog"), axis(AxisKind.SEED, 1, 2)]
    plan = plan_of(axes, Layout(x=(0,), y=(2, 1)), title=HOSTILE, prompt=HOSTILE)
    grid = drawn(tmp_path / "cells", plan, text=HOSTILE)
    path = write_page(*grid.args(), tmp_path / "grid.html", notes=[HOSTILE])
    tab.open(path.as_uri())
    tab.press("l", "l", "Enter", "s")
    assert tab.run("document.querySelectorAll('img[src=x], [onerror]').length") == 0
    assert rows(tab)[0].startswith("</script><img")
    assert "<img src=x" in texts(tab, "#parameters")[0]
    tab.press("Escape", "t", "?")


def test_pictures_that_are_gone_show_small(
    tab: Tab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that was sent to somebody alone has its small pictures only."""
    monkeypatch.setattr(page_pictures, "EMBEDDED", 0)
    grid = drawn(tmp_path / "cells", plan_of([STRENGTHS]))
    path = write_page(*grid.args(), tmp_path / "grid.html")
    tab.open(path.as_uri())
    tab.press("l", "Enter")
    tab.wait("front.complete && front.naturalWidth")
    assert stage(tab) == (tmp_path / "cells" / "0 #100%.png").as_uri()
    moved = path.rename(tmp_path.parent / f"{tmp_path.name}.html")
    tab.open(moved.as_uri())
    tab.press("l", "Enter")
    tab.wait("front.src.startsWith('data:')")
    assert stage(tab) == small(tab, 0)
    tab.complaints.clear()  # the browser tells of the file that it did not find


def test_thousands_of_cells_are_shown_lazily(tab: Tab, tmp_path: Path) -> None:
    """5,000 cells: what is in view is in the document, and nothing else."""
    plan = plan_of(
        [axis(AxisKind.STRENGTH, *(n / 10 for n in range(50))), axis(AxisKind.SEED, *range(100))],
        size=(32, 32),
    )
    assert len(plan.cells) == 5000
    tab.open(_all_alike(plan, tmp_path).as_uri())
    assert tab.run("sheet.rows.length * sheet.columns.length") == 5000
    most = 0
    for share in (0, 0.3, 0.5, 0.999, 1):
        tab.run(f"board.scrollTo(board.scrollWidth * {share}, board.scrollHeight * {share})")
        tab.settle()
        tab.settle()
        count = tab.run("document.images.length")
        seen = tab.run(f"[...document.querySelectorAll('button.tile')].filter({IN_VIEW}).length")
        assert seen >= 20
        most = max(most, count)
    assert most < 150
    assert tab.run("[...document.querySelectorAll('button.tile')].at(-1).dataset.place") == "4999"
    tab.run("setCursor(99, 49)")
    tab.press("ArrowUp", "ArrowLeft")
    assert focused(tab) == [98, 48]


def _all_alike(plan: GridPlan, folder: Path) -> Path:
    picture = folder / "one.png"
    Image.new("RGB", (32, 32), (90, 120, 200)).save(picture)
    finished = {
        cell.key: RenderedCell(cell.key, str(picture), 32, 32, 1.0, f"Seed: {cell.recipe.seed}")
        for cell in plan.cells
    }
    return write_page(plan, finished, {}, folder / "grid.html")


def test_a_grid_of_one_picture(tab: Tab, tmp_path: Path) -> None:
    grid = drawn(tmp_path / "cells", plan_of([], Layout()))
    tab.open(write_page(*grid.args(), tmp_path / "grid.html").as_uri())
    assert len(sources(tab)) == 1
    tab.press("l", "Enter", "f", "s", "b", "t", "[", "x")
    assert tab.run("viewer.open")
