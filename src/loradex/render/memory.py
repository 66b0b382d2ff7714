"""Fit a checkpoint into a device's memory: all of it at once, or one stage after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from loradex.domain.recipe import Recipe
from loradex.render.bases.base import Base
from loradex.render.device import Placed

Plan = Literal["resident", "staged"]

_SPARE = 0.9
"""Share of the free memory that is planned with; the rest is for what nobody counts."""
_PICTURE_BYTES = 300_000_000
"""Of one 1024 by 1024 picture in an SDXL U-Net, 16 bits: a generous figure."""
_DECODE_BYTES = 3_000_000_000
"""What an SDXL VAE takes at its peak for 1024 by 1024 pixels in 16 bits."""
_MEGAPIXEL = 1024 * 1024


def memory_plan(recipe: Recipe, placed: Placed, *, at_once: int) -> Plan:
    """Return how to use the device for recipes like this one, `at_once` pictures at a time.

    On a CPU there is nothing to move. On a card everything stays there when it fits; otherwise
    each part is there only in its stage.
    """
    if placed.device == "cpu":
        return "resident"
    import torch  # noqa: PLC0415 - heavy

    free, _ = torch.cuda.mem_get_info(placed.device)
    settings = recipe.settings
    share = settings.width * settings.height / _MEGAPIXEL
    twice = 2 if settings.guidance_scale > 1 else 1
    pictures = at_once * twice * share * _PICTURE_BYTES
    needed = weights_bytes(recipe) + max(pictures, share * _DECODE_BYTES)
    return "resident" if needed <= free * _SPARE else "staged"


def host_of(placed: Placed, plan: Plan) -> Placed:
    """Return where to load a checkpoint to: the host's memory when it goes stage by stage."""
    if plan == "resident":
        return placed
    return Placed("cpu", placed.dtype, placed.kind)


class Staging:
    """Moves the parts of a checkpoint to the device and away, as a plan wants it."""

    def __init__(self, base: Base, placed: Placed, plan: Plan) -> None:
        self._base = base
        self._placed = placed
        self.plan = plan

    def to_texts(self) -> None:
        """Bring the text encoders."""
        if self.plan == "staged":
            for name in self._base.modules():
                if name.startswith("text_encoder"):
                    self._base.move(name, self._placed.device)

    def to_denoising(self) -> None:
        """Give the text encoders up for good and bring the denoiser, and the VAE for inputs."""
        if self.plan == "staged":
            self._base.release_text()
            self._forget()
            for name in self._base.parts():
                self._base.move(name, self._placed.device)

    def to_decoding(self) -> None:
        """Take the denoiser away: the VAE alone is needed now."""
        if self.plan == "staged":
            for name in self._base.modules():
                self._base.move(name, "cpu")
            self._forget()

    def _forget(self) -> None:
        if self._placed.device != "cpu":
            import torch  # noqa: PLC0415 - heavy

            torch.cuda.empty_cache()


def weights_bytes(recipe: Recipe) -> int:
    """Return how large the files behind a picture are; those that are not there count nothing."""
    return sum(_size(path) for path in {Path(model.path) for model in recipe.models})


def _size(path: Path) -> int:
    try:
        if path.is_dir():
            return sum(one.stat().st_size for one in path.rglob("*.safetensors"))
        return path.stat().st_size
    except OSError:
        return 0
