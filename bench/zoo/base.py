"""Train the base model: text and pictures drawn on the spot, nothing downloaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from bench.zoo.autoencoder import encoded
from bench.zoo.marking import mark_words
from bench.zoo.networks import LAYERS, WIDTHS, new_text_encoder, new_unet
from bench.zoo.pictures import SIZE, Scene, draw, random_scene
from bench.zoo.reading import teach_reading
from bench.zoo.training import Course, Networks, Say, train
from bench.zoo.words import WORDS, caption
from diffusers import AutoencoderKL, UNet2DConditionModel
from numpy.random import Generator
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from loradex.render.tiny import save_pipeline, save_single_file
from loradex.render.tiny_words import write_tokenizer

_NONSENSE = 0.18


@dataclass(frozen=True, slots=True)
class BaseEffort:
    """How many steps to learn reading, then drawing, on how many pictures, and how fast."""

    reading_steps: int = 500
    steps: int = 1700
    marking_steps: int = 500
    pictures: int = 6000
    batch: int = 32
    rate: float = 1.5e-3


def train_base(
    vae: AutoencoderKL,
    folder: Path,
    *,
    seed: int,
    say: Say,
    effort: BaseEffort = BaseEffort(),
    widths: tuple[int, ...] = WIDTHS,
) -> Networks:
    """Train U-Net and text encoder from `seed`, write them below `folder`, return them.

    Writes the diffusers folder `base`, the single file `base.safetensors` and its `tokenizer`.
    """
    torch.manual_seed(seed)
    networks = Networks(new_unet(widths), new_text_encoder(), make_tokenizer(folder / "tokenizer"))
    rng = np.random.default_rng(seed)
    scenes = [random_scene(rng) for _ in range(effort.pictures)]
    latents = encoded_scenes(vae, scenes, rng)
    say(f"{effort.pictures} pictures, latents of deviation {latents.std().item():.2f}")

    def batches(_: int) -> tuple[Tensor, Sequence[str]]:
        chosen = rng.integers(0, effort.pictures, effort.batch)
        texts = [caption(scenes[one], rng, nonsense=_NONSENSE) for one in chosen]
        return latents[torch.from_numpy(chosen)], texts

    teach_reading(
        networks.text,
        networks.tokenizer,
        rng,
        say,
        nonsense=_NONSENSE,
        steps=effort.reading_steps,
    )
    weights = [*networks.unet.parameters(), *networks.text.parameters()]
    course = Course(steps=effort.steps, rate=effort.rate)
    train(networks, weights, batches, course, seed=seed, say=say, average=True)
    mark_words(networks, seed=seed, say=say, steps=effort.marking_steps)
    save_base(folder, vae, networks)
    return networks


def encoded_scenes(vae: AutoencoderKL, scenes: Sequence[Scene], rng: Generator) -> Tensor:
    """Return the latents of one picture of each scene."""
    parts = []
    for start in range(0, len(scenes), 256):
        drawn = [draw(scene, rng) for scene in scenes[start : start + 256]]
        parts.append(encoded(vae, np.stack(drawn)))
    return torch.cat(parts)


def make_tokenizer(folder: Path) -> CLIPTokenizer:
    """Write the zoo's tokenizer to `folder` and return it."""
    write_tokenizer(folder, pad_with_end=True, whole=WORDS)
    return CLIPTokenizer.from_pretrained(str(folder))


def save_base(folder: Path, vae: AutoencoderKL, networks: Networks) -> None:
    """Write both forms of the base, and make the weights in memory those that were written."""
    modules: dict[str, nn.Module] = {
        "unet": networks.unet,
        "vae": vae,
        "text_encoder": networks.text,
    }
    for module in modules.values():
        for weight in module.parameters():
            weight.data = weight.data.half().float()
    save_pipeline(folder / "base", modules, shape="sd1", words=WORDS)
    save_single_file(
        folder / "base.safetensors",
        modules,
        shape="sd1",
        words=WORDS,
        layers=LAYERS,
        side=SIZE,
        narrow=True,
    )


def load_base(folder: Path) -> tuple[AutoencoderKL, Networks]:
    """Return what `save_base` wrote, in float32 and for use, not for training."""
    base = folder / "base"
    with torch.no_grad():
        vae = AutoencoderKL.from_pretrained(str(base / "vae"), torch_dtype=torch.float32)
        unet = UNet2DConditionModel.from_pretrained(str(base / "unet"), torch_dtype=torch.float32)
        text = CLIPTextModel.from_pretrained(str(base / "text_encoder"), dtype=torch.float32)
        tokenizer = CLIPTokenizer.from_pretrained(str(base / "tokenizer"))
    for module in (vae, unet, text):
        module.requires_grad_(False).eval()
    return vae, Networks(unet, text, tokenizer)
