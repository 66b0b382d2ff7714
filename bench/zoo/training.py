"""The denoising loop: what a base model and its LoRAs are trained with alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from bench.zoo.networks import noise_levels
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

Say = Callable[[str], None]
Batches = Callable[[int], tuple[Tensor, Sequence[str]]]
"""Gives the latents (n, 4, 16, 16) and captions of a step."""
_OFFSET = 0.1
"""How much of the noise is one value for a whole picture. Without it a model learns to read the
background's colour off the noise, since the last level of SD's schedule leaves some of it there."""
_MOST_WEIGHT = 5.0
_NEWEST = 0.01
"""The share of the newest weights in the running mean."""


@dataclass(frozen=True, slots=True)
class Networks:
    """What is trained, or stands frozen under what is trained."""

    unet: UNet2DConditionModel
    text: CLIPTextModel
    tokenizer: CLIPTokenizer


@dataclass(frozen=True, slots=True)
class Course:
    """How long and how fast to train. `dropped` is the share of captions that are left empty."""

    steps: int
    rate: float
    dropped: float = 0.1
    decay: float = 0.01
    warm_up: float = 0.05


def train(
    networks: Networks,
    weights: Iterable[nn.Parameter],
    batches: Batches,
    course: Course,
    *,
    seed: int,
    say: Say,
    average: bool = False,
) -> None:
    """Train `weights` on `batches`; with `average` they end as the mean of their last values."""
    generator = torch.Generator().manual_seed(seed)
    trained = list(weights)
    optimizer = torch.optim.AdamW(
        trained, lr=course.rate, betas=(0.9, 0.99), weight_decay=course.decay
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(course, step))
    levels = noise_levels()
    means = [one.detach().clone() for one in trained] if average else []
    shown = 0.0
    for step in range(course.steps):
        latents, captions = batches(step)
        loss = _loss(
            networks,
            latents,
            captions,
            levels=levels,
            dropped=course.dropped,
            generator=generator,
        )
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        schedule.step()
        if means:
            now = [one.detach() for one in trained]
            torch._foreach_lerp_(means, now, max(_NEWEST, 1 / (step + 1)))
        shown = 0.98 * shown + 0.02 * loss.item() if step else loss.item()
        if step % 100 == 0 or step == course.steps - 1:
            say(f"step {step}/{course.steps}: loss {shown:.4f}")
    with torch.no_grad():
        for one, mean in zip(trained, means, strict=False):
            one.copy_(mean)


def _rate(course: Course, step: int) -> float:
    """Return the share of the full rate: up in the warm-up, down over the last three fifths."""
    rising = (step + 1) / max(1, course.warm_up * course.steps)
    falling = (1 - step / course.steps) / 0.6
    return min(1.0, rising, falling)


def _loss(
    networks: Networks,
    latents: Tensor,
    captions: Sequence[str],
    *,
    levels: Tensor,
    dropped: float,
    generator: torch.Generator,
) -> Tensor:
    """Return the error of the predicted noise, with high signal weighed down (min-SNR)."""
    count = len(latents)
    draw = torch.rand(count, generator=generator)
    kept = ["" if chance < dropped else text for chance, text in zip(draw, captions, strict=True)]
    steps = torch.randint(0, len(levels), (count,), generator=generator)
    noise = torch.randn(latents.shape, generator=generator)
    noise = noise + _OFFSET * torch.randn((count, latents.shape[1], 1, 1), generator=generator)
    signal = levels[steps][:, None, None, None]
    noisy = signal.sqrt() * latents + (1 - signal).sqrt() * noise
    context = encode(networks, kept)
    guess = networks.unet(noisy, steps, context).sample.float()
    ratio = levels[steps] / (1 - levels[steps])
    weight = ratio.clamp(max=_MOST_WEIGHT) / ratio
    return ((guess - noise).pow(2).mean(dim=(1, 2, 3)) * weight).mean()


def encode(networks: Networks, captions: Sequence[str]) -> Tensor:
    """Return the text encoder's last states, (n, 77, width)."""
    ids = networks.tokenizer(
        list(captions),
        padding="max_length",
        max_length=77,
        truncation=True,
        return_tensors="pt",
    ).input_ids
    states: Tensor = networks.text(ids).last_hidden_state
    return states
