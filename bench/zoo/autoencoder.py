"""Train the small VAE: pictures to latents of an eighth of their size, and back.

It learns on crops of 64 pixels, since it is convolutional, and at last on whole pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from bench.zoo.pictures import SIZE, SUBJECTS, Item, draw, random_scene
from bench.zoo.styles import STYLES
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn import functional

SCALE = 0.18215
"""What latents are multiplied by: SD 1.x's, since a single file cannot say another."""
_CONFIG: dict[str, object] = {
    "block_out_channels": (32, 32, 32, 32),
    "layers_per_block": 1,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "latent_channels": 4,
    "norm_num_groups": 8,
    "sample_size": SIZE,
    "scaling_factor": SCALE,
}
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class AutoencoderEffort:
    """How long to train, and on how many pictures."""

    steps: int = 900
    pictures: int = 1500


def train_autoencoder(
    seed: int, say: Say, effort: AutoencoderEffort = AutoencoderEffort()
) -> AutoencoderKL:
    """Return a VAE trained from `seed` whose scaled latents have a standard deviation of 1."""
    steps = effort.steps
    torch.manual_seed(seed)
    vae = AutoencoderKL(**_CONFIG)
    stock = _stock(effort.pictures, seed)
    rng = np.random.default_rng(seed + 1)
    optimizer = torch.optim.AdamW(vae.parameters(), lr=2e-3, betas=(0.9, 0.99), weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps, pct_start=0.1)
    last = steps * 7 // 8
    for step in range(steps):
        whole = step >= last
        batch = _batch(stock, rng, 6 if whole else 20, SIZE if whole else SIZE // 2)
        with torch.autocast("cpu", torch.bfloat16):
            spread = vae.encode(batch).latent_dist
            latents = spread.mean + 0.05 * torch.randn_like(spread.mean)
            back = vae.decode(latents).sample
        loss = _loss(back.float(), batch) + 1e-3 * spread.mean.float().pow(2).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            say(f"autoencoder {step}/{steps}: loss {loss.item():.4f}")
    _rescale(vae, encoded(vae, stock[:256]))
    return vae.eval()


def encoded(vae: AutoencoderKL, pictures: np.ndarray) -> Tensor:
    """Return the scaled mean latents (n, 4, 16, 16) of uint8 pictures (n, 128, 128, 3)."""
    out = []
    for start in range(0, len(pictures), 8):
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            mean = vae.encode(as_input(pictures[start : start + 8])).latent_dist.mean
        out.append(mean.float() * SCALE)
    return torch.cat(out)


def as_input(pictures: np.ndarray) -> Tensor:
    """Return uint8 pictures (n, h, w, 3) as a network takes them: (n, 3, h, w) from -1 to 1."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1).contiguous()


def _stock(count: int, seed: int) -> np.ndarray:
    """Return pictures of every kind that is ever drawn: plain, of subjects, and in the styles."""
    rng = np.random.default_rng(seed)
    styles = list(STYLES.values())
    out = []
    for _ in range(count):
        scene = random_scene(rng)
        if rng.random() < 0.2:
            item = scene.items[0]
            figure = str(rng.choice(SUBJECTS))
            scene = type(scene)(
                (Item(figure, item.colour, item.size, item.place),), scene.background, scene.texture
            )
        picture = draw(scene, rng)
        if rng.random() < 0.4:
            picture = styles[int(rng.integers(len(styles)))](picture)
        out.append(picture)
    return np.stack(out)


def _batch(stock: np.ndarray, rng: np.random.Generator, count: int, side: int) -> Tensor:
    crops = []
    for index in rng.integers(0, len(stock), count):
        y, x = rng.integers(0, SIZE - side + 1, 2)
        crops.append(stock[index, y : y + side, x : x + side])
    return as_input(np.stack(crops))


def _loss(back: Tensor, truth: Tensor) -> Tensor:
    """Return the mean error of pixels, and of the steps between neighbours (edges)."""
    across = functional.l1_loss(back.diff(dim=3), truth.diff(dim=3))
    down = functional.l1_loss(back.diff(dim=2), truth.diff(dim=2))
    return (
        functional.l1_loss(back, truth)
        + 0.5 * functional.mse_loss(back, truth)
        + 0.5 * (across + down)
    )


def _rescale(vae: AutoencoderKL, latents: Tensor) -> None:
    """Scale the two convolutions around the latents so that `SCALE` makes their deviation 1."""
    factor = 1 / float(latents.std())
    half = vae.quant_conv.weight.shape[0] // 2
    with torch.no_grad():
        vae.quant_conv.weight[:half] *= factor
        vae.quant_conv.bias[:half] *= factor
        vae.quant_conv.bias[half:] = -20.0
        vae.quant_conv.weight[half:] = 0.0
        vae.post_quant_conv.weight /= factor
