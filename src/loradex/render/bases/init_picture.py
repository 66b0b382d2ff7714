"""Begin from a picture: img2img, and inpainting by either kind of model.

An ordinary model repaints under a mask by putting the untouched part back after every step, at
that step's noise level. An inpainting model has five more channels, and is shown the mask and the
picture without what is under it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loradex.errors import UsageError
from loradex.render.bases.base import Base, Batch
from loradex.render.bases.picture import fitted, from_picture
from loradex.render.bases.schedule import Schedule

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Generator, Tensor


@dataclass(frozen=True, slots=True)
class Begun:
    """Where to begin: latents, the batch with what the model is shown besides, and what to do
    after each step (None: nothing), as `go_down` takes it.
    """

    latents: Tensor
    batch: Batch
    after_step: Callable[[Tensor, int], Tensor] | None = None


def begin(
    base: Base,
    schedule: Schedule,
    batch: Batch,
    generators: Sequence[Generator],
    size: tuple[int, int],
    *,
    pictures: Sequence[Image] = (),
    masks: Sequence[Image] = (),
) -> Begun:
    """Return the first latents of a batch of pictures of `size` (width, height).

    `pictures` and `masks` hold none, or one for each picture of the batch; white in a mask is to
    be painted anew. Random numbers are drawn in the order in which diffusers' pipelines draw
    them. Raises `UsageError` for a mask without a picture, and for an inpainting model without
    a mask.
    """
    import torch  # noqa: PLC0415 - heavy

    if masks and not pictures:
        raise UsageError("A mask needs the picture that it belongs to.")
    if base.inpaints and not masks:
        raise UsageError(
            "This is an inpainting checkpoint: it draws into a picture, under a mask.",
            hint="Give both, or choose a text-to-image checkpoint.",
        )
    width, height = size
    device = base.device()
    shown = [fitted(picture, size) for picture in pictures]
    rows = [_mask(mask, size) for mask in masks]
    # An inpainting model that starts from pure noise never sees the whole picture.
    sees_all = bool(pictures) and not (base.inpaints and schedule.is_whole)
    clean: list[Tensor] = []
    noise: list[Tensor] = []
    holes: list[Tensor] = []
    for number, generator in enumerate(generators):
        if sees_all:
            clean.append(base.latents_of(shown[number], generator))
        noise.append(base.noise(generator, width, height))
        if masks:
            holes.append(base.latents_of(_without(shown[number], rows[number]), generator))
    dtype = base.latent_dtype()
    noises = torch.cat(noise).to(device, dtype)
    if not pictures:
        return Begun(schedule.start(noises), batch)
    init = torch.cat(clean).to(device, dtype) if clean else None
    if not masks:
        return Begun(schedule.start(noises, init), batch)
    # Under a mask full strength begins from noise alone, not from what little is left.
    latents = schedule.start(noises, None if schedule.is_whole else init)
    scale = torch.nn.functional.interpolate
    small = torch.cat([scale(row, size=noises.shape[-2:]) for row in rows]).to(device, dtype)
    if base.inpaints:
        added = torch.cat([small, torch.cat(holes).to(device, dtype)], dim=1)
        doubled = torch.cat([added, added]) if batch.guided else added
        return Begun(latents, replace(batch, channels=doubled))
    assert init is not None  # noqa: S101 - an ordinary model always sees the picture
    return Begun(latents, batch, _put_back(schedule, init, noises, small))


def _put_back(
    schedule: Schedule, init: Tensor, noise: Tensor, mask: Tensor
) -> Callable[[Tensor, int], Tensor]:
    times = schedule.timesteps

    def after(latents: Tensor, number: int) -> Tensor:
        kept = init
        if number + 1 < len(times):
            kept = schedule.noised(init, noise, times[number + 1 : number + 2])
        whole: Tensor = ((1 - mask) * kept + mask * latents).to(latents.dtype)
        return whole

    return after


def _mask(mask: Image, size: tuple[int, int]) -> Tensor:
    """Return a mask as (1, 1, height, width) of zeros and ones."""
    import numpy as np  # noqa: PLC0415 - heavy
    import torch  # noqa: PLC0415 - heavy
    from PIL import Image as Pillow  # noqa: PLC0415 - beside its use

    grey = mask.convert("L")
    if grey.size != size:
        grey = grey.resize(size, Pillow.Resampling.LANCZOS)
    shades = np.array(grey, dtype=np.float32) / 255.0
    return torch.from_numpy((shades >= 0.5).astype(np.float32))[None, None]


def _without(picture: Image, mask: Tensor) -> Tensor:
    """Return a picture (1, 3, height, width) in -1..1 with middle grey under the mask."""
    return from_picture(picture) * (mask < 0.5)
