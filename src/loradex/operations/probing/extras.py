"""What a probe measures besides: by plugins, by an image tower, and on a person's pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.clip_scores import ClipAnswer, ClipScore
from loradex.domain.probing import ExtraMeasure
from loradex.domain.progress import Problem, ProgressSink
from loradex.errors import Cancelled, LoradexError
from loradex.operations.probing.clip_scoring import clip_measures, clip_request, library_tower
from loradex.operations.probing.measuring import Pair, extra_measures, measured_pairs
from loradex.operations.probing.planning import ProbePlan
from loradex.operations.probing.prober import Prober
from loradex.operations.probing.reference_losses import reference_measures
from loradex.operations.probing.references import Reference, found_references
from loradex.operations.probing.request import ProbeRequest

if TYPE_CHECKING:
    from loradex.operations.probing.probe import ProbeRoom

_Measures = tuple[ExtraMeasure, ...]


def extras(
    room: ProbeRoom, plan: ProbePlan, prober: Prober, words: str, request: ProbeRequest
) -> _Measures:
    """Return what is measured besides on the pictures with these words in front.

    `words` are those that the model answers best to, empty for none. Measures of plugins, CLIP
    scores where the library has an image tower, and the errors on the request's references. What
    cannot be measured is told to the room's sink and left out. Raises `Cancelled` only.
    """
    pairs = measured_pairs(prober.finished, plan.cells.prompts, words)
    references = found_references(request.references, sink=room.sink, cancel=room.cancel)
    parts: tuple[tuple[str, Callable[[], _Measures]], ...] = (
        ("Measures of plugins", lambda: extra_measures(pairs, room.plugins, room.sink)),
        ("CLIP scores", lambda: _clip_scores(room, plan, pairs, references)),
        ("References", lambda: reference_measures(room.drawing, plan, words, references)),
    )
    return tuple(
        measure for what, measured in parts for measure in _or_told(what, measured, room.sink)
    )


def _or_told(what: str, measured: Callable[[], _Measures], sink: ProgressSink) -> _Measures:
    """Return what is measured; nothing, and why to `sink`, where it cannot be."""
    try:
        return measured()
    except Cancelled:
        raise
    except LoradexError as error:
        sink.problem(Problem(what, error.message, error.hint))
        return ()


def _clip_scores(
    room: ProbeRoom, plan: ProbePlan, pairs: Sequence[Pair], references: Sequence[Reference]
) -> _Measures:
    tower = library_tower(room.catalog, Path(plan.cells.checkpoint.path)) if pairs else None
    if tower is None:
        return ()
    ask = clip_request(
        pairs,
        tower,
        references=[reference.path for reference in references],
        device=plan.cells.settings.device,
    )
    return clip_measures(pairs, _numbers_only(room.drawing.clip_scores(ask)))


def _numbers_only(answer: ClipAnswer) -> ClipAnswer:
    """Return the scores without those that a tower's own numbers kept from being any."""

    def number(value: float | None) -> float | None:
        return value if value is not None and math.isfinite(value) else None

    return replace(
        answer,
        scores=tuple(
            ClipScore(
                number(score.base),
                number(score.references),
                number(score.seeds),
                number(score.prompt),
            )
            for score in answer.scores
        ),
    )
