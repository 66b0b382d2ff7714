"""Which pictures stand on a checkpoint's style sheet."""

from __future__ import annotations

from collections.abc import Sequence

from loradex.domain.probing import Depth, ProbePoint
from loradex.operations.probing.prompts import STANDARD_PROMPTS, STANDARD_SEEDS
from loradex.operations.probing.request import ProbeRequest

_PROMPTS = {Depth.QUICK: 3, Depth.NORMAL: 6, Depth.THOROUGH: 6}
_SEEDS = {Depth.QUICK: 2, Depth.NORMAL: 4, Depth.THOROUGH: 8}


def sheet_prompts(request: ProbeRequest) -> tuple[str, ...]:
    """Return the prompts of a sheet: those asked for, else as many usual ones as the depth has."""
    return request.prompts or STANDARD_PROMPTS[: _PROMPTS[request.depth]]


def sheet_seeds(request: ProbeRequest) -> tuple[int, ...]:
    """Return the seeds of a sheet."""
    return request.seeds or STANDARD_SEEDS[: _SEEDS[request.depth]]


def sheet_points(prompts: int, seeds: Sequence[int]) -> list[ProbePoint]:
    """Return the points of a sheet, seed by seed."""
    return [ProbePoint(prompt, seed, 0.0) for seed in seeds for prompt in range(prompts)]
