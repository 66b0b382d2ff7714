"""From what a person asks for to the list of pictures to draw; knows nothing of torch."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from loradex.domain.grid import Cell, GridModel, GridPlan, GridSpec, Placement, RenderSettings
from loradex.errors import UsageError
from loradex.render.samplers import sampler_named

MOST_CELLS = 10_000
STRONGEST = 10.0
LARGEST_SEED = 2**63 - 1
DTYPES = ("auto", "float32", "bfloat16", "float16")
_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,3})?")
_LONGEST_PROMPT = 20_000


def plan_grid(spec: GridSpec, *, engine: str) -> GridPlan:
    """Return every place of the grid and the distinct cells behind them, in drawing order.

    `engine` names all that shapes a picture besides the spec (`engine_version`). The order keeps
    cells of one weight set together: the checkpoint alone, then each LoRA at each strength, so
    that one merge serves all prompts and seeds. Raises `UsageError`.
    """
    _check(spec)
    placements = tuple(_placements(spec, engine))
    distinct: dict[str, Cell] = {}
    for placement in placements:
        distinct.setdefault(placement.cell.key, placement.cell)
    ordered = sorted(distinct.values(), key=lambda cell: cell.lora is not None)
    return GridPlan(spec=spec, placements=placements, cells=tuple(ordered))


def _placements(spec: GridSpec, engine: str) -> Iterator[Placement]:
    places = product(
        enumerate(spec.loras),
        enumerate(spec.strengths),
        enumerate(spec.prompts),
        enumerate(spec.seeds),
    )
    for (at_lora, lora), (at_strength, strength), (at_prompt, prompt), (at_seed, seed) in places:
        used = lora if strength else None
        cell = Cell(
            lora=used,
            strength=float(strength) if used else 0.0,
            prompt=prompt,
            negative_prompt=spec.negative_prompt,
            seed=seed,
            settings=spec.settings,
            key="",
        )
        cell = replace(cell, key=cell_key(spec.checkpoint, cell, engine))
        yield Placement(at_lora, at_prompt, at_seed, at_strength, cell)


def cell_key(checkpoint: GridModel, cell: Cell, engine: str) -> str:
    """Return the SHA-256, in hex, of all that determines one picture.

    Names and paths are left out: a moved or renamed file draws the same. The device and dtype
    asked for are left out too, since `engine` says what they came to.
    """
    settings = cell.settings
    facts = {
        "what": "loradex cell 1",
        "engine": engine,
        "checkpoint": checkpoint.digest,
        "lora": [cell.lora.digest, cell.strength] if cell.lora else None,
        "prompt": cell.prompt,
        "negative_prompt": cell.negative_prompt if settings.guidance_scale > 1 else "",
        "seed": cell.seed,
        "size": [settings.width, settings.height],
        "steps": settings.num_inference_steps,
        "guidance_scale": float(settings.guidance_scale),
        "sampler": settings.sampler,
        "clip_skip": settings.clip_skip,
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _check(spec: GridSpec) -> None:
    """Raise `UsageError` for the first thing that makes the grid impossible."""
    for name, values in (
        ("LoRA", spec.loras),
        ("strength", spec.strengths),
        ("prompt", spec.prompts),
        ("seed", spec.seeds),
    ):
        if not values:
            raise UsageError(f"A grid needs at least one {name}.")
    total = len(spec.loras) * len(spec.strengths) * len(spec.prompts) * len(spec.seeds)
    if total > MOST_CELLS:
        raise UsageError(
            f"This grid has {total:,} pictures; {MOST_CELLS:,} is the most.",
            hint="Ask for fewer strengths, prompts or seeds, or split it into several grids.",
        )
    for strength in spec.strengths:
        if not (math.isfinite(strength) and abs(strength) <= STRONGEST):
            raise UsageError(
                f"The strength {strength} cannot be used.",
                hint=f"Strengths lie between -{STRONGEST:g} and {STRONGEST:g}.",
            )
    for seed in spec.seeds:
        if not 0 <= seed <= LARGEST_SEED:
            raise UsageError(f"The seed {seed} is not between 0 and {LARGEST_SEED}.")
    for prompt in (*spec.prompts, spec.negative_prompt):
        if len(prompt) > _LONGEST_PROMPT:
            raise UsageError(f"A prompt has {len(prompt):,} characters; that is too long.")
    check_settings(spec.settings)


def check_settings(settings: RenderSettings) -> None:
    """Raise `UsageError` for a setting that no engine could use."""
    for name, size in (("width", settings.width), ("height", settings.height)):
        if size % 8 or not 64 <= size <= 4096:
            raise UsageError(
                f"The {name} {size} cannot be drawn.",
                hint="Width and height are multiples of 8 from 64 to 4096 pixels.",
            )
    if not 1 <= settings.num_inference_steps <= 1000:
        raise UsageError(
            f"{settings.num_inference_steps} steps cannot be drawn.",
            hint="Between 1 and 1000 steps; 20 to 30 is usual.",
        )
    if not (math.isfinite(settings.guidance_scale) and 0 <= settings.guidance_scale <= 100):
        raise UsageError(
            f"The guidance scale {settings.guidance_scale} cannot be used.",
            hint="It lies between 0 and 100; 7 is usual.",
        )
    if not 1 <= settings.clip_skip <= 12:
        raise UsageError(
            f"Clip skip {settings.clip_skip} cannot be used.",
            hint="It counts from 1 (the last layer) to 12.",
        )
    if settings.dtype not in DTYPES:
        raise UsageError(
            f"There is no dtype called {settings.dtype!r}.", hint=f"One of: {', '.join(DTYPES)}."
        )
    if not _DEVICE.fullmatch(settings.device):
        raise UsageError(
            f"There is no device called {settings.device!r}.",
            hint="One of: auto, cpu, cuda, cuda:0, cuda:1 …",
        )
    sampler_named(settings.sampler)
