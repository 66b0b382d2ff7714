"""Draw pictures with the zoo's models, and sheets of them to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image

from bench.zoo.autoencoder import SCALE
from bench.zoo.networks import noise_levels
from bench.zoo.training import Networks, encode

STEPS = 16
GUIDANCE = 4.0


@torch.no_grad()
def draw_pictures(
    vae: AutoencoderKL,
    networks: Networks,
    prompts: Sequence[str],
    seeds: Sequence[int],
    *,
    steps: int = STEPS,
    guidance: float = GUIDANCE,
) -> np.ndarray:
    """Return a picture for each prompt and seed, side by side: (n, 128, 128, 3) uint8. DDIM."""
    levels = noise_levels()
    context = encode(networks, [*prompts, *[""] * len(prompts)])
    noise = [torch.randn((4, 16, 16), generator=torch.Generator().manual_seed(s)) for s in seeds]
    x = torch.stack(noise)
    times = torch.linspace(999, 0, steps + 1).round().long()
    for now, then in zip(times[:-1].tolist(), times[1:].tolist(), strict=True):
        guess = networks.unet(torch.cat([x, x]), torch.tensor(now), context).sample
        with_text, without = guess.chunk(2)
        eps = without + guidance * (with_text - without)
        a, b = levels[now], levels[then] if then else torch.tensor(1.0)
        x = (x - (1 - a).sqrt() * eps) / a.sqrt() * b.sqrt() + (1 - b).sqrt() * eps
    decoded = torch.cat([vae.decode(one / SCALE).sample for one in x.split(8)])
    pixels = ((decoded.clamp(-1, 1) + 1) * 127.5).round().byte()
    return pixels.permute(0, 2, 3, 1).numpy()


def sheet(pictures: np.ndarray, columns: int, *, side: int = 96) -> Image.Image:
    """Return the pictures in rows of `columns`."""
    rows = [np.concatenate(list(pictures[k : k + columns]), axis=1)
            for k in range(0, len(pictures), columns)]
    image = Image.fromarray(np.concatenate(rows))
    return image.resize((columns * side, len(rows) * side), Image.Resampling.BOX)
