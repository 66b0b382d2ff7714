"""Usual grids to begin from, filled in for the models at hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import AxisKind as K
from loradex.operations.grid_models import CHECKPOINT_KINDS, fitting_checkpoints
from loradex.operations.grid_request import AxisRequest, GridRequest
from loradex.operations.grid_usual import usual_strength
from loradex.operations.probing.prompts import STANDARD_PROMPTS
from loradex.render.recipes import PLACEHOLDER

_SWEEP = "0..1.2:0.2"
_OTHERS = 4
"""Checkpoints that a comparison of them begins with."""


@dataclass(frozen=True, slots=True)
class GridPreset:
    """A usual grid: what it is called, and what it is for."""

    id: str
    key: str
    """A letter that menus offer it by."""
    name: str
    what: str


PRESETS = (
    GridPreset("sweep", "s", "Strength sweep", "one prompt, 0 to 1.2"),
    GridPreset("quick", "q", "Quick look", "three strengths, one prompt"),
    GridPreset("probe", "p", "Probe sheet", "with and without its words, three prompts"),
    GridPreset("checkpoints", "c", "LoRA × checkpoint", "on every checkpoint that fits"),
    GridPreset("prompts", "r", "Prompt × seed", "four seeds of three prompts"),
)


def preset_request(catalog: Catalog, preset: str, models: Sequence[int]) -> GridRequest:
    """Return a usual grid of these models: LoRAs, and checkpoints to draw them on.

    Without a checkpoint among them the likeliest that fits is taken; none where none fits. Models
    of other kinds are passed over. Raises `KeyError` for a preset that is not there.
    """
    rows = catalog.rows(models)
    loras = [row.id for row in rows if row.kind == "lora"]
    checkpoints = [row.id for row in rows if row.kind in CHECKPOINT_KINDS]
    if not checkpoints:
        most = _OTHERS if preset == "checkpoints" else 1
        fitting = fitting_checkpoints(catalog, loras) if loras else []
        checkpoints = [row.id for row in fitting[:most]]
    words = any(row.trigger_words for row in rows if row.kind == "lora")
    return _MAKERS[preset](_Subject(catalog, loras, checkpoints, words=words))


@dataclass(frozen=True, slots=True)
class _Subject:
    """What a grid is drawn of. `words` tells whether any LoRA has trigger words."""

    catalog: Catalog
    loras: Sequence[int]
    checkpoints: Sequence[int]
    words: bool

    def prompts(self, count: int) -> tuple[str, ...]:
        """Return plain prompts, with the trigger words in front where there are any."""
        front = f"{PLACEHOLDER}, " if self.words else ""
        return tuple(f"{front}{prompt}" for prompt in STANDARD_PROMPTS[:count])

    def strength(self) -> str:
        """Return the strength at which these LoRAs are used."""
        return f"{usual_strength(self.catalog, self.loras):g}"

    def request(
        self,
        *axes: AxisRequest,
        x: tuple[K, ...] = (),
        y: tuple[K, ...] = (),
        pages: tuple[K, ...] = (),
    ) -> GridRequest:
        """Return the request of these axes, of the models at hand."""
        models = (
            AxisRequest(K.LORA, tuple(map(str, self.loras))),
            AxisRequest(K.CHECKPOINT, tuple(map(str, self.checkpoints))),
        )
        chosen = [axis for axis in axes if self.loras or axis.kind not in (K.STRENGTH, K.TRIGGER)]
        said = {axis.kind for axis in (*models, *chosen) if axis.texts}
        across, down, turned = (
            tuple(kind for kind in kinds if kind in said) for kinds in (x, y, pages)
        )
        return GridRequest((*models, *chosen), x=across, y=down, pages=turned)


def _sweep(subject: _Subject) -> GridRequest:
    return subject.request(
        AxisRequest(K.STRENGTH, (_SWEEP,)),
        AxisRequest(K.PROMPT, subject.prompts(1)),
        AxisRequest(K.SEED, ("1",)),
        x=(K.STRENGTH,),
        pages=(K.CHECKPOINT,),
    )


def _quick(subject: _Subject) -> GridRequest:
    return subject.request(
        AxisRequest(K.STRENGTH, ("0", "0.5", "1")),
        AxisRequest(K.PROMPT, subject.prompts(1)),
        AxisRequest(K.SEED, ("1",)),
        x=(K.STRENGTH,),
    )


def _probe(subject: _Subject) -> GridRequest:
    triggers = AxisRequest(K.TRIGGER, ("off", "on") if subject.words else ())
    return subject.request(
        AxisRequest(K.STRENGTH, ("0", "0.5", "1", "1.5", "2")),
        AxisRequest(K.PROMPT, STANDARD_PROMPTS[:3]),
        triggers,
        AxisRequest(K.SEED, ("1",)),
        x=(K.TRIGGER, K.STRENGTH),
        y=(K.PROMPT,),
        pages=(K.LORA,),
    )


def _checkpoints(subject: _Subject) -> GridRequest:
    return subject.request(
        AxisRequest(K.STRENGTH, (subject.strength(),)),
        AxisRequest(K.PROMPT, subject.prompts(1)),
        AxisRequest(K.SEED, ("1",)),
        x=(K.CHECKPOINT,),
        y=(K.LORA, K.STRENGTH),
    )


def _prompts(subject: _Subject) -> GridRequest:
    return subject.request(
        AxisRequest(K.STRENGTH, (subject.strength(),)),
        AxisRequest(K.PROMPT, subject.prompts(3)),
        AxisRequest(K.SEED, ("1..4",)),
        x=(K.SEED,),
        y=(K.PROMPT,),
        pages=(K.LORA, K.STRENGTH),
    )


_MAKERS: Mapping[str, Callable[[_Subject], GridRequest]] = {
    "sweep": _sweep,
    "quick": _quick,
    "probe": _probe,
    "checkpoints": _checkpoints,
    "prompts": _prompts,
}
