"""What is drawn in each case, and what is to be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft, Value
from loradex.domain.grid import GridPlan, GridSpec, Layout
from loradex.domain.recipe import GridModel, RenderSettings
from loradex.render.engine import engine_of
from loradex.render.plan import plan_grid

from .shapes import DEEP, FLUX, MIDDLE, SDXL, Shape, write_checkpoint, write_lora

EIGHT = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4)
_PROMPTS = ("a red boat at dusk", "an old tower", "a fox in the snow", "neon city street")


@dataclass(frozen=True)
class Case:
    """One benchmark. `goals` are, by dtype, how often faster than the plain loop it has to be.

    `streamed` emulates a card of 8 GB: memory is capped and neither side keeps its weights there.
    """

    name: str
    shape: Shape
    side: int
    steps: int
    goals: Mapping[str, float]
    strengths: tuple[float, ...] = EIGHT
    prompts: int = 2
    loras: int = 1
    cuda: bool = False
    streamed: bool = False
    guidance: float = 7.0

    @property
    def pictures(self) -> int:
        """How many places the grid has, which is what a loop draws."""
        return len(self.strengths) * self.prompts * self.loras

    def quick(self) -> Case:
        """Return a smaller grid of the same kind, to see that all works."""
        return replace(self, steps=2, strengths=self.strengths[:3], loras=min(self.loras, 2))


CASES: Mapping[str, Case] = {
    case.name: case
    for case in (
        Case("C1", DEEP, 64, 4, {"float32": 2.5, "bfloat16": 5.0}),
        Case("C2", MIDDLE, 256, 4, {"float32": 1.0, "bfloat16": 1.15}),
        Case("G1", SDXL, 512, 20, {"bfloat16": 4.0}, prompts=4, cuda=True),
        Case("G2", SDXL, 1024, 20, {"bfloat16": 1.5}, prompts=4, cuda=True),
        Case(
            "G3",
            SDXL,
            512,
            20,
            {"bfloat16": 6.0},
            strengths=(0.0, 0.6, 1.0),
            loras=24,
            cuda=True,
        ),
        Case(
            "G4",
            FLUX,
            512,
            8,
            {"bfloat16": 2.5},
            prompts=1,
            cuda=True,
            streamed=True,
            guidance=3.5,
        ),
    )
}


@dataclass(frozen=True)
class Files:
    """The files of a case."""

    checkpoint: Path
    loras: tuple[Path, ...]


def write_files(case: Case, folder: Path) -> Files:
    """Write the checkpoint, once for all cases of its shape, and the LoRAs of `case`."""
    checkpoint = folder / sha256(case.shape.name.encode()).hexdigest()[:12]
    if not checkpoint.exists():
        write_checkpoint(checkpoint, case.shape)
    loras = []
    for seed in range(case.loras):
        path = folder / f"{checkpoint.name}-{seed}.safetensors"
        loras.append(path if path.exists() else write_lora(path, case.shape, seed=seed))
    return Files(checkpoint, tuple(loras))


def plan_of(case: Case, files: Files, dtype: str, *, only: float | None = None) -> GridPlan:
    """Return the case's grid, or with `only` that of its last prompt at this one strength."""
    prompts = _PROMPTS[: case.prompts]
    strengths = case.strengths
    if only is not None:
        prompts, strengths = prompts[-1:], (only,)
    settings = RenderSettings(
        width=case.side,
        height=case.side,
        num_inference_steps=case.steps,
        guidance_scale=case.guidance,
        dtype=dtype,
        device="cuda" if case.cuda else "cpu",
    )
    axes = (
        _axis(AxisKind.LORA, [_model(path) for path in files.loras]),
        _axis(AxisKind.STRENGTH, strengths),
        _axis(AxisKind.PROMPT, prompts),
    )
    draft = Draft(_model(files.checkpoint), "", seed=3, settings=settings)
    return plan_grid(GridSpec(draft, axes, Layout(x=(1,), y=(0, 2))), engine=engine_of)


def _axis(kind: AxisKind, values: list[GridModel] | tuple[Value, ...]) -> Axis:
    return Axis(kind, tuple(AxisValue(value, str(value)) for value in values))


def _model(path: Path) -> GridModel:
    return GridModel(1, path.stem, str(path), sha256(str(path).encode()).hexdigest(), None)
