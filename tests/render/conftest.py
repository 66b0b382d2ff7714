"""Tiny checkpoints and LoRAs, made once, and a short way to draw with them."""

# ruff: noqa: PLC0415 - torch and diffusers are imported only by tests that run

from __future__ import annotations

import gc
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft, Value
from loradex.domain.grid import FailedCell, GridPlan, GridSpec, Layout, RenderedCell
from loradex.domain.progress import CancelToken, Problem, SilentSink
from loradex.domain.recipe import GridModel, RenderSettings
from loradex.render.parts import Parts
from loradex.render.plan import plan_grid

SIZE = 64
STEPS = 3


class Listener(SilentSink):
    """Keeps the problems it is told."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def problem(self, event: Problem) -> None:
        self.problems.append(event)


@dataclass(frozen=True)
class Stock:
    """Where the tiny files of one shape lie."""

    folder: Path
    single: Path
    kohya: Path
    peft: Path


def model(path: Path, base: str | None = None) -> GridModel:
    digest = hashlib.sha256(str(path).encode()).hexdigest()
    return GridModel(1, path.stem, str(path), digest, base)


def spec_for(
    checkpoint: Path,
    loras: Sequence[Path],
    *,
    strengths: Sequence[float] = (0.0, 1.0),
    prompts: Sequence[str] = ("a red boat",),
    seeds: Sequence[int] = (1,),
    negative: str = "",
    **settings: object,
) -> GridSpec:
    chosen = {"width": SIZE, "height": SIZE, "num_inference_steps": STEPS, "device": "cpu"}
    base = Draft(
        checkpoint=model(checkpoint),
        prompt="",
        negative_prompt=negative,
        settings=RenderSettings(**{**chosen, **settings}),  # type: ignore[arg-type]
    )
    return grid_of(
        base,
        (AxisKind.LORA, [model(path) for path in loras]),
        (AxisKind.STRENGTH, strengths),
        (AxisKind.PROMPT, prompts),
        (AxisKind.SEED, seeds),
    )


def grid_of(base: Draft, *axes: tuple[AxisKind, Sequence[Value]], title: str = "") -> GridSpec:
    """Return a grid over these axes: the strengths across, all others down."""
    made = tuple(
        Axis(kind, tuple(AxisValue(value, getattr(value, "name", str(value))) for value in values))
        for kind, values in axes
    )
    across = tuple(n for n, axis in enumerate(made) if axis.kind is AxisKind.STRENGTH)
    down = tuple(n for n in range(len(made)) if n not in across)
    return GridSpec(base=base, axes=made, layout=Layout(x=across, y=down), title=title)


def load_parts(path: Path) -> Parts:
    """Return the parts of an SD or SDXL checkpoint, in float32 on the CPU."""
    from loradex.render.device import Placed
    from loradex.render.folder import load_folder
    from loradex.render.quiet import offline_and_quiet
    from loradex.render.single_file import load_single_file

    with offline_and_quiet():
        return (load_folder if path.is_dir() else load_single_file)(
            path, Placed("cpu", "float32", "cpu")
        )


def networks_of(parts: Parts) -> dict[str, Any]:
    """Return the networks of a checkpoint that LoRAs change, by diffusers' names."""
    texts = zip(("text_encoder", "text_encoder_2"), parts.texts, strict=False)
    return {"unet": parts.unet} | {name: text.model for name, text in texts}


def draw_all(
    spec: GridSpec,
    folder: Path,
    *,
    sink: SilentSink | None = None,
    cancel: CancelToken | None = None,
) -> tuple[GridPlan, dict[str, RenderedCell | FailedCell]]:
    from loradex.render.engine import draw, engine_of

    plan = plan_grid(spec, engine=engine_of)
    keys = [cell.key for cell in plan.cells]
    cells = draw(plan, keys, folder, sink=sink or SilentSink(), cancel=cancel or CancelToken())
    return plan, {cell.key: cell for cell in cells}


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stock]:
    torch = pytest.importorskip("torch")
    pytest.importorskip("diffusers")
    # Threads that wait for each other cost more than these tiny networks take.
    torch.set_num_threads(1)
    from loradex.render.tiny import make_tiny_lora, make_tiny_pipeline, make_tiny_single_file

    made: dict[str, Stock] = {}
    for shape in ("sd1", "sdxl"):
        root = tmp_path_factory.mktemp(shape)
        made[shape] = Stock(
            folder=make_tiny_pipeline(root / "folder", shape=shape),
            single=make_tiny_single_file(root / "single" / "tiny.safetensors", shape=shape),
            kohya=make_tiny_lora(root / "kohya.safetensors", shape=shape, naming="kohya"),
            peft=make_tiny_lora(root / "peft.safetensors", shape=shape, naming="peft"),
        )
    # The libraries that this loaded stay to the end: collections need not look at them.
    gc.freeze()
    return made
