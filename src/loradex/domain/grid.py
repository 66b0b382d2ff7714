"""A sample grid: what is asked for, its cells, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RenderSettings:
    """How every cell is drawn. Names and units are diffusers'.

    `sampler` is the A1111 name (`Euler`, `Euler a`, `DPM++ 2M`, `DDIM`, `UniPC`). `dtype` is
    `auto`, `float32`, `bfloat16` or `float16`; `device` is `auto`, `cpu`, `cuda` or `cuda:N`.
    """

    width: int = 512
    height: int = 512
    num_inference_steps: int = 20
    guidance_scale: float = 7.0
    sampler: str = "Euler"
    clip_skip: int = 1
    """Counted from 1, as A1111 does: 1 uses the last layer."""
    dtype: str = "auto"
    device: str = "auto"


@dataclass(frozen=True, slots=True)
class GridModel:
    """A file the renderer needs: where it is, and the digest that names its content."""

    content_id: int
    name: str
    path: str
    digest: str
    """SHA-256 of the bytes; a diffusers folder has the digest of its listing."""
    base: str | None
    trigger_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GridSpec:
    """What a person asked for: every combination of strength, prompt and seed, per LoRA.

    Strength 0 is the checkpoint alone and is the same cell for every LoRA.
    """

    checkpoint: GridModel
    loras: tuple[GridModel, ...]
    strengths: tuple[float, ...]
    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    negative_prompt: str = ""
    settings: RenderSettings = field(default_factory=RenderSettings)
    title: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a grid. `key` is the digest of all that determines the picture."""

    lora: GridModel | None
    """None when the strength is 0."""
    strength: float
    prompt: str
    negative_prompt: str
    seed: int
    settings: RenderSettings
    key: str


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a cell stands in the grid; indices into the spec's tuples."""

    lora: int
    prompt: int
    seed: int
    strength: int
    cell: Cell


@dataclass(frozen=True, slots=True)
class GridPlan:
    """All places of a grid, and the distinct cells behind them in the order to draw them."""

    spec: GridSpec
    placements: tuple[Placement, ...]
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class RenderedCell:
    """A finished cell: its picture, and how long it took."""

    key: str
    path: str
    width: int
    height: int
    seconds: float
    infotext: str


@dataclass(frozen=True, slots=True)
class FailedCell:
    """A cell that could not be drawn, and why."""

    key: str
    message: str


@dataclass(frozen=True, slots=True)
class GridRecord:
    """A grid as the catalog keeps it."""

    id: int
    title: str
    created_at: float
    checkpoint: str
    loras: tuple[str, ...]
    strengths: tuple[float, ...]
    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    cells_total: int
    cells_done: int
    cells_failed: int
    folder: str
    sheet_path: str | None
    page_path: str | None
