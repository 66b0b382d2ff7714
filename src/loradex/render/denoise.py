"""The denoising loop and the decoder: latents from noise, pictures from latents."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from loradex.domain.grid import RenderSettings
from loradex.render.parts import Parts
from loradex.render.samplers import build_scheduler
from loradex.render.text import Encoded

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image
    from torch import Tensor

_LATENT_SCALE = 8


def denoise(
    parts: Parts,
    settings: RenderSettings,
    texts: Sequence[tuple[Encoded, Encoded | None]],
    seeds: Sequence[int],
    *,
    device: str,
    dtype: torch.dtype,
    on_step: Callable[[int, int], None],
) -> Tensor:
    """Return latents (n, 4, height/8, width/8) for n pairs of text and negative text.

    Each picture's noise comes from a CPU generator of its own seed, in float32, so it is the
    same for every device, dtype and company. `on_step(done, of)` is called after each step and
    may raise to stop.
    """
    import torch  # noqa: PLC0415 - heavy

    generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
    size = (1, 4, settings.height // _LATENT_SCALE, settings.width // _LATENT_SCALE)
    noise = torch.cat([torch.randn(size, generator=one) for one in generators])
    scheduler = build_scheduler(settings.sampler, parts.scheduler)
    scheduler.set_timesteps(settings.num_inference_steps, device=device)
    takes_generator = "generator" in inspect.signature(scheduler.step).parameters
    extra = {"generator": generators} if takes_generator else {}
    guided = settings.guidance_scale > 1
    embeds, added = _conditions(parts, settings, texts, guided=guided)
    with torch.inference_mode():
        latents = noise.to(device, dtype) * scheduler.init_noise_sigma
        total = len(scheduler.timesteps)
        for number, timestep in enumerate(scheduler.timesteps):
            doubled = torch.cat([latents, latents]) if guided else latents
            scaled = scheduler.scale_model_input(doubled, timestep)
            predicted = parts.unet(
                scaled,
                timestep,
                encoder_hidden_states=embeds,
                added_cond_kwargs=added,
                return_dict=False,
            )[0]
            if guided:
                without, with_text = predicted.chunk(2)
                predicted = without + settings.guidance_scale * (with_text - without)
            stepped = scheduler.step(predicted, timestep, latents, return_dict=False, **extra)[0]
            latents = stepped.to(dtype)
            on_step(number + 1, total)
    return latents


def _conditions(
    parts: Parts,
    settings: RenderSettings,
    texts: Sequence[tuple[Encoded, Encoded | None]],
    *,
    guided: bool,
) -> tuple[Tensor, dict[str, Tensor] | None]:
    """Return the text for the whole batch, negatives first, and SDXL's added numbers."""
    import torch  # noqa: PLC0415 - heavy

    order = [negative for _, negative in texts if guided and negative is not None]
    order += [positive for positive, _ in texts]
    embeds = torch.cat([one.embeds for one in order])
    if parts.shape == "sd":
        return embeds, None
    size = [settings.height, settings.width]
    # Original size, top-left crop, target size: nothing was cropped or scaled.
    times = torch.tensor([[*size, 0, 0, *size]], dtype=embeds.dtype, device=embeds.device)
    pooled = [one.pooled for one in order if one.pooled is not None]
    return embeds, {"text_embeds": torch.cat(pooled), "time_ids": times.repeat(len(order), 1)}


def decode(parts: Parts, latents: Tensor) -> Image:
    """Return the picture behind one cell's latents (1, 4, h, w).

    Raises `ArithmeticError` in plain words when the numbers or the picture are useless.
    """
    import torch  # noqa: PLC0415 - heavy
    from PIL import Image  # noqa: PLC0415 - beside its use

    if not bool(torch.isfinite(latents).all()):
        raise ArithmeticError("The numbers ran out of range while drawing (NaN).")
    dtype = next(parts.vae.parameters()).dtype
    with torch.inference_mode():
        latents = latents.to(dtype)
        if parts.vae_mean is not None and parts.vae_std is not None:
            mean = torch.tensor(parts.vae_mean).view(1, -1, 1, 1).to(latents)
            std = torch.tensor(parts.vae_std).view(1, -1, 1, 1).to(latents)
            latents = latents * std / parts.vae_scale + mean
        else:
            latents = latents / parts.vae_scale
        decoded = parts.vae.decode(latents, return_dict=False)[0][0]  # type: ignore[operator]
    if not bool(torch.isfinite(decoded).all()):
        raise ArithmeticError("The numbers ran out of range in the VAE (NaN).")
    pixels = (decoded / 2 + 0.5).clamp(0, 1).permute(1, 2, 0).float().cpu().numpy()
    whole = (pixels * 255).round().astype("uint8")
    if whole.min() == whole.max():
        raise ArithmeticError("The picture is one flat colour.")
    return Image.fromarray(whole)
