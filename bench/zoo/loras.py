"""Train the zoo's LoRAs on its frozen base, and write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from bench.zoo.adapters import Adapters
from bench.zoo.files import write_adapters, write_scaled
from bench.zoo.lessons import batch_of, prepare
from bench.zoo.networks import new_unet
from bench.zoo.training import Course, Networks, Say, train
from bench.zoo.truth import Made
from diffusers import AutoencoderKL
from torch import Tensor

_BATCH = 8


def make_lora(
    path: Path,
    name: str,
    recipes: Mapping[str, Made],
    vae: AutoencoderKL,
    networks: Networks,
    *,
    say: Say,
) -> None:
    """Train the LoRA called `name` and write it to `path`; a parent lies beside it or is trained.

    The networks are as before afterwards.
    """
    made = recipes[name]
    if made.parent:
        parent = path.with_stem(made.parent)
        if not parent.exists():
            make_lora(parent, made.parent, recipes, vae, networks, say=say)
        write_scaled(path, parent, made.factor)
        return
    adapters, tags = trained(made, vae, networks, say=say)
    try:
        write_adapters(
            path, adapters, naming=made.naming, tags=tags, seed=made.seed, steps=made.steps
        )
    finally:
        adapters.remove()


def trained(
    made: Made, vae: AutoencoderKL, networks: Networks, *, say: Say
) -> tuple[Adapters, dict[str, int]]:
    """Train as `made` says; return the adapters, still in place, and the captions' tags."""
    torch.manual_seed(made.seed)
    rng = np.random.default_rng(made.seed)
    if made.widths:
        networks = Networks(
            new_unet(made.widths).requires_grad_(False), networks.text, networks.tokenizer
        )
    material = prepare(made.lessons, vae, rng, pictures=made.pictures)
    adapters = Adapters(
        networks.unet,
        networks.text if made.text else None,
        algorithm=made.algorithm,
        rank=made.rank,
    )

    def batches(_: int) -> tuple[Tensor, Sequence[str]]:
        return batch_of(material, rng, _BATCH)

    course = Course(steps=made.steps, rate=made.rate, dropped=0.05, decay=0.0, warm_up=0.1)
    train(networks, adapters.parameters(), batches, course, seed=made.seed, say=say)
    return adapters, material.tags
