"""From a request to a probe that is ready to draw: models, settings, prompts and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loradex.catalog.catalog import Catalog
from loradex.domain.models import ModelDetails
from loradex.domain.progress import Problem, ProgressSink
from loradex.domain.recipe import GridModel, RenderSettings
from loradex.errors import UsageError
from loradex.operations.drawing_rounds import DrawingRoom
from loradex.operations.grid_models import (
    ModelFinder,
    check_fit,
)
from loradex.operations.grid_usual import usual_settings
from loradex.operations.probing.placebos import Reading, readings
from loradex.operations.probing.points import ProbeCells
from loradex.operations.probing.prompts import STANDARD_PROMPTS, is_readable, usual_seeds
from loradex.operations.probing.request import FEWEST_PROMPTS, ProbeRequest
from loradex.operations.probing.subject import Words, training_prompts, words_of
from loradex.probe.inquiry import Inquiry, TriedWord
from loradex.render.checks import check_recipe
from loradex.render.recipes import PLACEHOLDER


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """A probe that is ready to draw."""

    cells: ProbeCells
    inquiry: Inquiry
    details: ModelDetails


def plan_probe(
    finder: ModelFinder,
    room: DrawingRoom,
    checkpoint: GridModel,
    lora: int,
    request: ProbeRequest,
) -> ProbePlan:
    """Return the probe of a LoRA on a checkpoint.

    Raises `UsageError` for prompts that have a trigger word in them, `LoraMismatch` when the LoRA
    is for another base, and what finding models raises.
    """
    from loradex.render.engine import engine_of  # noqa: PLC0415 - beside its use

    request.check()
    catalog = finder.catalog
    model = finder.model(lora, ("lora",))
    check_fit(catalog, checkpoint, model)
    details = catalog.details(lora)
    words = words_of(details, request.words)
    prompts = request.prompts or usual_prompts(room, checkpoint, details, words, finder.sink)
    _check_prompts(prompts, words.claimed)
    tried = _tried(room, checkpoint, words, request.words, finder.sink)
    inquiry = Inquiry(
        prompts=len(prompts),
        seeds=request.seeds or usual_seeds(request.depth),
        words=tuple(word for word in tried if word.source != "header"),
        mined=tuple(word for word in tried if word.source == "header"),
        depth=request.depth,
        every_word=words.every,
    )
    settings = probe_settings(catalog, checkpoint.content_id, request)
    cells = ProbeCells(checkpoint, model, prompts, request.negative_prompt, settings, engine_of)
    for point in inquiry.points(1, (1.0,), ("",)):
        check_recipe(cells.cell(point).recipe)
    return ProbePlan(cells, inquiry, details)


def probe_settings(catalog: Catalog, checkpoint: int, request: ProbeRequest) -> RenderSettings:
    """Return how to draw: what was asked for over what suits the checkpoint."""
    usual = usual_settings(catalog, checkpoint)
    said = request.settings.said()
    if "sampler" in said and "schedule" not in said:
        said["schedule"] = "Automatic"
    settings: RenderSettings = replace(usual, **said)  # type: ignore[arg-type]
    return settings


def usual_prompts(
    room: DrawingRoom,
    checkpoint: GridModel,
    details: ModelDetails,
    words: Words,
    sink: ProgressSink,
) -> tuple[str, ...]:
    """Return the standard prompts, or the LoRA's own captions where the checkpoint's tokenizer
    spells standard words letter by letter: it was made for other words than those.
    """
    standard = STANDARD_PROMPTS
    ids = room.token_ids(checkpoint, standard)
    tokens = [max((len(one) for one in each), default=0) for each in ids]
    if all(map(is_readable, tokens, standard)):
        return standard
    own = training_prompts(details, words, FEWEST_PROMPTS)
    if len(own) < FEWEST_PROMPTS:
        return standard
    sink.problem(
        Problem(
            checkpoint.name,
            "Its tokenizer has no words for the standard prompts, so captions of the LoRA's own"
            " training are used. Give prompts of your own with --prompt.",
        )
    )
    return own


def _check_prompts(prompts: Sequence[str], words: Sequence[str]) -> None:
    for prompt in prompts:
        for word in words:
            if PLACEHOLDER not in prompt and word.casefold() in prompt.casefold():
                raise UsageError(
                    f"The prompt {prompt!r} has the trigger word {word!r} in it.",
                    hint="Leave it out: the probe puts words in itself. {trigger} says where.",
                )


def _tried(
    room: DrawingRoom,
    checkpoint: GridModel,
    words: Words,
    asked: Sequence[str],
    sink: ProgressSink,
) -> list[TriedWord]:
    every = [*words.claimed, *words.mined]
    if not every:
        return []
    own = {" ".join(word.split()) for word in asked}
    read = readings(every, lambda texts: room.token_ids(checkpoint, texts))
    for one in read:
        if one.unknown and one.word in words.claimed:
            sink.problem(
                Problem(
                    one.word,
                    f"{checkpoint.name} has no token for this word: it cannot tell it from others.",
                )
            )
    return [_word(one, words, own) for one in read]


def _word(read: Reading, words: Words, asked: set[str]) -> TriedWord:
    source = "header" if read.word in words.mined else "claimed"
    return TriedWord(
        text=read.word,
        source="asked" if read.word in asked else source,
        placebo=read.placebo,
        tokens=read.tokens,
    )
