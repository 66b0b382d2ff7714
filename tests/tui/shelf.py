"""A catalog to show: real rows in a real database, in any number."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from itertools import product
from pathlib import Path

from PIL import Image

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft, Value
from loradex.domain.evidence import Evidence, Source
from loradex.domain.grid import (
    Cell,
    FailedCell,
    GridModel,
    GridPlan,
    GridSpec,
    Place,
    Placement,
    RenderedCell,
    RenderSettings,
)
from loradex.domain.grid import Layout as GridLayout
from loradex.domain.identity import Identity
from loradex.domain.kinds import BaseModel, ModelKind
from loradex.domain.library import Layout
from loradex.domain.look import Look
from loradex.domain.recipe import Recipe
from loradex.domain.scanning import Found
from loradex.paths import Home

HOSTILE = (
    "[/]",
    "[@click=app.quit]x[/]",
    "[b",
    "x[a]",
    "$primary[red]",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07osc",
    "\x9b31mc1",
    "abc\u202edef\u2066",
    "a\u200bb\ufeff",
    "👨\u200d👩\u200d👧 family",
    "🇩🇪 flag",
    "👍🏽 skin",
    "Z" + "\u0351" * 60 + "algo",
    "日本語モデル",
    "back\\slash\\",
    "tab\tnew\nline\r",
)


def look(
    name: str,
    number: int,
    *,
    kind: str = "lora",
    base: str | None = "sdxl",
    derivative: str | None = None,
    size: int = 144_000_000,
    words: Sequence[str] = (),
    captions: Sequence[tuple[str, int]] = (),
    metadata: dict[str, str] | None = None,
    problem: str | None = None,
) -> Look:
    """Return what a scan would tell of a file called `name`."""
    facts = [Evidence("kind", kind, Source.TENSORS, detail="its keys end in lora_down")]
    if base:
        facts.append(Evidence("base", base, Source.TENSORS, detail="context 2048"))
    if derivative:
        facts.append(Evidence("derivative", derivative, Source.HEADER, 0.8, detail="modelspec"))
    identity = Identity(
        kind=ModelKind(kind),
        base=BaseModel(base) if base else None,
        derivative=derivative,
        algorithm="lora" if kind == "lora" else None,
        rank=32 if kind == "lora" else None,
        dtype="F16",
        confidence=1.0,
    )
    raw = name.encode("utf-8", "surrogateescape").replace(b"/", b"_").replace(b"\0", b"_")
    return Look(
        Found(raw + b".safetensors", size, 1_750_000_000_000_000_000 + number, 1, number),
        fingerprint=f"{number:032x}",
        identity=identity,
        facts=tuple(facts),
        trigger_words=tuple(words),
        tag_counts_json=json.dumps(list(captions)),
        metadata_json=json.dumps(metadata or {}),
        problem=problem,
    )


def shelf(home: Home, looks: Iterable[Look], root: bytes = b"/models") -> Catalog:
    """Return a catalog with one library `main` that holds these."""
    catalog = Catalog.open(home)
    catalog.files.add_library("main", root, Layout.PLAIN, device=1)
    library = catalog.files.libraries()[0]
    if batch := list(looks):
        catalog.looks.record(library.id, batch, "1")
    return catalog


def few() -> list[Look]:
    """Return a small, varied library."""
    return [
        look("neon_knight_v3", 1, words=("neonkn", "glowing armor"), size=144_000_000,
             captions=(("neonkn", 120), ("1girl", 80), ("armor", 44), ("night city", 21))),
        look("neon_alley", 2, base="sdxl", derivative="pony", size=72_000_000, words=("alleyn",)),
        look("lunar_hall", 3, base="sd1", size=18_000_000),
        look("oil paint", 4, base="flux1", size=218_000_000, words=("oilpaint style",)),
        look("dreamshaper_8", 5, kind="checkpoint", base="sd1", size=2_130_000_000),
        look("sd_xl_base_1.0", 6, kind="checkpoint", base="sdxl", size=6_940_000_000),
        look("ponyDiffusionV6", 7, kind="checkpoint", base="sdxl", derivative="pony",
             size=6_940_000_000),
        look("easynegative", 8, kind="embedding", base="sd1", size=25_000),
        look("sdxl_vae", 9, kind="vae", base="sdxl", size=335_000_000),
        look("halved", 10, base=None, kind="unknown", size=4_000, problem="The header is cut off."),
    ]  # fmt: skip


def many(count: int) -> Iterable[Look]:
    """Return a long library."""
    bases = ("sdxl", "sd1", "flux1", "sdxl", "wan")
    for number in range(count):
        kind = "checkpoint" if number % 10 == 0 else "lora"
        yield look(
            f"model {number:06d} of the long shelf",
            number + 1,
            kind=kind,
            base=bases[number % 5],
            derivative="pony" if number % 25 == 3 else None,
            size=1_000_000 + number * 1_000,
            words=(f"word{number}",),
        )


def picture(path: Path, hue: int = 0, size: tuple[int, int] = (64, 64)) -> Path:
    """Write a small PNG with a gradient and return its path."""
    image = Image.new("RGB", size)
    for x in range(size[0]):
        for y in range(size[1]):
            image.putpixel((x, y), ((x * 4 + hue) % 256, (y * 4) % 256, (hue * 2 + x + y) % 256))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return path


def model(id_: int, name: str) -> GridModel:
    """Return a model of the shelf as a grid keeps it."""
    return GridModel(id_, name, f"/models/{name}", f"{id_:064x}", "sdxl")


KNIGHT = model(1, "neon_knight_v3")
ALLEY = model(2, "neon_alley")
BASE = model(6, "sd_xl_base_1.0")


def axis(kind: AxisKind, *values: Value, find: str = "") -> Axis:
    """Return an axis whose labels are its values."""
    labelled = (
        AxisValue(
            v, v.name if isinstance(v, GridModel) else f"{v:g}" if type(v) is float else f"{v}"
        )
        for v in values
    )
    return Axis(kind, tuple(labelled), find)


PROMPTS = axis(AxisKind.PROMPT, "a knight in the rain", "portrait, soft light")
SEEDS = axis(AxisKind.SEED, 1, 2)
STRENGTHS = axis(AxisKind.STRENGTH, 0.0, 0.5, 1.0)


def keep(
    catalog: Catalog,
    folder: Path,
    axes: Sequence[Axis],
    layout: GridLayout,
    *,
    without: Sequence[Place] = (),
    title: str = "neon_knight_v3 on sd_xl_base_1.0",
) -> int:
    """Keep a grid of model 1 on checkpoint 6 with none of its cells drawn; return its id.

    Cells are called by their places. The first value of an axis of strengths is the base of the
    others.
    """
    draft = Draft(BASE, "a knight", KNIGHT, settings=RenderSettings(64, 64))
    spec = GridSpec(draft, tuple(axes), layout, title=title)
    strengths = [number for number, axis in enumerate(axes) if axis.kind is AxisKind.STRENGTH]

    def base_key(at: Place) -> str | None:
        base = tuple(0 if number in strengths else value for number, value in enumerate(at))
        return cell_key(base) if base != at else None

    placements = tuple(
        Placement(at, Cell(Recipe(BASE, "a knight", "", 1), cell_key(at)), base_key(at))
        for at in product(*map(range, spec.lengths))
        if at not in without
    )
    plan = GridPlan(spec, placements, tuple(place.cell for place in placements))
    return catalog.grids.add(plan, str(folder / "{id}"))


def cell_key(at: Place) -> str:
    """Return what the cell of a place is called."""
    return "cell" + "".join(map(str, at))


def grid(catalog: Catalog, folder: Path) -> int:
    """Keep a grid of 2 prompts, 2 seeds and 3 strengths; return its id."""
    return keep(catalog, folder, (PROMPTS, SEEDS, STRENGTHS), GridLayout(x=(2,), y=(0, 1)))


def draw_cells(catalog: Catalog, folder: Path, count: int, *, fail: int | None = None) -> None:
    """Finish the first `count` cells of that grid; cell `fail` could not be drawn."""
    for number, at in enumerate(list(product(range(2), range(2), range(3)))[:count]):
        draw_cell(catalog, folder, at, hue=number * 20, fail=number == fail)


def draw_cell(
    catalog: Catalog, folder: Path, at: Place, *, hue: int = 0, fail: bool = False
) -> None:
    """Finish one cell of a kept grid."""
    key = cell_key(at)
    if fail:
        catalog.grids.record([FailedCell(key, "Out of memory on [cuda:0].")])
    else:
        path = picture(folder / f"{key}.png", hue=hue)
        catalog.grids.record([RenderedCell(key, str(path), 64, 64, 1.0, "")])
