"""Whether what was measured drew the right pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from loradex.domain.grid import GridPlan
from loradex.render.cells import cell_path

_FP32_DB = 80.0
_HALF_DB = 45.0
_SLACK_DB = 3.0
"""How much further from the loop 16 bits may be than the loop is from itself at batch 2."""


@dataclass(frozen=True)
class Check:
    """One thing that has to hold, and what was found."""

    name: str
    holds: bool
    found: str


def against_loop(plan: GridPlan, ours: Path, loop: Path, in_twos: Path | None) -> list[Check]:
    """Hold our pictures against the loop's, cell by cell.

    In float32 (`in_twos` None) by the largest difference and 80 dB; in 16 bits by what the loop
    differs from itself when it draws two at once.
    """
    pairs = [(_pixels(ours, cell.key), _pixels(loop, cell.key)) for cell in plan.cells]
    worst = min(psnr(one, other) for one, other in pairs)
    largest = max(int(np.abs(one - other).max()) for one, other in pairs)
    found = f"least {_db(worst)}, largest difference {largest}/255"
    base = {cell.recipe.prompt: cell.key for cell in plan.cells if not cell.recipe.loras}
    strongest = max(
        float(np.abs(_pixels(loop, cell.key) - _pixels(loop, base[cell.recipe.prompt])).mean())
        for cell in plan.cells
    )
    effect = Check("the LoRA changes pictures", strongest > 1, f"by {strongest:.1f}/255 on average")
    if in_twos is None:
        return [Check("as the loop", largest <= 1 and worst >= _FP32_DB, found), effect]
    own = min(psnr(_pixels(in_twos, cell.key), _pixels(loop, cell.key)) for cell in plan.cells)
    bar = max(_HALF_DB, min(own, _FP32_DB) - _SLACK_DB)
    # Bit-equal batches of the loop give no bar above what float32 has to reach.
    bar = bar if math.isfinite(own) else _HALF_DB
    found += f"; the loop at batch 2: {_db(own)}"
    return [Check("as the loop", worst >= bar, found), effect]


def equal(name: str, plan: GridPlan, one: Path, other: Path) -> Check:
    """Check that the cells of `plan` have the same pixels in two folders."""
    different = sum(
        not np.array_equal(_pixels(one, cell.key), _pixels(other, cell.key)) for cell in plan.cells
    )
    return Check(name, not different, f"{different} of {len(plan.cells)} differ")


def psnr(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    """Return how near two pictures are, in decibels of the range of 8 bits."""
    error = float(((one - other) ** 2).mean())
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def lines(checks: Mapping[str, list[Check]]) -> list[str]:
    """Return what was found as lines of text, by title."""
    return [
        f"{'ok  ' if check.holds else 'FAIL'} {title}: {check.name} ({check.found})"
        for title, some in checks.items()
        for check in some
    ]


def _db(value: float) -> str:
    return "bit-equal" if math.isinf(value) else f"{value:.1f} dB"


def _pixels(folder: Path, key: str) -> np.ndarray[Any, Any]:
    with Image.open(cell_path(folder, key)) as picture:
        return np.asarray(picture).astype(np.int32)
