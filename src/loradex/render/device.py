"""Where and in which number format a grid is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from loradex.domain.grid import RenderSettings
from loradex.errors import ExtraMissing, UsageError

if TYPE_CHECKING:
    import torch

NEEDED = ("torch", "diffusers", "transformers", "accelerate", "safetensors")


@dataclass(frozen=True, slots=True)
class Placed:
    """A device and dtype that exist here. `kind` names the class of device for the cell key."""

    device: str
    dtype: str
    kind: str

    @property
    def torch_dtype(self) -> torch.dtype:
        """The dtype as torch's own object."""
        import torch  # noqa: PLC0415 - heavy

        chosen: torch.dtype = getattr(torch, self.dtype)
        return chosen


def require_extra() -> None:
    """Raise `ExtraMissing` when a package that drawing needs is not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise ExtraMissing(
            "Drawing needs torch and diffusers, which are not installed."
            if {"torch", "diffusers"} & set(missing)
            else f"Drawing needs {' and '.join(missing)}, which are not installed.",
            hint='Install them: pip install "loradex[render]"',
        )


def place(settings: RenderSettings) -> Placed:
    """Decide what `auto` means here; raise `UsageError` for what this machine cannot do.

    On CUDA `auto` takes bfloat16 where the card has it, else float16; on a CPU float32.
    """
    require_extra()
    device = _device(settings.device)
    if device == "cpu":
        return Placed("cpu", _cpu_dtype(settings.dtype), "cpu")
    import torch  # noqa: PLC0415 - heavy

    major, minor = torch.cuda.get_device_capability(device)
    dtype = settings.dtype
    if dtype == "auto":
        dtype = "bfloat16" if (major, minor) >= (8, 0) else "float16"
    return Placed(device, dtype, f"cuda sm_{major}{minor}")


def placed_for(settings: RenderSettings) -> Placed:
    """Return what `place` decides, remembered: cells ask for it one after another."""
    return _placed(settings.device, settings.dtype)


@lru_cache(maxsize=8)
def _placed(device: str, dtype: str) -> Placed:
    return place(RenderSettings(device=device, dtype=dtype))


def _device(wanted: str) -> str:
    if wanted == "cpu" or (wanted == "auto" and _cpu_only_build()):
        return "cpu"
    import torch  # noqa: PLC0415 - heavy

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wanted == "auto":
        return "cuda:0" if count else "cpu"
    index = int(wanted.partition(":")[2] or 0)
    if index >= count:
        raise UsageError(
            f"There is no device {wanted} here: torch sees {count} CUDA device(s).",
            hint="Use --device cpu, or install a torch build with CUDA.",
        )
    return f"cuda:{index}"


def _cpu_only_build() -> bool:
    """Tell a torch without CUDA by its version, which is far quicker than importing it."""
    try:
        return version("torch").endswith("+cpu")
    except PackageNotFoundError:
        return False


def _cpu_dtype(wanted: str) -> str:
    if wanted == "float16":
        raise UsageError(
            "A CPU cannot draw in float16: it would take about a thousand times as long.",
            hint="Use float32, or bfloat16 if speed matters more than the last digits.",
        )
    return "float32" if wanted == "auto" else wanted


def micro_batch(settings: RenderSettings, device: str) -> int:
    """Return how many pictures go through the U-Net at once.

    It depends only on what is in a cell's key, never on the grid: the number of pictures at once
    changes the last bits of the arithmetic, so a fixed number keeps a cell the same in every
    grid. A CPU gains from company only while pictures are tiny.
    """
    area = settings.width * settings.height
    if device == "cpu":
        if area <= 64 * 64:
            return 16
        return 4 if area <= 256 * 256 else 1
    if area <= 512 * 512:
        return 4
    return 2 if area <= 768 * 768 else 1
