"""Draw a case's grid in turn with every drawer, time it, and hold the pictures against another."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch

from loradex.domain.grid import GridPlan

from .cases import Case, Files, plan_of
from .drawers import Drawer, Loop, Ours, drawers
from .gate import Check, against_loop, equal

_MEMORY_GB = 8


@dataclass(frozen=True)
class Result:
    """What one case took in one dtype: seconds of each drawer in each round."""

    case: Case
    dtype: str
    seconds: dict[str, list[float]]
    checks: list[Check]
    flops: int
    """Of one picture."""
    rate: float
    """Floating-point operations a second of a large matrix product, here and now."""

    def ratio(self, name: str) -> tuple[float, float, float]:
        """Return median, least and most of the first drawer's time over that of `name`."""
        first = next(iter(self.seconds.values()))
        ratios = [one / other for one, other in zip(first, self.seconds[name], strict=True)]
        return statistics.median(ratios), min(ratios), max(ratios)


def measured(
    case: Case, files: Files, dtype: str, *, rounds: int, fused: bool, folder: Path
) -> Result:
    """Draw a warming round and `rounds` measured ones, every drawer in each of them."""
    plan = plan_of(case, files, dtype)
    makers = drawers(streamed=case.streamed, fused=fused and case.loras == 1)
    places = {name: folder / str(number) for number, name in enumerate(makers)}
    seconds: dict[str, list[float]] = {name: [] for name in makers}
    kept: dict[str, Drawer] = {}
    with _limited(case):
        for turn in range(rounds + 1):
            for name, make in makers.items():
                drawer = kept.get(name) or make(plan)
                taken = clocked(partial(drawer.draw, plan, places[name]), cuda=case.cuda)
                if turn:
                    seconds[name].append(taken)
                if case.streamed:
                    drawer.close()
                else:
                    kept[name] = drawer
        flops, checks = _checked(case, files, plan, kept=kept, places=places, folder=folder)
    for drawer in kept.values():
        drawer.close()
    return Result(case, dtype, seconds, checks, flops, matrix_rate(dtype, cuda=case.cuda))


def _checked(
    case: Case,
    files: Files,
    plan: GridPlan,
    *,
    kept: dict[str, Drawer],
    places: dict[str, Path],
    folder: Path,
) -> tuple[int, list[Check]]:
    """Count operations and hold the pictures to the rules."""
    dtype = plan.cells[0].recipe.settings.dtype
    loop = kept.get("B0 diffusers loop") or Loop(plan, streamed=case.streamed)
    assert isinstance(loop, Loop)  # noqa: S101 - the first of `drawers`
    in_twos = None if dtype == "float32" else folder / "twos"
    if in_twos is not None:
        loop.draw_in_twos(plan, in_twos)
    flops = loop.flops(plan, folder / "flops")
    if case.streamed:
        loop.close()
    ours = kept.get("loradex") or Ours(plan)
    assert isinstance(ours, Ours)  # noqa: S101 - the last of `drawers`
    alone = plan_of(case, files, dtype, only=case.strengths[-1])
    ours.draw(plan, folder / "again")
    kept_weights = ours.digest() == ours.pristine
    if case.streamed:  # a session that stages gives the text encoders up
        ours.close()
        ours = Ours(plan)
    ours.draw(alone, folder / "alone")
    if ours.failures:
        return flops, [Check("all cells are drawn", False, ours.failures[0])]
    checks = against_loop(plan, places["loradex"], places["B0 diffusers loop"], in_twos)
    checks += [
        equal("the same again", plan, places["loradex"], folder / "again"),
        equal("the same in another grid", alone, places["loradex"], folder / "alone"),
        Check("weights as loaded", kept_weights, "by SHA-256"),
    ]
    return flops, checks


def matrix_rate(dtype: str, *, cuda: bool) -> float:
    """Return the operations a second that a large matrix product reaches: the floor's slope."""
    side, device = (8192, "cuda") if cuda else (2048, "cpu")
    one = torch.randn((side, side), dtype=getattr(torch, dtype), device=device)
    times = []
    for _ in range(5):
        times.append(clocked(lambda: one @ one, cuda=cuda))
    return 2 * side**3 / min(times)


def clocked(action: Callable[[], object], *, cuda: bool) -> float:
    """Return seconds: of the clock on a card, else of the whole process on processors."""
    if not cuda:
        start = time.process_time()
        action()
        return time.process_time() - start
    torch.cuda.synchronize()
    start = time.perf_counter()
    action()
    torch.cuda.synchronize()
    return time.perf_counter() - start


@contextmanager
def _limited(case: Case) -> Iterator[None]:
    """Cap the card's memory while a streamed case runs."""
    if not case.streamed:
        yield
        return
    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(_MEMORY_GB * 2**30 / whole)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
