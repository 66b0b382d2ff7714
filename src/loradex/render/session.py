"""One loaded checkpoint and the cells it draws: match, encode, denoise, decode, store."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.grid import (
    DOES_NOT_FIT,
    FLAT,
    OUT_OF_RANGE,
    Cell,
    FailedCell,
    RenderedCell,
)
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.recipe import Recipe
from loradex.errors import LoradexError, RenderError, UsageError
from loradex.render.bases.base import Base
from loradex.render.bases.picture import FlatPicture
from loradex.render.batches import Batch, Company, in_batches
from loradex.render.cells import LatentSpan, cell_path, save_picture, span_of
from loradex.render.checks import check_size
from loradex.render.device import Placed
from loradex.render.inputs import Inputs
from loradex.render.lora.file import LoraMisfit
from loradex.render.memory import Plan, Staging
from loradex.render.quiet import offline_and_quiet
from loradex.render.sampling import sample
from loradex.render.texts import Texts
from loradex.render.ways import Way, at_once
from loradex.render.weights import Weights

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

Done = RenderedCell | FailedCell

_CELL_ERRORS = (RenderError, UsageError, RuntimeError, ValueError, OSError)
"""What fails the cells at hand and not the run: `Cancelled` is not among them."""
_DECODE_ERRORS = (ArithmeticError, RuntimeError, OSError)
_BEHIND = 8
"""Pictures that may wait for being written before drawing waits for them."""


class Session:
    """Draws cells that all share one loaded checkpoint.

    `work` is about what the pictures of a batch take on the device besides weights, in bytes.
    """

    def __init__(
        self,
        base: Base,
        placed: Placed,
        folder: Path,
        *,
        engine: Callable[[Recipe], str],
        sink: ProgressSink,
        cancel: CancelToken,
        plan: Plan = "resident",
        work: float = 0.0,
        way: Way = "usual",
    ) -> None:
        self._base = base
        self._placed = placed
        self._folder = folder
        self._engine = engine
        self._sink = sink
        self._cancel = cancel
        self._staging = Staging(base, placed, plan, work=work)
        self._way = way
        self._weights = Weights(base, placed.device, way)
        self._texts = Texts(base, self._weights)
        self._inputs = Inputs(base, placed)
        self._most: dict[int, int] = {}
        self._steps_done = 0
        self._steps_total = 0
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._writing: deque[Future[Done]] = deque()
        self._waiting: deque[tuple[Cell, Tensor, float]] = deque()

    def close(self) -> None:
        """Put every weight back and end the writing thread."""
        self._writer.shutdown(wait=True, cancel_futures=True)
        self._weights.restore()
        self._staging.close()

    def run(self, cells: Sequence[Cell]) -> Iterator[Done]:
        """Draw cells; every LoRA is matched first, so that a wrong one is told at once."""
        fitting, failed = self._matched(cells)
        yield from failed
        self._tell_streamed(cells, self._staging.to_texts())
        fitting, failed = self._encoded(fitting)
        yield from failed
        if self._staging.plan == "staged":
            self._weights.done_with_texts()
        self._tell_streamed(cells, self._staging.to_denoising())
        batches = in_batches(fitting, self._company, self._batch_size)
        self._steps_total = sum(batch.steps for batch in batches)
        for batch in batches:
            self._cancel.check()
            yield from self._draw(batch)
            yield from self._written(_BEHIND)
        yield from self._decoded_at_last()
        yield from self._written(0)

    def _tell_streamed(self, cells: Sequence[Cell], names: Sequence[str]) -> None:
        """Tell what is too large for the device even by itself."""
        for name in names:
            self._sink.problem(
                Problem(
                    cells[0].recipe.checkpoint.name,
                    f"The device has not the memory for the {name.replace('_', ' ')}: its blocks"
                    " are brought one after another, at every step.",
                )
            )

    def _decoded_at_last(self) -> Iterator[Done]:
        """Decode what waits, when the denoiser had the device to itself."""
        if not self._waiting:
            return
        self._staging.to_decoding()
        while self._waiting:
            self._cancel.check()
            cell, latents, seconds = self._waiting.popleft()
            with offline_and_quiet():
                failed = list(self._decoded(cell, latents, seconds))
            yield from failed
            yield from self._written(_BEHIND)

    def _matched(self, cells: Sequence[Cell]) -> tuple[list[Cell], list[FailedCell]]:
        fitting: list[Cell] = []
        failed: list[FailedCell] = []
        for cell in cells:
            settings = cell.recipe.settings
            try:
                check_size(settings, self._base.multiple, cell.recipe.checkpoint.name)
                told = self._weights.match(cell.recipe.loras)
                self._inputs.check(cell.recipe)
            except (RenderError, UsageError) as error:
                reason = DOES_NOT_FIT if isinstance(error, LoraMisfit) else ""
                failed.append(FailedCell(cell.key, _words(error), reason))
                continue
            for name, note in told:
                self._sink.problem(Problem(name, note))
            fitting.append(cell)
        return fitting, failed

    def _encoded(self, cells: Sequence[Cell]) -> tuple[list[Cell], list[FailedCell]]:
        """Encode every text there is before the first step."""
        fitting: list[Cell] = []
        failed: list[FailedCell] = []
        with offline_and_quiet():
            for cell in self._texts.in_good_order(cells):
                self._cancel.check()
                try:
                    told = self._texts.encode(cell.recipe)
                except _CELL_ERRORS as error:
                    failed.extend(_failed([cell], error))
                    continue
                for text, note in told:
                    self._sink.problem(Problem(text, note))
                fitting.append(cell)
        order = {cell.key: number for number, cell in enumerate(cells)}
        return sorted(fitting, key=lambda cell: order[cell.key]), failed

    def _company(self, recipe: Recipe) -> Company:
        return Company(
            self._weights.company(recipe.loras),
            self._texts.lengths(recipe),
            welcomes=self._weights.runs_beside(recipe.loras),
        )

    def _batch_size(self, recipe: Recipe) -> int:
        settings = recipe.settings
        area = settings.width * settings.height
        return self._most.get(area, at_once(settings, self._placed.device, self._way))

    def _draw(self, batch: Batch) -> Iterator[Done]:
        """Draw one batch; halve it for as long as memory runs out."""
        waiting = batch.split(min(batch.size, self._batch_size(batch.cells[0].recipe)))
        while waiting:
            part = waiting.pop(0)
            started = time.perf_counter()
            try:
                latents = self._denoised(part)
            except _CELL_ERRORS as error:
                halves = self._halved(part, error)
                if not halves:
                    yield from _failed(part.cells, error)
                waiting = [*halves, *waiting]
                continue
            each = (time.perf_counter() - started) / len(part.cells)
            failed: list[Done] = []
            with offline_and_quiet():
                for number, cell in enumerate(part.cells):
                    own = latents[number : number + 1]
                    if self._staging.plan == "staged":
                        self._waiting.append((cell, own.cpu(), each))
                    else:
                        failed += self._decoded(cell, own, each)
            yield from failed

    def _denoised(self, batch: Batch) -> Tensor:
        """Return the latents of a batch filled up with copies of its last cell."""
        missing = batch.size - len(batch.cells)
        recipes = [cell.recipe for cell in (*batch.cells, *[batch.cells[-1]] * missing)]
        before = self._steps_done

        def on_step(done: int, of: int) -> None:
            self._steps_done = min(before + done * batch.steps // of, self._steps_total)
            item = _words_for(recipes[0])
            self._sink.progress(
                Progress("Drawing", self._steps_done, self._steps_total, "steps", item)
            )
            self._cancel.check()

        from loradex.render.text_products import text_products_kept  # noqa: PLC0415 - heavy

        guided = self._base.reads_negative(recipes[0].settings.guidance_scale)
        with (
            offline_and_quiet(),
            self._weights.for_batch(recipes, guided=guided),
            text_products_kept(self._weights.denoiser),
        ):
            return sample(self._base, recipes, self._texts, self._inputs, on_step=on_step)

    def _halved(self, batch: Batch, error: Exception) -> list[Batch]:
        """After running out of memory go on with half as many at once; tell that it happened."""
        import torch  # noqa: PLC0415 - heavy

        if not isinstance(error, torch.OutOfMemoryError) or batch.size == 1:
            return []
        torch.cuda.empty_cache()
        half = batch.size // 2
        settings = batch.cells[0].recipe.settings
        self._most[settings.width * settings.height] = half
        self._sink.problem(
            Problem(
                batch.cells[0].recipe.checkpoint.name,
                f"The device ran out of memory; going on with {half} picture(s) at once. "
                "Their last bits may differ from those of other grids.",
            )
        )
        return batch.split(half)

    def _decoded(self, cell: Cell, latents: Tensor, seconds: float) -> Iterator[Done]:
        """Decode one cell here, and let it be written beside the next steps."""
        started = time.perf_counter()
        try:
            picture = self._picture(cell, latents)
        except _DECODE_ERRORS as error:
            yield from _failed([cell], error)
            return
        span = span_of(latents)
        spent = seconds + time.perf_counter() - started
        self._writing.append(self._writer.submit(self._write, cell, picture, span, spent))

    def _picture(self, cell: Cell, latents: Tensor) -> Image:
        """Decode latents; in tiles when the device has not the memory for the whole."""
        import torch  # noqa: PLC0415 - heavy

        here = latents.to(next(self._base.parts()["vae"].parameters()).device)
        try:
            return self._base.decode(here)
        except torch.OutOfMemoryError:
            torch.cuda.empty_cache()
            self._sink.problem(
                Problem(
                    cell.recipe.checkpoint.name,
                    "The device has not enough memory to decode this picture at once; it was put "
                    "together from tiles, which may differ a little.",
                )
            )
            return self._base.decode(here, tiled=True)

    def _write(self, cell: Cell, picture: Image, span: LatentSpan, seconds: float) -> Done:
        path = cell_path(self._folder, cell.key)
        engine = self._engine(cell.recipe)
        try:
            text = save_picture(picture, path, cell, engine=engine, span=span)
        except OSError as error:
            return FailedCell(cell.key, _words(error))
        width, height = picture.size
        return RenderedCell(cell.key, str(path), width, height, seconds, text, *span)

    def _written(self, behind: int) -> Iterator[Done]:
        """Yield cells whose files are there; wait while more than `behind` are not."""
        while self._writing and (len(self._writing) > behind or self._writing[0].done()):
            yield self._writing.popleft().result()


def _words_for(recipe: Recipe) -> str:
    if not recipe.loras:
        return recipe.checkpoint.name
    use = recipe.loras[0]
    return f"{use.model.name} at {use.strength:g}"


def _failed(cells: Iterable[Cell], error: Exception) -> Iterator[FailedCell]:
    return (FailedCell(cell.key, _words(error), _reason(error)) for cell in cells)


def _reason(error: Exception) -> str:
    if isinstance(error, FlatPicture):
        return FLAT
    return OUT_OF_RANGE if isinstance(error, ArithmeticError) else ""


def _words(error: Exception) -> str:
    """Return an error as a sentence: ours as they are, others with where they come from."""
    if isinstance(error, LoradexError):
        return str(error)
    if isinstance(error, ArithmeticError):
        return f"{error} Try the dtype float32 or bfloat16, or a lower strength."
    first = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return f"It could not be drawn: {first[:300]}"
