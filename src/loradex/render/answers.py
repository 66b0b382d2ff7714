"""What the process that draws is asked for, and how each of it is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import msgspec

from loradex.domain.denoising import DenoisingVariant, NoiseDraw
from loradex.domain.grid import Cell, FailedCell, RenderedCell
from loradex.domain.grid_json import spec_from_json
from loradex.domain.progress import CancelToken, Progress, ProgressSink
from loradex.domain.recipe_json import cell_from_plain, recipe_from_plain
from loradex.render.denoising_loss import denoising_losses
from loradex.render.engine import engine_of
from loradex.render.image_tower import clip_scores
from loradex.render.plan import drawing_order, plan_grid
from loradex.render.quiet import offline_and_quiet
from loradex.render.resident import Resident
from loradex.render.ways import Way

Answer = tuple[str, Mapping[str, object]]
"""The name of an event, and its fields."""


class Answers:
    """Answers requests, with the checkpoint of the last one kept loaded."""

    def __init__(self, tokenizers: Sequence[Path]) -> None:
        self._resident = Resident(engine_of, tokenizers)

    def to(
        self, request: Mapping[str, object], sink: ProgressSink, cancel: CancelToken
    ) -> Iterator[Answer]:
        """Yield what a request asks for. Raises what drawing raises."""
        known: Mapping[object, Callable[..., Iterator[Answer]]] = {
            "grid": self._grid,
            "cells": self._cells,
            "tokens": self._tokens,
            "losses": self._losses,
            "clip": self._clip,
        }
        return known[request["do"]](request, sink, cancel)

    def _grid(
        self, request: Mapping[str, object], sink: ProgressSink, cancel: CancelToken
    ) -> Iterator[Answer]:
        spec = spec_from_json(str(request["spec"]))
        settings = replace(spec.base.settings, device=str(request["device"]))
        spec = replace(spec, base=replace(spec.base, settings=settings))
        keys = msgspec.convert(request["keys"], frozenset[str])
        cells = [cell for cell in plan_grid(spec, engine=engine_of).cells if cell.key in keys]
        return self._drawn(cells, request, sink, cancel)

    def _cells(
        self, request: Mapping[str, object], sink: ProgressSink, cancel: CancelToken
    ) -> Iterator[Answer]:
        plain = msgspec.convert(request["cells"], list[dict[str, object]])
        cells = drawing_order([cell_from_plain(cell) for cell in plain])
        way: Way = "otherwise" if request["otherwise"] else "usual"
        return self._drawn(cells, request, sink, cancel, way=way)

    def _drawn(
        self,
        cells: Sequence[Cell],
        request: Mapping[str, object],
        sink: ProgressSink,
        cancel: CancelToken,
        *,
        way: Way = "usual",
    ) -> Iterator[Answer]:
        folder = Path(str(request["folder"]))
        for cell in self._resident.draw(cells, folder, way=way, sink=sink, cancel=cancel):
            yield _named(cell), asdict(cell)

    def _tokens(
        self, request: Mapping[str, object], sink: ProgressSink, cancel: CancelToken
    ) -> Iterator[Answer]:
        recipe = recipe_from_plain(request["recipe"])
        base = self._resident.at_hand([recipe], sink=sink).base
        with offline_and_quiet():
            for text in msgspec.convert(request["texts"], list[str]):
                cancel.check()
                yield "tokens", {"ids": base.token_ids(text)}

    def _losses(
        self, request: Mapping[str, object], sink: ProgressSink, cancel: CancelToken
    ) -> Iterator[Answer]:
        recipe = recipe_from_plain(request["recipe"])
        for loss in denoising_losses(
            self._resident.at_hand([recipe], sink=sink),
            recipe,
            msgspec.convert(request["variants"], list[DenoisingVariant]),
            [Path(path) for path in msgspec.convert(request["pictures"], list[str])],
            msgspec.convert(request["draws"], list[NoiseDraw]),
            sink=sink,
            cancel=cancel,
        ):
            yield "loss", asdict(loss)

    def _clip(
        self, request: Mapping[str, object], sink: ProgressSink, cancel: CancelToken
    ) -> Iterator[Answer]:
        cancel.check()
        asked = msgspec.convert(request["ask"], dict[str, object])
        sink.progress(Progress("Looking at pictures", 0, None, "pictures"))
        yield "clip", {"answer": clip_scores(asked)}


def _named(cell: RenderedCell | FailedCell) -> str:
    return "cell" if isinstance(cell, RenderedCell) else "failed"
