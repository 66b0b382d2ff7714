"""What a grid approximates: which files of the library that takes, and which settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from loradex.domain.axes import Draft
from loradex.domain.recipe import GridModel, RenderSettings
from loradex.errors import NotRenderable, UsageError
from loradex.operations.grid_models import ModelFinder, check_fit
from loradex.operations.grid_request import GridRequest
from loradex.render.approximations import FEW_STEPS, TAESD, read_approximations
from loradex.render.few_steps import FewSteps, few_step_kinds, few_steps_of

_TAESD_NAMES = (
    (frozenset({"sdxl"}), re.compile(r"xl", re.IGNORECASE)),
    (frozenset({"sd3"}), re.compile(r"(?:taesd|sd)[-_ ]?3", re.IGNORECASE)),
    (frozenset({"flux1", "chroma", "z-image"}), re.compile(r"f1|flux", re.IGNORECASE)),
)
"""Shapes do not tell a TAESD for SDXL from one for SD 1.x, nor SD 3's from FLUX's: names do."""


@dataclass(frozen=True, slots=True)
class Approximations:
    """What a request comes to; nothing of it when it asks for none."""

    names: tuple[str, ...] = ()
    vae: GridModel | None = None
    lora: GridModel | None = None
    made_for: FewSteps | None = None

    def settings(self, usual: RenderSettings) -> RenderSettings:
        """Return the checkpoint's usual settings as the approximations want them."""
        settings = replace(usual, approximate=self.names)
        if self.made_for is None:
            return settings
        return replace(
            settings,
            num_inference_steps=self.made_for.steps,
            guidance_scale=self.made_for.guidance,
            sampler=self.made_for.sampler,
            schedule=self.made_for.schedule,
        )

    def put_into(self, draft: Draft) -> Draft:
        """Return the draft with the files that the approximations take."""
        if self.vae is not None:
            draft = replace(draft, vae=self.vae)
        if self.lora is None or self.made_for is None:
            return draft
        return replace(draft, few_steps=self.lora, few_strength=self.made_for.strength)


def read_approximate(
    request: GridRequest,
    checkpoints: Sequence[GridModel],
    finder: ModelFinder,
    *,
    has_vae: bool,
) -> Approximations:
    """Return what `request` approximates, with the models of the catalog that this takes.

    Raises `UsageError`, `LoraMismatch` or `NotRenderable` naming what is missing.
    """
    names = read_approximations(request.approximate)
    vae = None
    if TAESD in names:
        if has_vae:
            raise UsageError("A grid cannot have another VAE and be decoded by a TAESD.")
        vae = _taesd(checkpoints, finder)
    if not request.few_steps:
        return Approximations(names, vae)
    lora = finder.model(finder.catalog.resolve(request.few_steps), ("lora",))
    for checkpoint in checkpoints:
        check_fit(finder.catalog, checkpoint, lora)
    called = f"{PurePath(lora.path).stem} {lora.name}"
    made_for = few_steps_of(checkpoints[0].base, called)
    if made_for is None:
        raise UsageError(
            f"The name of {lora.name} does not say which few-step LoRA it is.",
            hint=f"Known ones are called {', '.join(few_step_kinds())}. Any other is drawn as a"
            " second LoRA, with --steps, --guidance and --sampler.",
        )
    return Approximations((*names, FEW_STEPS), vae, lora, made_for)


def _taesd(checkpoints: Sequence[GridModel], finder: ModelFinder) -> GridModel:
    """Return the tiny autoencoder of the library that all checkpoints can be decoded by."""
    for row in finder.catalog.search("kind:vae is:present").rows:
        if finder.catalog.details(row.id).variant == "taesd" and all(
            _fits(f"{row.file_name} {row.name}", checkpoint.base) for checkpoint in checkpoints
        ):
            return finder.model(row.id, ("vae",))
    what = " and ".join(dict.fromkeys(str(checkpoint.base) for checkpoint in checkpoints))
    raise NotRenderable(
        f"No TAESD for {what} is in the catalog.",
        hint="They are called taesd (SD 1.x, 2.x), taesdxl, taesd3 and taef1 (FLUX.1, Chroma,"
        " Z-Image); add a library that has one.",
    )


def _fits(name: str, base: str | None) -> bool:
    for bases, pattern in _TAESD_NAMES:
        if pattern.search(name):
            return base in bases
    return base in ("sd1", "sd2")
