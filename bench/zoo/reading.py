"""Teach the text encoder to read captions before it meets the U-Net.

What a caption says has to be found in the mean of its states: SD pads captions with end tokens,
whose states have seen the whole text, so that even untaught attention passes it on. Learned
together from the start, the U-Net ignores words for most of a short training.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from bench.zoo.pictures import COLOURS, PLACES, SHAPES, TEXTURES, Scene, random_scene
from bench.zoo.training import Say
from bench.zoo.words import caption
from numpy.random import Generator
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextModel, CLIPTokenizer

_TOKENS = 32
"""Longer than any caption; states of further end tokens are like those of the last."""
_SIZES = ("small", "large")


def teach_reading(
    text: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    rng: Generator,
    say: Say,
    *,
    nonsense: float,
    steps: int,
    batch: int = 96,
) -> None:
    """Train `text` until what captions say can be told from its states by linear maps."""
    tables = (tuple(COLOURS), tuple(COLOURS), SHAPES, _SIZES, tuple(PLACES), TEXTURES)
    heads = nn.ModuleList(nn.Linear(text.config.hidden_size, len(table)) for table in tables)
    weights = [*text.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(weights, lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, steps)
    for step in range(steps):
        scenes = [random_scene(rng) for _ in range(batch)]
        captions = [caption(scene, rng, nonsense=nonsense) for scene in scenes]
        ids = tokenizer(
            captions,
            padding="max_length",
            max_length=_TOKENS,
            truncation=True,
            return_tensors="pt",
        ).input_ids
        pooled = text(ids).last_hidden_state[:, 1:].mean(dim=1)
        answers = [_answers(scene, told) for scene, told in zip(scenes, captions, strict=True)]
        loss = torch.stack(
            [
                _error(head(pooled), [one[number] for one in answers], table)
                for number, (head, table) in enumerate(zip(heads, tables, strict=True))
            ]
        ).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == steps - 1:
            say(f"reading {step}/{steps}: loss {loss.item():.3f}")


def _answers(scene: Scene, told: str) -> tuple[str, ...]:
    """Return what the first item is, as far as the caption says it; empty where it does not."""
    item = scene.items[0]
    words = told.replace(",", "").split()
    return (
        scene.background if "background" in words else "",
        *(
            answer if answer in words else ""
            for answer in (item.colour, item.shape, item.size, item.place, scene.texture)
        ),
    )


def _error(scores: Tensor, answers: Sequence[str], table: Sequence[str]) -> Tensor:
    rows = [row for row, answer in enumerate(answers) if answer]
    if not rows:
        return scores.sum() * 0
    truth = torch.tensor([table.index(answers[row]) for row in rows])
    return functional.cross_entropy(scores[rows], truth)
