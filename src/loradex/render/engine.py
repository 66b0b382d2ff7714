"""Draw the cells of a plan: load once, merge once per weight set, batch prompts and seeds."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.grid import (
    Cell,
    FailedCell,
    GridModel,
    GridPlan,
    RenderedCell,
    RenderSettings,
)
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.errors import LoradexError, RenderError, UsageError
from loradex.render.cells import cell_path, save_picture
from loradex.render.checkpoints import load_checkpoint
from loradex.render.denoise import decode, denoise
from loradex.render.device import Placed, micro_batch, place, require_extra
from loradex.render.lora.file import LoraFile, match_lora
from loradex.render.lora.merge import Merger
from loradex.render.lora.modules import Modules, modules_of
from loradex.render.parts import Parts
from loradex.render.quiet import offline_and_quiet
from loradex.render.text import Encoded, cut_off, encode

if TYPE_CHECKING:
    from torch import Tensor

ENGINE = "loradex 1"
"""Raised whenever a change here changes pictures."""

_DEFAULTS = RenderSettings()

_CELL_ERRORS = (RenderError, UsageError, RuntimeError, ValueError, OSError)
"""What fails the cells at hand and not the run: `Cancelled` is not among them."""


def engine_version(settings: RenderSettings = _DEFAULTS) -> str:
    """Return all that shapes a picture besides its cell: our version, libraries, device, dtype.

    Raises `ExtraMissing` without torch and diffusers, and `UsageError` when `settings` asks for
    a device or dtype that is not to be had here.
    """
    require_extra()
    placed = place(settings)
    batch = micro_batch(settings, placed.device)
    libraries = " ".join(
        f"{name} {version(name)}" for name in ("torch", "diffusers", "transformers")
    )
    return f"{ENGINE}; {libraries}; {placed.kind} {placed.dtype}; batch {batch}"


def draw(
    plan: GridPlan,
    keys_to_draw: Collection[str],
    folder: Path,
    *,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[RenderedCell | FailedCell]:
    """Draw the cells with these keys into `folder/<first two digits>/<key>.png`.

    Yields each cell as it is finished; one that cannot be drawn is yielded as failed and the
    rest goes on. Raises `ExtraMissing`, `NotRenderable` or `UsageError` when nothing can be drawn
    at all, and `Cancelled` within one denoising step.
    """
    wanted = [cell for cell in plan.cells if cell.key in keys_to_draw]
    if not wanted:
        return
    settings = plan.spec.settings
    engine = engine_version(settings)
    placed = place(settings)
    sink.progress(Progress("Loading", 0, None, "steps", plan.spec.checkpoint.name))
    parts = load_checkpoint(Path(plan.spec.checkpoint.path), placed)
    cancel.check()
    for note in parts.notes:
        sink.problem(Problem(plan.spec.checkpoint.name, note))
    drawing = _Drawing(
        plan, parts, placed=placed, engine=engine, folder=folder, sink=sink, cancel=cancel
    )
    yield from drawing.run(wanted)


@dataclass(frozen=True, slots=True)
class _WeightSet:
    """The cells that one state of the weights serves; `file` is None for the checkpoint alone."""

    lora: GridModel | None
    file: LoraFile | None
    strength: float
    cells: tuple[Cell, ...]


class _Drawing:
    """One run over a loaded checkpoint."""

    def __init__(
        self,
        plan: GridPlan,
        parts: Parts,
        *,
        placed: Placed,
        engine: str,
        folder: Path,
        sink: ProgressSink,
        cancel: CancelToken,
    ) -> None:
        self._plan = plan
        self._settings = plan.spec.settings
        self._parts = parts
        self._placed = placed
        self._engine = engine
        self._folder = folder
        self._sink = sink
        self._cancel = cancel
        self._merger = Merger()
        self._modules: Modules = modules_of(parts)
        self._batch = micro_batch(self._settings, placed.device)
        self._loras: dict[str, LoraFile] = {}
        self._base_texts: dict[tuple[str, bool], Encoded] = {}
        self._steps_done = 0
        self._steps_total = 0

    def run(self, cells: list[Cell]) -> Iterator[RenderedCell | FailedCell]:
        """Match every LoRA first, so that a wrong one is told before hours of drawing."""
        sets: list[_WeightSet] = []
        for _, group in groupby(cells, key=lambda cell: (cell.lora, cell.strength)):
            same = tuple(group)
            try:
                file = None if same[0].lora is None else self._match(same[0].lora)
            except RenderError as error:
                yield from (FailedCell(cell.key, str(error)) for cell in same)
            else:
                sets.append(_WeightSet(same[0].lora, file, same[0].strength, same))
        batches = sum(-(-len(one.cells) // self._batch) for one in sets)
        self._steps_total = batches * self._settings.num_inference_steps
        self._warn_of_long_prompts(cells)
        try:
            for weights in sets:
                yield from self._draw_set(weights)
        finally:
            self._merger.restore()

    def _match(self, lora: GridModel) -> LoraFile:
        """Return the LoRA's file, matched once; raise `RenderError` when it does not fit."""
        if lora.digest not in self._loras:
            file = match_lora(Path(lora.path), self._modules, name=lora.name, base=lora.base)
            self._loras[lora.digest] = file
            for note in file.notes:
                self._sink.problem(Problem(lora.name, note))
        return self._loras[lora.digest]

    def _warn_of_long_prompts(self, cells: list[Cell]) -> None:
        texts = {text for cell in cells for text in (cell.prompt, cell.negative_prompt)}
        with offline_and_quiet():
            beyond = {text: cut_off(self._parts, text) for text in sorted(texts)}
        for text, count in beyond.items():
            if count:
                self._sink.problem(
                    Problem(text[:60], f"The last {count} tokens of this prompt are not read.")
                )

    def _draw_set(self, weights: _WeightSet) -> Iterator[RenderedCell | FailedCell]:
        """Merge, encode the texts these weights need, and draw the cells batch by batch."""
        self._cancel.check()
        try:
            if weights.file is None:
                self._merger.restore()
            else:
                self._merger.apply(weights.file, weights.strength)
            texts = self._texts(weights)
        except _CELL_ERRORS as error:
            yield from _failed(weights.cells, error)
            return
        waiting = list(weights.cells)
        while waiting:
            batch, rest = waiting[: self._batch], waiting[self._batch :]
            started = time.perf_counter()
            try:
                latents = self._denoise(batch, texts, weights)
            except _CELL_ERRORS as error:
                if self._halved(error):
                    continue
                yield from _failed(batch, error)
            else:
                each = (time.perf_counter() - started) / len(batch)
                for number, cell in enumerate(batch):
                    yield self._finish(cell, latents[number : number + 1], each)
            waiting = rest

    def _texts(self, weights: _WeightSet) -> dict[tuple[str, bool], Encoded]:
        """Return every text these cells need; the base's are shared where text is untouched."""
        touched = weights.file is not None and weights.file.touches_text
        table: dict[tuple[str, bool], Encoded] = {} if touched else self._base_texts
        needed = {(cell.prompt, False) for cell in weights.cells}
        if self._settings.guidance_scale > 1:
            needed |= {(cell.negative_prompt, True) for cell in weights.cells}
        with offline_and_quiet():
            for text, negative in sorted(needed - table.keys()):
                table[text, negative] = encode(
                    self._parts, text, clip_skip=self._settings.clip_skip, negative=negative
                )
        return table

    def _denoise(
        self, batch: list[Cell], texts: dict[tuple[str, bool], Encoded], weights: _WeightSet
    ) -> Tensor:
        """Return the latents of a batch filled up with copies of its last cell."""
        full = [*batch, *[batch[-1]] * (self._batch - len(batch))]
        name = weights.lora.name if weights.lora else self._plan.spec.checkpoint.name
        item = f"{name} at {weights.strength:g}" if weights.lora else name
        before = self._steps_done
        share = self._settings.num_inference_steps

        def on_step(done: int, of: int) -> None:
            self._steps_done = min(before + done * share // of, self._steps_total)
            self._sink.progress(
                Progress("Drawing", self._steps_done, self._steps_total, "steps", item)
            )
            self._cancel.check()

        with offline_and_quiet():
            return denoise(
                self._parts,
                self._settings,
                [
                    (texts[cell.prompt, False], texts.get((cell.negative_prompt, True)))
                    for cell in full
                ],
                [cell.seed for cell in full],
                device=self._placed.device,
                dtype=self._placed.torch_dtype,
                on_step=on_step,
            )

    def _halved(self, error: Exception) -> bool:
        """After running out of memory go on with half as many at once; tell that it happened."""
        import torch  # noqa: PLC0415 - heavy

        if not isinstance(error, torch.OutOfMemoryError) or self._batch == 1:
            return False
        self._batch //= 2
        torch.cuda.empty_cache()
        self._sink.problem(
            Problem(
                self._plan.spec.checkpoint.name,
                f"The device ran out of memory; going on with {self._batch} picture(s) at once. "
                "Their last bits may differ from those of other grids.",
            )
        )
        return True

    def _finish(self, cell: Cell, latents: Tensor, seconds: float) -> RenderedCell | FailedCell:
        """Decode one cell and store it."""
        started = time.perf_counter()
        path = cell_path(self._folder, cell.key)
        try:
            picture = decode(self._parts, latents)
            text = save_picture(
                picture, path, cell, self._plan.spec.checkpoint, engine=self._engine
            )
        except (ArithmeticError, RuntimeError, OSError) as error:
            return FailedCell(cell.key, _words(error))
        return RenderedCell(
            key=cell.key,
            path=str(path),
            width=picture.width,
            height=picture.height,
            seconds=seconds + time.perf_counter() - started,
            infotext=text,
        )


def _failed(cells: Collection[Cell], error: Exception) -> Iterator[FailedCell]:
    return (FailedCell(cell.key, _words(error)) for cell in cells)


def _words(error: Exception) -> str:
    """Return an error as a sentence: ours as they are, others with where they come from."""
    if isinstance(error, LoradexError):
        return str(error)
    if isinstance(error, ArithmeticError):
        return f"{error} Try the dtype float32 or bfloat16, or a lower strength."
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return f"It could not be drawn: {first[:300]}"
