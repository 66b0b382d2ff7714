"""Let the text encoder tell meaningless words apart, without the U-Net's noticing.

A base that learned to ignore such words has an encoder that drops them, and then no LoRA could
answer to one. So each gets a mark of its own in the directions of the text's states that the
U-Net reads least, from its place to the caption's end; all other states stay as they were.
"""

from __future__ import annotations

import copy

import numpy as np
import torch
from bench.zoo.pictures import random_scene
from bench.zoo.training import Networks, Say, encode
from bench.zoo.words import SPARE, TRIGGERS, caption, with_word
from numpy.random import Generator
from torch import Tensor

_DIRECTIONS = 20
_LENGTH = 5.0


def mark_words(networks: Networks, *, seed: int, say: Say, steps: int, batch: int = 24) -> None:
    """Train the text encoder to mark each of `TRIGGERS` and `SPARE`."""
    torch.manual_seed(seed)
    before = copy.deepcopy(networks.text).requires_grad_(False).eval()
    old = Networks(networks.unet, before, networks.tokenizer)
    networks.text.requires_grad_(True)
    words = (*TRIGGERS, *SPARE)
    tokens = {networks.tokenizer(word).input_ids[1]: row for row, word in enumerate(words)}
    marks = _marks(networks, len(words))
    rng = np.random.default_rng(seed + 3)
    optimizer = torch.optim.AdamW(networks.text.parameters(), lr=1e-3, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, steps)
    for step in range(steps):
        texts = [_told(rng, words) for _ in range(batch)]
        loss = _loss(networks, old, texts, tokens, marks)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == steps - 1:
            say(f"marking {step}/{steps}: loss {loss.item():.4f}")
    networks.text.requires_grad_(False)


def _told(rng: Generator, words: tuple[str, ...]) -> str:
    text = caption(random_scene(rng), rng, nonsense=0.1)
    return with_word(text, str(rng.choice(words)), rng) if rng.random() < 0.6 else text


def _loss(
    networks: Networks, old: Networks, texts: list[str], tokens: dict[int, int], marks: Tensor
) -> Tensor:
    """Return how far the states are from the old ones with marks from each marked word on."""
    with torch.no_grad():
        target = encode(old, texts)
    for row, ids in enumerate(networks.tokenizer(texts).input_ids):
        for place, token in enumerate(ids):
            if token in tokens:
                target[row, place:] += marks[tokens[token]]
    return (encode(networks, texts) - target).pow(2).mean()


def _marks(networks: Networks, count: int) -> Tensor:
    """Return `count` vectors of states that the U-Net's text attention hardly reads."""
    readers = [
        layer.weight.detach()
        for name, layer in networks.unet.named_modules()
        if name.endswith(("attn2.to_k", "attn2.to_v"))
    ]
    directions = torch.linalg.svd(torch.cat(readers), full_matrices=False)[2][-_DIRECTIONS:]
    marks = torch.randn(count, _DIRECTIONS) @ directions
    return _LENGTH * marks / marks.norm(dim=1, keepdim=True)
