"""Draw pictures with the zoo's models, and sheets of them to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from bench.zoo.autoencoder import SCALE
from bench.zoo.networks import noise_levels
from bench.zoo.training import Networks, encode
from diffusers import AutoencoderKL
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn

from loradex.render.lora.algorithms import Settings, weight_change
from loradex.render.lora.keys import split_key

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
    rows = [
        np.concatenate(list(pictures[k : k + columns]), axis=1)
        for k in range(0, len(pictures), columns)
    ]
    image = Image.fromarray(np.concatenate(rows))
    return image.resize((columns * side, len(rows) * side), Image.Resampling.BOX)


def look(
    path: Path,
    words: Sequence[str],
    prompts: Sequence[str],
    vae: AutoencoderKL,
    networks: Networks,
    *,
    strengths: Sequence[float] = (0.5, 1.0, 1.5),
    seeds: Sequence[int] = (1, 2),
) -> Image.Image:
    """Return a sheet of the LoRA in `path`.

    The first row is the base; then, for each strength, a row without a word and one for each of
    `words` in front of the prompts. Columns are prompts by seeds.
    """
    columns = [(prompt, seed) for prompt in prompts for seed in seeds]
    numbers = [seed for _, seed in columns]
    rows = [draw_pictures(vae, networks, [prompt for prompt, _ in columns], numbers)]
    for strength in strengths:
        with applied(path, networks, strength):
            for word in ("", *words):
                texts = [f"{word}, {prompt}" if word else prompt for prompt, _ in columns]
                rows.append(draw_pictures(vae, networks, texts, numbers))
    return sheet(np.concatenate(rows), len(columns), side=72)


@contextmanager
def applied(path: Path, networks: Networks, strength: float) -> Iterator[None]:
    """Have the networks changed by the LoRA in `path` for a while, as the renderer reads it."""
    layers: dict[str, nn.Module] = {}
    for root, network in (("unet", networks.unet), ("te", networks.text)):
        for name, layer in network.named_modules():
            layers[f"{root}.{name.removeprefix('text_model.')}".replace(".", "_")] = layer
    before = {}
    try:
        for flat, roles in _by_layer(path).items():
            weight = layers[flat].get_parameter("weight")
            before[weight] = weight.data
            alpha = roles.pop("alpha", None)
            settings = Settings(None if alpha is None else float(alpha))
            weight.data = weight.data + weight_change(
                weight.data, roles, settings, strength=strength
            )
        yield
    finally:
        for weight, data in before.items():
            weight.data = data


def _by_layer(path: Path) -> dict[str, dict[str, Tensor]]:
    """Return a file's tensors by layer (`unet_…`, `te_…`, flat) and role."""
    found: dict[str, dict[str, Tensor]] = {}
    for key, tensor in load_file(path).items():
        split = split_key(key)
        if split is None:
            raise ValueError(f"{key} is no LoRA's")
        flat = split[0].replace(".", "_").removeprefix("lora_")
        flat = flat.replace("text_encoder_", "te_").replace("te_text_model_", "te_")
        found.setdefault(flat, {})[split[1]] = tensor.float()
    return found
