"""From a request in a person's words to a grid whose models are found and whose axes stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from loradex.catalog.catalog import Catalog
from loradex.domain.axes import Axis, AxisKind, AxisValue, Draft
from loradex.domain.grid import GridSpec
from loradex.domain.progress import CancelToken, Problem, ProgressSink
from loradex.domain.recipe import GridModel
from loradex.errors import UsageError
from loradex.operations.grid_approximate import Approximations, read_approximate
from loradex.operations.grid_layout import excluded, layout_of
from loradex.operations.grid_models import (
    CHECKPOINT_KINDS,
    ModelFinder,
    check_fit,
    fitting_checkpoint,
)
from loradex.operations.grid_request import GridRequest
from loradex.operations.grid_usual import usual_settings, usual_strength
from loradex.operations.grid_values import read_values
from loradex.operations.grid_words import embeddings_in, loras_in, texts_of
from loradex.render.checks import check_count
from loradex.render.recipes import PLACEHOLDER, filled

_NEEDS = {
    AxisKind.STRENGTH: AxisKind.LORA,
    AxisKind.STRENGTH_CLIP: AxisKind.LORA,
    AxisKind.BLOCKS: AxisKind.LORA,
    AxisKind.TRIGGER: AxisKind.LORA,
    AxisKind.STRENGTH2: AxisKind.LORA2,
    AxisKind.DENOISING: AxisKind.INIT_IMAGE,
    AxisKind.MASK: AxisKind.INIT_IMAGE,
    AxisKind.CONTROL: AxisKind.CONTROL_IMAGE,
    AxisKind.CONTROL_IMAGE: AxisKind.CONTROL,
    AxisKind.CONTROL_STRENGTH: AxisKind.CONTROL,
    AxisKind.CONTROL_START: AxisKind.CONTROL,
    AxisKind.CONTROL_END: AxisKind.CONTROL,
}
"""What does nothing without something else."""


def read_request(
    catalog: Catalog, request: GridRequest, *, sink: ProgressSink, cancel: CancelToken
) -> GridSpec:
    """Return the grid that `request` describes, checked against the catalog.

    Raises `UsageError`, `BadReference`, `LoraMismatch` or `NotRenderable` with what is wrong.
    """
    return read_with(ModelFinder(catalog, sink, cancel), request)


def read_with(finder: ModelFinder, request: GridRequest) -> GridSpec:
    """Return the grid that `request` describes, of models that `finder` finds."""
    return _Reading(finder, request).spec()


class _Reading:
    """One request while it is being read."""

    def __init__(self, finder: ModelFinder, request: GridRequest) -> None:
        self._finder = finder
        self._catalog = finder.catalog
        self._request = request
        self._axes = _merged(
            Axis(axis.kind, read_values(axis.kind, axis.texts, finder), axis.find)
            for axis in request.axes
        )
        self._approximations = Approximations()

    def spec(self) -> GridSpec:
        """Put all together."""
        check_count([len(axis.values) for axis in self._axes])
        self._check_needs()
        loras = self._models(AxisKind.LORA) + self._models(AxisKind.LORA2)
        named = loras_in(texts_of(self._axes), self._finder)
        checkpoints = self._checkpoints([*loras, *named.values()])
        if not self._values(AxisKind.PROMPT):
            text = _usual_prompt(loras)
            self._put_first(AxisKind.PROMPT, AxisValue(text, text))
        embeddings = embeddings_in(texts_of(self._axes), checkpoints, self._catalog)
        if self._request.baseline and self._models(AxisKind.LORA):
            self._add_baseline()
        self._approximations = read_approximate(
            self._request,
            checkpoints,
            self._finder,
            has_vae=any(one.value for one in self._values(AxisKind.VAE)),
        )
        checkpoints = self._completed(checkpoints)
        axes = tuple(axis for axis in self._axes if len(axis.values) > 1)
        return GridSpec(
            base=self._base(checkpoints),
            axes=axes,
            layout=layout_of(self._request, axes, self._kinds()),
            excluded=excluded(self._request.exclude, self._axes, axes, self._finder),
            named=named,
            embeddings={
                key: self._finder.model(id_, ("embedding",)) for key, id_ in embeddings.items()
            },
            title=self._request.title or _title([*loras, *named.values()], checkpoints),
        )

    def _values(self, kind: AxisKind) -> tuple[AxisValue, ...]:
        return next((axis.values for axis in self._axes if axis.kind is kind), ())

    def _models(self, kind: AxisKind) -> list[GridModel]:
        return [one.value for one in self._values(kind) if isinstance(one.value, GridModel)]

    def _kinds(self) -> set[AxisKind]:
        return {axis.kind for axis in self._axes}

    def _put_first(self, kind: AxisKind, value: AxisValue) -> None:
        """Add a value in front of an axis, which is made where there is none."""
        self._axes = _merged([Axis(kind, (value,)), *self._axes])

    def _check_needs(self) -> None:
        for kind in sorted(self._kinds()):
            needed = _NEEDS.get(kind)
            if needed is not None and not any(one.value for one in self._values(needed)):
                raise UsageError(
                    f"The grid is to vary {kind}, which does nothing without {needed}.",
                    hint=f"Give {needed} as well, or leave {kind} out.",
                )

    def _checkpoints(self, loras: Sequence[GridModel]) -> list[GridModel]:
        """Return what to draw with, all of which every LoRA fits."""
        if not self._values(AxisKind.CHECKPOINT):
            chosen = fitting_checkpoint(self._catalog, [lora.content_id for lora in loras])
            model = self._finder.model(chosen, CHECKPOINT_KINDS)
            self._put_first(AxisKind.CHECKPOINT, AxisValue(model, model.name))
        checkpoints = self._models(AxisKind.CHECKPOINT)
        for checkpoint in checkpoints:
            for lora in loras:
                check_fit(self._catalog, checkpoint, lora)
        return checkpoints

    def _add_baseline(self) -> None:
        """Let the grid have the checkpoint alone, where no value says so already.

        That is strength 0; where the text encoders have a strength of their own, which would stay,
        it is a value "without" beside the LoRAs.
        """
        if None in [one.value for one in self._values(AxisKind.LORA)]:
            return
        if any(one.value for one in self._values(AxisKind.STRENGTH_CLIP)):
            self._put_first(AxisKind.LORA, AxisValue(None, "without"))
            return
        strengths = self._values(AxisKind.STRENGTH)
        if not strengths:
            usual = self._usual_strength()
            self._put_first(AxisKind.STRENGTH, AxisValue(usual, f"{usual:g}"))
        if 0 not in [one.value for one in strengths]:
            self._put_first(AxisKind.STRENGTH, AxisValue(0.0, "0"))

    def _usual_strength(self) -> float:
        """Return the strength of the LoRAs where no axis says it."""
        loras = self._models(AxisKind.LORA)
        return usual_strength(self._catalog, [lora.content_id for lora in loras])

    def _completed(self, checkpoints: Sequence[GridModel]) -> list[GridModel]:
        """Give each checkpoint the files it borrows; say what the library lacks."""
        whole = [self._finder.completed(model) for model in checkpoints]
        values = tuple(AxisValue(model, model.name) for model in whole)
        self._axes = [
            replace(axis, values=values) if axis.kind is AxisKind.CHECKPOINT else axis
            for axis in self._axes
        ]
        return whole

    def _base(self, checkpoints: Sequence[GridModel]) -> Draft:
        """Return the cell that axes start from: every single value, and what suits the rest."""
        usual = [usual_settings(self._catalog, model.content_id) for model in checkpoints]
        settings = usual[0]
        if not self._values(AxisKind.SIZE):
            for model, own in zip(checkpoints, usual, strict=True):
                if (own.width, own.height) != (settings.width, settings.height):
                    text = (
                        f"It is drawn at {settings.width}x{settings.height}, as suits"
                        f" {checkpoints[0].name}; its own size is {own.width}x{own.height}."
                    )
                    self._finder.sink.problem(Problem(model.name, text, "--size sets it."))
        request = self._request
        settings = replace(settings, dtype=request.dtype, device=request.device)
        settings = self._approximations.settings(settings)
        draft = Draft(
            checkpoint=checkpoints[0],
            prompt="",
            settings=settings,
            strength=self._usual_strength(),
        )
        draft = self._approximations.put_into(draft)
        for axis in self._axes:
            # Parts of prompts pile up, so those that vary have to stay out of the base.
            if len(axis.values) == 1 or axis.kind is not AxisKind.PROMPT_PART:
                draft = filled(draft, axis, axis.values[0])
        return draft


def _merged(axes: Iterable[Axis]) -> list[Axis]:
    """Return axes in the order of loading cost; two of one kind and text are one."""
    found: dict[tuple[AxisKind, str], Axis] = {}
    for axis in axes:
        key = (axis.kind, axis.find)
        known = found.get(key)
        values = axis.values if known is None else (*known.values, *axis.values)
        first: dict[object, AxisValue] = {}
        for value in values:
            first.setdefault(value.value, value)
        found[key] = replace(axis, values=tuple(first.values()))
    kinds = list(AxisKind)
    return sorted(found.values(), key=lambda axis: kinds.index(axis.kind))


def _usual_prompt(loras: Sequence[GridModel]) -> str:
    """Return the prompt of a grid that names none: trigger words, of several LoRAs each its own.

    One LoRA's words stay where it does not act, which shows what the checkpoint makes of them.
    """
    mute = [lora.name for lora in loras if not lora.trigger_words]
    if mute or not loras:
        whose = f" of {mute[0]}" if mute else ""
        raise UsageError(
            f"A grid needs a prompt, and no trigger words{whose} are known to make one of.",
            hint='Give one with --prompt "…".',
        )
    if len(loras) > 1:
        return PLACEHOLDER
    return ", ".join(loras[0].trigger_words)


def _title(loras: Sequence[GridModel], checkpoints: Sequence[GridModel]) -> str:
    names = ", ".join(lora.name for lora in loras[:3]) or "No LoRA"
    more = f" and {len(loras) - 3} more" if len(loras) > 3 else ""
    on = checkpoints[0].name if len(checkpoints) == 1 else f"{len(checkpoints)} checkpoints"
    return f"{names}{more} on {on}"
