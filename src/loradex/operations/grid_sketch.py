"""How large a grid would be, from the catalog alone: no model is opened, and torch not imported.

What an interface shows while a grid is being put together, many times a second if need be.
`preview_grid` tells more and takes longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft
from loradex.domain.grid import Layout
from loradex.domain.library import FileState
from loradex.domain.models import ModelDetails
from loradex.domain.progress import CancelToken, SilentSink
from loradex.domain.recipe import GridModel
from loradex.errors import NotRenderable, UsageError
from loradex.operations.grid_models import ModelFinder
from loradex.operations.grid_reading import read_with
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_values import KINDS_OF_MODELS, read_values
from loradex.operations.tokenizers import check_tokenizers
from loradex.render.checks import STRONGEST, check_settings
from loradex.render.plan import plan_grid
from loradex.render.prompts.lora_tags import take_lora_tags
from loradex.render.prompts.prompt import parse_prompt
from loradex.render.recipes import filled
from loradex.render.samplers import read_sampler
from loradex.settings import load_settings

_STRENGTHS = frozenset({AxisKind.STRENGTH, AxisKind.STRENGTH_CLIP, AxisKind.STRENGTH2})
_NOBODY = GridModel(0, "", "", "", None)


@dataclass(frozen=True, slots=True)
class GridSketch:
    """What a grid comes to: its places, and the pictures behind them, each counted once.

    `axes` are what varies, and `layout` says where it goes. `unhashed` counts the models that are
    hashed before anything is drawn.
    """

    places: int
    pictures: int
    axes: tuple[Axis, ...]
    layout: Layout
    unhashed: int = 0


class _SketchFinder(ModelFinder):
    """Finds models in the catalog alone: neither their files nor what checkpoints borrow."""

    def path_of(self, details: ModelDetails) -> str:
        """Return where the catalog says a model lies; raise where it says that it does not."""
        if details.row.state != FileState.PRESENT:
            raise NotRenderable(
                f"{details.row.name} has no file that is present: it is {details.row.state}.",
                hint="Mount its drive or put the file back, then scan.",
            )
        return details.row.path

    def completed(self, checkpoint: GridModel) -> GridModel:
        """Return the checkpoint alone."""
        return checkpoint


def sketch_grid(catalog: Catalog, request: GridRequest) -> GridSketch:
    """Return what a request comes to.

    Raises what drawing would as far as the catalog knows: for values that cannot be read, models
    that are not there, LoRAs that do not fit a checkpoint, and tokenizers that are missing while
    nobody may be asked for them.
    """
    finder = _SketchFinder(catalog, SilentSink(), CancelToken(), hashing=False)
    spec = read_with(finder, request)
    plan = plan_grid(spec, engine=lambda _recipe: "")
    if not plan.cells:
        raise UsageError("Every combination of this grid is excluded: nothing is left to draw.")
    checkpoints = dict.fromkeys(cell.recipe.checkpoint for cell in plan.cells)
    check_tokenizers(checkpoints, catalog.home, load_settings(catalog.home))
    models = {model for cell in plan.cells for model in cell.recipe.models}
    return GridSketch(
        places=len(plan.placements),
        pictures=len(plan.cells),
        axes=spec.axes,
        layout=spec.layout,
        unhashed=sum(model.digest.startswith("unhashed-") for model in models),
    )


def check_axis(catalog: Catalog, kind: AxisKind, texts: Sequence[str], find: str = "") -> int:
    """Return how many values `texts` come to on an axis of this kind.

    Raises what is wrong with them by themselves; whether models fit together is not asked.
    """
    finder = _SketchFinder(catalog, SilentSink(), CancelToken(), hashing=False)
    values = read_values(kind, texts, finder)
    if not values:
        raise UsageError("A value is missing.")
    if kind is AxisKind.PROMPT_PART and not find:
        raise UsageError("The text that is to be replaced is missing.")
    if kind not in KINDS_OF_MODELS:
        for value in values:
            _check_value(Axis(kind, values, find), value)
    return len(values)


def _check_value(axis: Axis, value: AxisValue) -> None:
    kind, chosen = axis.kind, value.value
    if kind in (AxisKind.PROMPT, AxisKind.NEGATIVE):
        parse_prompt(take_lora_tags(str(chosen))[0])
    elif kind is AxisKind.SAMPLER:
        _check_sampler(str(chosen))
    elif kind in _STRENGTHS and isinstance(chosen, float) and abs(chosen) > STRONGEST:
        raise UsageError(f"Strengths lie between -{STRONGEST:g} and {STRONGEST:g}.")
    elif kind is AxisKind.SEED and isinstance(chosen, int) and chosen < 0:
        raise UsageError("A seed is 0 or more.")
    else:
        check_settings(_without_names(filled(Draft(_NOBODY, ""), axis, value)).settings)


def _check_sampler(text: str) -> None:
    """Accept a sampler of either family: which one the checkpoint is of is asked later."""
    try:
        read_sampler(text, "Automatic", flow=False)
    except UsageError:
        try:
            read_sampler(text, "Automatic", flow=True)
        except UsageError:
            pass
        else:
            return
        raise


def _without_names(draft: Draft) -> Draft:
    settings = replace(draft.settings, sampler="Euler")
    return replace(draft, settings=settings)
