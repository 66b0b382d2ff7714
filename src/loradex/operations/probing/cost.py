"""What a probe would draw, reckoned before anything is loaded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from loradex.domain.grid import Cell
from loradex.domain.probing import Depth, ProbePoint
from loradex.domain.recipe import GridModel
from loradex.domain.verdicts import Verdict
from loradex.operations.grid_estimate import estimated_seconds
from loradex.operations.grid_models import ModelFinder, check_fit
from loradex.operations.grids import finished_cells
from loradex.operations.probing.planning import probe_settings
from loradex.operations.probing.points import ProbeCells
from loradex.operations.probing.prompts import STANDARD_PROMPTS, usual_seeds
from loradex.operations.probing.request import ProbeRequest
from loradex.operations.probing.sheet_points import sheet_points, sheet_prompts, sheet_seeds
from loradex.operations.probing.subject import words_of
from loradex.operations.probing.tasks import ProbeTask
from loradex.probe.inquiry import FIRST_PAIRS, Inquiry, TriedWord, contexts
from loradex.render.checks import check_recipe

_STRENGTHS = {Depth.QUICK: 2, Depth.NORMAL: 4, Depth.THOROUGH: 8}
"""Strengths besides 1 and 2 that are drawn at most, to find where usable begins and ends."""


@dataclass(frozen=True, slots=True)
class WordToTry:
    """A trigger word that would be tried. `placebo` is empty where it was never made up yet."""

    word: str
    source: str
    placebo: str = ""


@dataclass(frozen=True, slots=True)
class ProbeCost:
    """What a probe draws at first, and at most if everything stays open; in pictures.

    `exist` of the first ones need not be drawn, which takes `seconds` for the rest: None where
    nothing like it was drawn here before.
    """

    first: int
    most: int
    exist: int
    seconds: float | None
    words: tuple[WordToTry, ...]
    prompts: tuple[str, ...]
    seeds: tuple[int, ...]
    width: int
    height: int
    steps: int


def probe_cost(
    finder: ModelFinder, task: ProbeTask, checkpoint: GridModel, request: ProbeRequest
) -> ProbeCost:
    """Return what a probe would cost; raise what speaks against it where that shows already.

    Words are not read as tokens for this, so that a placebo is known only from an earlier probe.
    """
    from loradex.render.engine import engine_of  # noqa: PLC0415 - beside its use

    request.check()
    catalog = finder.catalog
    lora, inquiry = None, _sheet(request)
    words: tuple[WordToTry, ...] = ()
    if not task.of_checkpoint:
        lora = finder.model(task.subject.id, ("lora",))
        check_fit(catalog, checkpoint, lora)
        inquiry, words = _inquiry(finder, task, request)
    prompts = _prompts(task, request)
    settings = probe_settings(catalog, checkpoint.content_id, request)
    cells = ProbeCells(checkpoint, lora, prompts, request.negative_prompt, settings, engine_of)
    points = (
        sheet_points(inquiry.prompts, inquiry.seeds)
        if task.of_checkpoint
        else inquiry.points(FIRST_PAIRS, (1.0,), contexts(inquiry.words))
    )
    first = _cells(cells, points)
    known = finished_cells(catalog, [cell.key for cell in first])
    return ProbeCost(
        first=len(first),
        most=len(first) if task.of_checkpoint else most_pictures(inquiry),
        exist=len(known),
        seconds=estimated_seconds(catalog, [cell for cell in first if cell.key not in known]),
        words=words,
        prompts=prompts,
        seeds=inquiry.seeds,
        width=settings.width,
        height=settings.height,
        steps=settings.num_inference_steps,
    )


def most_pictures(inquiry: Inquiry) -> int:
    """Return how many pictures a probe of a LoRA draws if everything stays open to the end.

    All words at strengths 1 and 2, the checkpoint alone beside them, and the curve.
    """
    around = len(contexts((*inquiry.words, *inquiry.mined)))
    alone = inquiry.most_alone - inquiry.most_pairs
    curve = _STRENGTHS[inquiry.depth] * FIRST_PAIRS
    return 3 * around * inquiry.most_pairs + 2 * alone + curve


def _cells(cells: ProbeCells, points: Sequence[ProbePoint]) -> list[Cell]:
    found = {cell.key: cell for cell in map(cells.cell, points)}
    for cell in found.values():
        check_recipe(cell.recipe)
    return list(found.values())


def _inquiry(
    finder: ModelFinder, task: ProbeTask, request: ProbeRequest
) -> tuple[Inquiry, tuple[WordToTry, ...]]:
    words = words_of(finder.catalog.details(task.subject.id), request.words)
    placebos = dict(_placebos(task.earlier))
    tried = {
        word: TriedWord(word, source, placebos.get(word, f"\N{BULLET} {number}"), 0)
        for number, (word, source) in enumerate(
            [
                *((word, "claimed") for word in words.claimed),
                *((word, "header") for word in words.mined),
            ]
        )
    }
    inquiry = Inquiry(
        prompts=len(_prompts(task, request)),
        seeds=request.seeds or usual_seeds(request.depth),
        words=tuple(tried[word] for word in words.claimed),
        mined=tuple(tried[word] for word in words.mined),
        depth=request.depth,
    )
    told = tuple(
        WordToTry(one.text, one.source, placebos.get(one.text, "")) for one in tried.values()
    )
    return inquiry, told


def _sheet(request: ProbeRequest) -> Inquiry:
    return Inquiry(len(sheet_prompts(request)), sheet_seeds(request), (), (), request.depth)


def _placebos(earlier: Verdict | None) -> Iterator[tuple[str, str]]:
    if earlier is not None and earlier.evidence is not None:
        for score in earlier.evidence.words:
            yield score.word, score.placebo


def _prompts(task: ProbeTask, request: ProbeRequest) -> tuple[str, ...]:
    """Return the prompts: those of the last probe where the usual ones may not do."""
    if task.of_checkpoint:
        return sheet_prompts(request)
    if request.prompts:
        return request.prompts
    earlier = task.earlier.evidence if task.earlier is not None else None
    return (earlier.prompts if earlier else ()) or STANDARD_PROMPTS
