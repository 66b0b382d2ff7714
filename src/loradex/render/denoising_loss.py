"""Ask a checkpoint, with and without LoRAs, for the noise in pictures that are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.domain.denoising import DenoisingLoss, DenoisingVariant, NoiseDraw
from loradex.domain.progress import CancelToken, Problem, Progress, ProgressSink
from loradex.domain.recipe import GridPicture, Recipe
from loradex.errors import RenderError, UsageError
from loradex.render.bases.picture import fitted
from loradex.render.checks import check_size
from loradex.render.denoise import generators_of
from loradex.render.inputs import Inputs
from loradex.render.memory import Staging, working_bytes
from loradex.render.quiet import offline_and_quiet
from loradex.render.resident import Loaded
from loradex.render.texts import Texts
from loradex.render.weights import Weights

if TYPE_CHECKING:
    from torch import Tensor

_SEEN_WITH = 0
"""The seed of what the VAE draws when it looks at a picture."""


def denoising_losses(
    found: Loaded,
    recipe: Recipe,
    variants: Sequence[DenoisingVariant],
    pictures: Sequence[Path],
    draws: Sequence[NoiseDraw],
    *,
    sink: ProgressSink,
    cancel: CancelToken,
) -> Iterator[DenoisingLoss]:
    """Yield the error of every variant on every picture with every draw of noise, in that order.

    Of the `recipe` count the size, to which pictures are stretched, and clip skip. Every answer
    is asked for by itself, so that it does not depend on the others. A picture that cannot be
    read is told to `sink` and left out. Raises `RenderError` when none can, `LoraMismatch` for a
    LoRA that does not fit, `UsageError` for a level that is none and for an inpainting
    checkpoint, and `Cancelled` within one answer.
    """
    _check(found, recipe, draws)
    work = working_bytes(recipe, at_once=1)
    weights = Weights(found.base, found.placed.device)
    with (
        closing(Staging(found.base, found.placed, found.plan, work=work)) as staging,
        closing(_Asking(found, recipe, weights)) as asking,
    ):
        staging.to_texts()
        asking.read(variants)
        if staging.plan == "staged":
            weights.done_with_texts()
        staging.to_denoising()
        seen = asking.look_at(pictures, sink, cancel)
        total, done = len(variants) * len(seen) * len(draws), 0
        for number in range(len(variants)):
            for picture, clean in seen.items():
                for draw in draws:
                    cancel.check()
                    yield DenoisingLoss(picture, number, draw, asking.loss(number, clean, draw))
                    done += 1
                    sink.progress(
                        Progress("Comparing", done, total, "steps", pictures[picture].name)
                    )


class _Asking:
    """One checkpoint with the variants that are asked."""

    def __init__(self, found: Loaded, recipe: Recipe, weights: Weights) -> None:
        self._base = found.base
        self._placed = found.placed
        self._weights = weights
        self._texts = Texts(found.base, weights)
        # Without guidance, which is no part of training, and all words from the first step on.
        settings = replace(recipe.settings, guidance_scale=1.0, num_inference_steps=1)
        self._plain = replace(recipe, settings=settings, start=None, controls=())
        self._recipes: list[Recipe] = []

    def read(self, variants: Sequence[DenoisingVariant]) -> None:
        """Match the LoRAs of all variants and encode their texts."""
        for one in variants:
            recipe = replace(self._plain, prompt=one.prompt, loras=one.loras)
            self._weights.match(recipe.loras)
            self._recipes.append(recipe)
        with offline_and_quiet():
            for recipe in self._recipes:
                self._texts.encode(recipe)

    def look_at(
        self, pictures: Sequence[Path], sink: ProgressSink, cancel: CancelToken
    ) -> dict[int, Tensor]:
        """Return the latents (1, channels, h, w) of pictures in float32, by their numbers."""
        import torch  # noqa: PLC0415 - heavy

        settings = self._plain.settings
        seen: dict[int, Tensor] = {}
        for number, path in enumerate(pictures):
            cancel.check()
            try:
                # Each by itself: those that were opened would be kept.
                shown = Inputs(self._base, self._placed).picture(
                    GridPicture(path.name, str(path), str(path))
                )
            except RenderError as error:
                sink.problem(Problem(path.name, error.message, error.hint))
                continue
            (generator,) = generators_of([_SEEN_WITH])
            with torch.inference_mode(), offline_and_quiet():
                picture = fitted(shown, (settings.width, settings.height))
                latents = self._base.latents_of(picture, generator)
            seen[number] = latents.to(self._base.device(), torch.float32)
        if not seen:
            raise RenderError("None of the pictures to compare with can be read.")
        return seen

    def loss(self, variant: int, clean: Tensor, draw: NoiseDraw) -> float:
        """Return the mean squared error of a variant's answer."""
        import torch  # noqa: PLC0415 - heavy

        recipe = self._recipes[variant]
        size = (recipe.settings.width, recipe.settings.height)
        (generator,) = generators_of([draw.seed])
        noise = self._base.noise(generator, *size).to(clean)
        with (
            torch.inference_mode(),
            offline_and_quiet(),
            self._weights.for_batch([recipe], guided=False),
        ):
            step = self._base.training_step(clean, noise, draw.level)
            (turn, *_) = self._texts.turns([recipe], 1)
            batch = self._base.join(turn.conditions, *size)
            latents = step.latents.to(self._base.latent_dtype())
            answer = self._base.predict(latents, step.timestep, batch)
            return float((answer.double() - step.target.double()).square().mean())

    def close(self) -> None:
        """Leave the checkpoint as it was loaded."""
        self._weights.restore()


def _check(found: Loaded, recipe: Recipe, draws: Sequence[NoiseDraw]) -> None:
    check_size(recipe.settings, found.base.multiple, recipe.checkpoint.name)
    if found.base.inpaints:
        raise UsageError(
            f"{recipe.checkpoint.name} is an inpainting checkpoint: it is not asked for whole"
            " pictures.",
            hint="Choose a text-to-image checkpoint.",
        )
    for draw in draws:
        if not 0 < draw.level < 1:
            raise UsageError(f"A noise level lies between 0 and 1: {draw.level:g} does not.")
