"""Draw round after round with one process, which keeps the checkpoint loaded in between.

For work that decides by what it has measured what to draw next.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType

import msgspec

from loradex.domain.clip_scores import ClipAnswer, ClipRequest
from loradex.domain.denoising import DenoisingLoss, DenoisingVariant, NoiseDraw
from loradex.domain.grid import Cell, FailedCell, RenderedCell
from loradex.domain.progress import CancelToken, ProgressSink
from loradex.domain.recipe import GridModel, Recipe, RenderSettings
from loradex.domain.recipe_json import cell_to_plain, recipe_to_plain
from loradex.errors import UsageError
from loradex.operations.drawing_events import (
    error_of,
    failed_of,
    problem_of,
    progress_of,
    rendered_of,
)
from loradex.operations.drawing_process import LAST_WORDS, DrawingProcess, Event

_LOOK_EVERY = 0.1
_PATIENCE = 20.0
"""Seconds that a request which nobody wants any more has to end: a step may be under way."""
_USUAL = RenderSettings()


class DrawingRoom:
    """A process that draws, started with the first request and kept until the block is left.

    Use it as a context manager, for one request at a time. Every method raises what drawing
    raises (`NotRenderable`, `UsageError`, `ExtraMissing` …), `Cancelled` within a step, and
    `RenderError` when the process died; the next request then gets a new one.
    """

    def __init__(
        self,
        folder: Path,
        *,
        log: Path,
        settings: RenderSettings = _USUAL,
        tokenizers: Sequence[Path] = (),
        sink: ProgressSink,
        cancel: CancelToken,
    ) -> None:
        """`folder` is that of the renders.

        `settings` say on which device and in which numbers a checkpoint is loaded that is asked
        for without a recipe. `tokenizers` are folders of those that were downloaded.
        """
        self._folder = folder
        self._log = log
        self._settings = settings
        self._tokenizers = tuple(tokenizers)
        self._sink = sink
        self._cancel = cancel
        self._process: DrawingProcess | None = None

    def __enter__(self) -> DrawingRoom:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, which gives all of its memory back. A later request starts another."""
        process, self._process = self._process, None
        if process is not None:
            process.let_go()
            process.close()

    def draw(self, cells: Sequence[Cell]) -> Iterator[RenderedCell | FailedCell]:
        """Draw cells into the renders' folder, the very bytes that a grid would write.

        Yields each as it is finished. Nothing is drawn before the first is asked for; what is
        left when nobody asks any more is not drawn.
        """
        return self._drawn(cells, self._folder, otherwise=False)

    def draw_otherwise(
        self, cells: Sequence[Cell], folder: Path
    ) -> Iterator[RenderedCell | FailedCell]:
        """Draw the same cells in another way that is right too, to see what that changes.

        Another number of pictures goes through the network at once, and plain LoRAs are merged
        into the weights. The pictures have the cells' keys and must not be kept as theirs: raises
        `UsageError` when `folder` is that of the renders.
        """
        if folder.resolve() == self._folder.resolve():
            raise UsageError(f"{folder} is where pictures are kept that were drawn as usual.")
        return self._drawn(cells, folder, otherwise=True)

    def token_ids(
        self, checkpoint: GridModel, texts: Sequence[str]
    ) -> list[tuple[tuple[int, ...], ...]]:
        """Return, for every text, the tokens that each tokenizer of the checkpoint reads it as.

        Without marks of start and end, padding and weights; `UNKNOWN_TOKEN` stands for what a
        tokenizer does not know.
        """
        recipe = Recipe(checkpoint, "", "", 0, self._settings)
        answers = self._ask("tokens", recipe=recipe_to_plain(recipe), texts=list(texts))
        return [_ids(event["ids"]) for event in answers if event["event"] == "tokens"]

    def denoising_losses(
        self,
        recipe: Recipe,
        variants: Sequence[DenoisingVariant],
        pictures: Sequence[Path],
        draws: Sequence[NoiseDraw],
    ) -> list[DenoisingLoss]:
        """Return how far each variant's answer is off for each picture with each draw of noise.

        The `recipe`'s checkpoint, VAE and settings count; its words and LoRAs are the variants'.
        The same draws give the same noise on every device. A picture that cannot be read is told
        as a problem and left out; `RenderError` when none can, or a LoRA does not fit.
        """
        answers = self._ask(
            "losses",
            recipe=recipe_to_plain(recipe),
            variants=[asdict(one) for one in variants],
            pictures=[str(path) for path in pictures],
            draws=[asdict(one) for one in draws],
        )
        kept = DenoisingLoss.__slots__
        return [
            msgspec.convert({name: event[name] for name in kept}, DenoisingLoss)
            for event in answers
            if event["event"] == "loss"
        ]

    def clip_scores(self, ask: ClipRequest) -> ClipAnswer:
        """Return how alike pictures are to an image tower.

        The room's tokenizers are tried after those of the request. Raises `NotRenderable` for a
        tower that cannot be used, and `RenderError` for a picture that cannot be read.
        """
        ask = replace(ask, tokenizers=(*ask.tokenizers, *map(str, self._tokenizers)))
        answers = [
            event["answer"]
            for event in self._ask("clip", ask=asdict(ask))
            if event["event"] == "clip"
        ]
        return msgspec.convert(answers[0], ClipAnswer)

    def _drawn(
        self, cells: Sequence[Cell], folder: Path, *, otherwise: bool
    ) -> Iterator[RenderedCell | FailedCell]:
        if not cells:
            return
        plain = [cell_to_plain(cell) for cell in cells]
        for event in self._ask("cells", cells=plain, folder=str(folder), otherwise=otherwise):
            if event["event"] == "cell":
                yield rendered_of(event)
            elif event["event"] == "failed":
                yield failed_of(event)

    def _ask(self, what: str, **fields: object) -> Iterator[Event]:
        """Yield what a request is answered with, besides progress and problems."""
        self._cancel.check()
        if self._process is None:
            self._process = DrawingProcess(self._log, self._tokenizers)
        process = self._process
        request = process.ask(what, **fields)
        finished = False
        try:
            while not finished:
                self._cancel.check()
                for event in self._heard(process, request):
                    kind = event.get("event")
                    finished |= kind in LAST_WORDS
                    if kind == "error":
                        raise error_of(event)
                    if kind not in LAST_WORDS:
                        yield event
        finally:
            if not finished:
                self._abandon(process, request)

    def _heard(self, process: DrawingProcess, request: int) -> Iterator[Event]:
        """Yield what came for a request by now; pass progress and problems on."""
        for event in process.events(_LOOK_EVERY):
            kind = event.get("event")
            if event.get("id") != request:
                continue
            if kind == "progress":
                self._sink.progress(progress_of(event))
            elif kind == "problem":
                self._sink.problem(problem_of(event))
            else:
                yield event
        if process.ended:
            raise process.died()

    def _abandon(self, process: DrawingProcess, request: int) -> None:
        """Stop a request that nobody wants any more, or the process if it takes too long."""
        process.stop(request)
        until = time.monotonic() + _PATIENCE
        while not process.ended and time.monotonic() < until:
            for event in process.events(_LOOK_EVERY):
                if event.get("id") == request and event.get("event") in LAST_WORDS:
                    return
        self._process = None
        process.close(patience=0)


def _ids(plain: object) -> tuple[tuple[int, ...], ...]:
    return msgspec.convert(plain, tuple[tuple[int, ...], ...])
