"""The page of a grid as a file: what is inside it, and that nothing else can be."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from loradex.domain.axes import AxisKind
from loradex.domain.grid import Layout
from loradex.render import page_pictures
from loradex.render.page import write_page
from render.outputs_kit import Grid, axis, drawn, plan_of

HOSTILE = "</script><img src=x onerror=alert(1)>\x1b[31m\u202e%%DATA%% {{7*7}} '\"&\ud800"
AXES = [
    axis(AxisKind.STRENGTH, 0.0, 1.0),
    axis(AxisKind.PROMPT, "a cat", "a dog"),
    axis(AxisKind.SAMPLER, "Euler"),
    axis(AxisKind.SEED, 1, 2**60),
]


def page_of(grid: Grid, path: Path, **more: Any) -> str:
    return write_page(*grid.args(), path, **more).read_text("utf-8")


def data_of(page: str) -> dict[str, Any]:
    block = re.search(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert block
    content: dict[str, Any] = json.loads(block.group(1))
    return content


def test_a_page_holds_the_grid(tmp_path: Path) -> None:
    plan = plan_of(AXES, Layout(x=(0,), y=(2, 1), pages=(3,)))
    grid = drawn(tmp_path / "cells", plan, failed=1, missing=1)
    page = page_of(grid, tmp_path / "grids" / "page.html", notes=["Approximate: TAESD."])
    data = data_of(page)
    assert [axis["name"] for axis in data["axes"]] == ["Strength", "Prompt", "Seed"]
    assert data["axes"][0]["base"] == [0]
    assert data["axes"][2]["values"] == ["1", str(2**60)]
    assert (data["x"], data["y"]) == ([0], [1])
    assert data["notes"] == ["Approximate: TAESD."]
    assert ["Sampler", "Euler"] in data["facts"]
    for place in plan.placements:
        at = (place.at[0] * 2 + place.at[1]) * 2 + place.at[3]
        assert plan.cells[data["places"][at]].key == place.cell.key
        base = data["bases"][at]
        assert (plan.cells[base].key if base >= 0 else None) == place.base_key
    cells = data["cells"]
    assert len(cells) == len(plan.cells)
    assert cells[-2] == {"error": "It broke: a cat"}
    assert cells[-1] == {}
    assert cells[0]["file"] == "../cells/0%20%23100%25.png"
    assert cells[0]["small"].startswith("data:image/webp;base64,")
    assert cells[0]["parameters"].startswith("a cat, a cat\nSteps: 1")


def test_whole_files_are_inside(tmp_path: Path) -> None:
    """The very bytes, so that a picture saved from the page still tells how it was made."""
    grid = drawn(tmp_path / "cells", plan_of(AXES))
    page = page_of(grid, tmp_path / "page.html")
    blocks = dict(re.findall(r'<script type="text/plain" id="full-(\d+)">(.*?)</script>', page))
    assert len(blocks) == len(grid.plan.cells)
    for number, cell in enumerate(grid.plan.cells):
        inside = base64.b64decode(blocks[str(number)])
        assert inside == Path(grid.finished[cell.key].path).read_bytes()


def test_too_many_bytes_become_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = drawn(tmp_path / "cells", plan_of(AXES))
    sizes = [Path(cell.path).stat().st_size for cell in grid.finished.values()]
    monkeypatch.setattr(page_pictures, "EMBEDDED", sum(sizes[:3]))
    cells = data_of(page_of(grid, tmp_path / "page.html"))["cells"]
    assert [cell["full"] for cell in cells] == [True] * 3 + [False] * 5
    assert all("small" in cell and "file" in cell for cell in cells)


def test_places_left_out_have_no_cell(tmp_path: Path) -> None:
    plan = plan_of(AXES[:2], excluded=[{0: frozenset({0}), 1: frozenset({1})}])
    data = data_of(page_of(drawn(tmp_path / "cells", plan), tmp_path / "page.html"))
    assert data["places"] == [0, -1, 1, 2]
    assert data["bases"] == [-1, -1, 0, -1]


def test_a_broken_picture_is_said(tmp_path: Path) -> None:
    grid = drawn(tmp_path / "cells", plan_of(AXES[:1]))
    Path(next(iter(grid.finished.values())).path).write_bytes(b"\x89PNG\r\n\x1a\n broken")
    cells = data_of(page_of(grid, tmp_path / "page.html"))["cells"]
    assert cells[0] == {"error": "Its file cannot be read."}
    assert "small" in cells[1]


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    axes = [AXES[0], axis(AxisKind.PROMPT, HOSTILE, "a dog")]
    plan = plan_of(axes, prompt=HOSTILE, title=HOSTILE)
    grid = drawn(tmp_path / "cells", plan, failed=1, text=HOSTILE)
    page = page_of(grid, tmp_path / "page.html", notes=[HOSTILE])
    parser = Elements()
    parser.feed(page)
    assert [attrs.get("type") for tag, attrs in parser.found if tag == "script"] == [
        "application/json",
        None,
        *["text/plain"] * len(grid.finished),
    ]
    assert not [tag for tag, _ in parser.found if tag in {"img", "iframe", "object", "embed"}]
    assert not [name for _, attrs in parser.found for name in attrs if name.startswith("on")]
    assert not [attrs for _, attrs in parser.found if {"src", "href", "style"} & attrs.keys()]
    assert "\x1b" not in page
    assert "\u202e" not in page
    [prompt, _] = data_of(page)["axes"][1]["values"]
    assert prompt.startswith("</script><img src=x onerror=alert(1)>\\x1b[31m\\u202e%%DATA%%")


def test_the_policy_allows_exactly_what_is_inside(tmp_path: Path) -> None:
    page = page_of(drawn(tmp_path / "cells", plan_of(AXES)), tmp_path / "page.html")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    for tag in ("style", "script"):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert len(inside) == 1
        digest = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{tag}-src &#x27;sha256-{digest}&#x27;" in policy.group(1)
    assert "default-src &#x27;none&#x27;" in policy.group(1)
    assert not re.search(r"https?://", page)
