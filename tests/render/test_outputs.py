"""The sheet and the page of a grid, from made-up cells."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image, ImageFont

from loradex.domain.grid import (
    FailedCell,
    GridModel,
    GridPlan,
    GridSpec,
    RenderedCell,
    RenderSettings,
)
from loradex.render.page import write_page
from loradex.render.plan import plan_grid
from loradex.render.sheet import wrap, write_sheet

HOSTILE = "</script><img src=x onerror=alert(1)>\x1b[31m\u202e%%DATA%% {{7*7}} '\"&\ud800"

Outcome = tuple[GridPlan, dict[str, RenderedCell], dict[str, FailedCell]]


def grid(
    folder: Path,
    *,
    text: str = "a cat",
    size: tuple[int, int] = (64, 64),
    strengths: tuple[float, ...] = (0.0, 1.0),
    seeds: tuple[int, ...] = (1, 2**60),
) -> Outcome:
    """A grid with plain pictures, of which the last two cells failed and are missing."""
    named = GridModel(1, text, "/nowhere.safetensors", "d" * 64, None)
    spec = GridSpec(
        checkpoint=named,
        loras=(named,),
        strengths=strengths,
        prompts=(text, "a dog"),
        seeds=seeds,
        negative_prompt=text,
        settings=RenderSettings(width=size[0], height=size[1]),
        title=text,
    )
    plan = plan_grid(spec, engine="e")
    folder.mkdir(parents=True, exist_ok=True)
    finished = {}
    for number, cell in enumerate(plan.cells[:-2]):
        path = folder / f"{number} #100%.png"
        Image.new("RGB", size, (number * 9 % 256, 120, 200)).save(path)
        finished[cell.key] = RenderedCell(cell.key, str(path), *size, 1.25, f"{text}\nSteps: 1")
    broken = plan.cells[-2].key
    return plan, finished, {broken: FailedCell(broken, f"It broke: {text}")}


def test_a_sheet_shows_every_cell(tmp_path: Path) -> None:
    plan, finished, failed = grid(tmp_path / "cells")
    path = write_sheet(plan, finished, failed, tmp_path / "out" / "sheet.png")
    with Image.open(path) as sheet:
        colours = {colour for _, colour in sheet.getcolors(1 << 20) or []}
    for number in range(len(finished)):
        assert (number * 9 % 256, 120, 200) in colours
    assert (242, 232, 226) in colours
    assert not list(path.parent.glob("*.tmp"))


def test_a_large_sheet_stays_in_bounds(tmp_path: Path) -> None:
    plan, finished, failed = grid(tmp_path / "cells", seeds=tuple(range(200)))
    settings = replace(plan.spec.settings, width=1024, height=1024)
    large = replace(plan, spec=replace(plan.spec, settings=settings))
    path = write_sheet(large, finished, failed, tmp_path / "sheet.png")
    with Image.open(path) as sheet:
        assert 40_000_000 < sheet.width * sheet.height < 80_000_000


def test_a_sheet_survives_hostile_text_and_broken_pictures(tmp_path: Path) -> None:
    plan, finished, failed = grid(tmp_path / "cells", text=HOSTILE * 40)
    for cell in finished.values():
        Path(cell.path).write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with Image.open(write_sheet(plan, finished, failed, tmp_path / "sheet.png")) as sheet:
        assert sheet.width < 3000


def test_wrapping_breaks_at_spaces_and_marks_what_is_cut() -> None:
    font = ImageFont.load_default(16)
    lines = wrap("several words in a row " * 9, font, 200, 3)
    assert len(lines) == 3
    assert all(font.getlength(line) <= 200 for line in lines)
    assert lines[0].endswith(("several", "words", "in", "a", "row"))
    assert lines[-1].endswith("…")
    assert wrap("x" * 500, font, 40, 2)[-1].endswith("…")
    assert wrap("", font, 40, 2) == [""]


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def page_of(outcome: Outcome, path: Path) -> str:
    return write_page(*outcome, path).read_text("utf-8")


def data_of(page: str) -> dict[str, object]:
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert block
    content: dict[str, object] = json.loads(block.group(1))
    return content


def test_a_page_holds_the_grid(tmp_path: Path) -> None:
    plan, finished, failed = grid(tmp_path / "cells")
    page = page_of((plan, finished, failed), tmp_path / "grids" / "page.html")
    data = data_of(page)
    assert data["strengths"] == [0.0, 1.0]
    assert data["seeds"] == ["1", str(2**60)]
    places = data["places"]
    cells = data["cells"]
    assert isinstance(places, list)
    assert isinstance(cells, list)
    assert len(places) == len(plan.placements)
    assert len(cells) == len(plan.cells)
    for place in plan.placements:
        at = ((place.lora * 2 + place.strength) * 2 + place.prompt) * 2 + place.seed
        assert plan.cells[places[at]].key == place.cell.key
    assert cells[-2]["error"] == "It broke: a cat"
    assert cells[-1]["error"] == "Not drawn."
    assert cells[0]["file"] == "../cells/0%20%23100%25.png"
    assert cells[0]["full"].startswith("data:image/webp;base64,")


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    outcome = grid(tmp_path / "cells", text=HOSTILE)
    page = page_of(outcome, tmp_path / "page.html")
    parser = Elements()
    parser.feed(page)
    assert [tag for tag, _ in parser.found].count("script") == 2
    assert not [tag for tag, _ in parser.found if tag in {"img", "iframe", "object", "embed"}]
    assert not [name for _, attrs in parser.found for name in attrs if name.startswith("on")]
    assert not [attrs for _, attrs in parser.found if {"src", "href"} & attrs.keys()]
    assert "\x1b" not in page
    assert "\u202e" not in page
    prompts = data_of(page)["prompts"]
    assert isinstance(prompts, list)
    assert prompts[0].startswith("</script><img src=x onerror=alert(1)>\\x1b[31m\\u202e%%DATA%%")


def test_the_policy_allows_exactly_what_is_inside(tmp_path: Path) -> None:
    page = page_of(grid(tmp_path / "cells"), tmp_path / "page.html")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    for tag in ("style", "script"):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{tag}-src &#x27;sha256-{digest}&#x27;" in policy.group(1)
    assert "default-src &#x27;none&#x27;" in policy.group(1)
    assert not re.search(r"https?://", page)


def test_too_many_bytes_become_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("loradex.render.page._EMBEDDED", 10)
    cells = data_of(page_of(grid(tmp_path / "cells"), tmp_path / "page.html"))["cells"]
    assert isinstance(cells, list)
    assert not [cell for cell in cells if "full" in cell]
    assert all("small" in cell and "file" in cell for cell in cells[:-2])


def test_a_browser_lays_it_out(tmp_path: Path) -> None:
    """Through the policy, with hostile names: a tile per place, and nothing else ran."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        pytest.skip("chromium is not installed")
    outcome = grid(tmp_path / "cells", text=HOSTILE)
    path = write_page(*outcome, tmp_path / "page.html")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    flags += ["--disable-background-networking", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [browser, *flags, "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    shown = done.stdout.partition('id="data"')[0]
    assert shown.count('class="tile') == len(outcome[0].placements)
    assert shown.count("data:image/webp") == 4 + 2
    assert "onerror=" not in re.sub(r'"[^"]*"', "", re.sub(r"&lt;.*?&gt;", "", shown))
