"""How fast grids are drawn beside a diffusers loop, and whether the pictures are the same.

    python bench/grid.py [--case C1,C2] [--rounds 5] [--quick] [--dtype float32] [--folder DIR]

All models have random weights from a fixed seed; nothing is downloaded. Every drawer draws the
whole grid in every round, one after the other, after a round that is not counted. C1 to C3 run on
one thread of the processor and count CPU seconds of the process; G1 to G4 need CUDA and count
seconds of the clock. A line of the table says how many times as fast as the first drawer (B0: load
once, then `set_adapters` and one pipeline call for each cell) another is: median, least and most
over the rounds. After that each case's pictures are held against those of B0.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import tempfile
import warnings
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch
from grid_cases import loading
from grid_cases.cases import CASES, Case, write_files
from grid_cases.gate import lines
from grid_cases.measure import Result, measured

_LIBRARIES = ("torch", "diffusers", "transformers", "peft")


def main() -> int:
    """Run the chosen cases; return 1 when a picture is wrong or a goal is missed."""
    options = _options()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore", module="peft")
    print(_where())
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        good = [_run(name, options, Path(folder)) for name in options.case.split(",")]
    return 0 if all(good) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--case", default="C1,C2,C3,G1,G2,G3,G4", help="names, by commas")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small grids, one round")
    parser.add_argument("--dtype", choices=("float32", "bfloat16"), help="this one alone")
    parser.add_argument("--no-fused", action="store_true", help="leave B1 out")
    parser.add_argument("--folder", help="where to put models and pictures for the time being")
    options = parser.parse_args()
    if options.quick:
        options.rounds = 1
    return options


def _run(name: str, options: argparse.Namespace, folder: Path) -> bool:
    if name == "C3":
        return _run_loading(options.rounds, folder)
    case = CASES[name]
    if case.cuda and not torch.cuda.is_available():
        print(f"\n{name} was not run: it needs a CUDA device, and torch sees none.")
        return True
    case = case.quick() if options.quick else case
    files = write_files(case, folder)
    good = True
    for dtype, goal in case.goals.items():
        if options.dtype in (None, dtype):
            place = folder / f"{name}-{dtype}"
            fused = not options.no_fused
            try:
                result = measured(
                    case, files, dtype, rounds=options.rounds, fused=fused, folder=place
                )
            except torch.OutOfMemoryError as error:
                print(f"\n{name} {dtype} could not be measured: {error}")
                good = False
                continue
            good = _told(result, goal) and good
    return good


def _told(result: Result, goal: float) -> bool:
    """Print a case's table and checks; tell whether all is as it has to be."""
    case = result.case
    print(
        f"\n{case.name} {result.dtype}: {case.shape.name}, {case.side} px, {case.steps} steps, "
        f"{case.pictures} pictures ({_grid(case)})"
    )
    print(f"{'':24}{'seconds':>10}{'img/s':>9}{'of floor':>10}{'times B0':>10}   least to most")
    for name, times in result.seconds.items():
        median = statistics.median(times)
        speed, least, most = result.ratio(name)
        floor = case.pictures * result.flops / result.rate
        print(
            f"{name:24}{median:10.3f}{case.pictures / median:9.2f}{floor / median:10.0%}"
            f"{speed:10.2f}   {least:.2f} to {most:.2f}"
        )
    reached = result.ratio("loradex")[0]
    print(f"goal {goal:g}: {'reached' if reached >= goal else 'MISSED'} with {reached:.2f}")
    print(
        f"floor: {result.flops / 1e12:.4f} TFLOP a picture "
        f"at {result.rate / 1e12:.3f} TFLOP/s of a large product"
    )
    print(*lines({case.name: result.checks}), sep="\n")
    return reached >= goal and all(check.holds for check in result.checks)


def _run_loading(rounds: int, folder: Path) -> bool:
    told, ours = loading.line(loading.measured(folder, rounds=rounds))
    print(f"\nC3: 722 layers of SDXL, rank 32, kohya's naming, bfloat16\n{told}")
    reached = ours <= loading.GOAL_S
    print(f"goal {loading.GOAL_S} s: {'reached' if reached else 'MISSED'} with {ours:.3f} s")
    return reached


def _grid(case: Case) -> str:
    return f"{case.loras} LoRA x {len(case.strengths)} strengths x {case.prompts} prompts"


def _where() -> str:
    """Return the date, the machine and the versions."""
    device = platform.machine()
    if Path("/proc/cpuinfo").exists():
        models = [
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ]
        device = models[0] if models else device
    if torch.cuda.is_available():
        device += f", {torch.cuda.get_device_name(0)}"
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{datetime.now(UTC):%Y-%m-%d}; {device}; Python {platform.python_version()}, {libraries}"
    )


if __name__ == "__main__":
    sys.exit(main())
