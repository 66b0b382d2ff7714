"""Fit a checkpoint into a device's memory: all of it at once, or one stage after the other."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

from loradex.domain.recipe import Recipe
from loradex.render.approximations import FP8
from loradex.render.bases.base import Base
from loradex.render.device import Placed
from loradex.render.streaming import Streamed, weights_bytes_of

Plan = Literal["resident", "staged"]

_SPARE = 0.9
"""Share of the free memory that is planned with; the rest is for what nobody counts."""
_PICTURE_BYTES = 300_000_000
"""Of one 1024 by 1024 picture in an SDXL U-Net, 16 bits: a generous figure."""
_DECODE_BYTES = 3_000_000_000
"""What an SDXL VAE takes at its peak for 1024 by 1024 pixels in 16 bits."""
_MEGAPIXEL = 1024 * 1024
_EIGHT_BITS = 0.6
"""What is left of a checkpoint's bytes, text encoders and all, with the denoiser in 8 bits."""


def memory_plan(recipe: Recipe, placed: Placed, *, at_once: int) -> Plan:
    """Return how to use the device for recipes like this one, `at_once` pictures at a time.

    On a CPU there is nothing to move. On a card everything stays there when it fits; otherwise
    each part is there only in its stage, and a part that does not fit even then is streamed.
    """
    free = free_bytes(placed.device)
    if free is None:
        return "resident"
    weights = weights_bytes(recipe) * (_EIGHT_BITS if FP8 in recipe.settings.approximate else 1)
    work = working_bytes(recipe, at_once=at_once, decoding=True)
    return "resident" if weights + work <= free * _SPARE else "staged"


def has_room(recipe: Recipe, placed: Placed, *, at_once: int) -> bool:
    """Tell whether recipes like this one can be drawn beside what is on the device already."""
    free = free_bytes(placed.device)
    return free is None or working_bytes(recipe, at_once=at_once, decoding=True) <= free * _SPARE


def working_bytes(recipe: Recipe, *, at_once: int, decoding: bool = False) -> float:
    """Return about what pictures like this one take on their way, besides weights.

    `decoding`: at most, in the denoiser and in the VAE.
    """
    settings = recipe.settings
    share = settings.width * settings.height / _MEGAPIXEL
    twice = 2 if settings.guidance_scale > 1 else 1
    pictures = at_once * twice * share * _PICTURE_BYTES
    return max(pictures, share * _DECODE_BYTES) if decoding else pictures


def free_bytes(device: str) -> int | None:
    """Return what is free on a device now; None for a CPU, whose memory is not planned."""
    if device == "cpu":
        return None
    import torch  # noqa: PLC0415 - heavy

    free, total = torch.cuda.mem_get_info(device)
    if not torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        return int(free)
    allocated = torch.cuda.memory_allocated(device)
    most = torch.cuda.get_per_process_memory_fraction(device) * total - allocated
    # What the allocator keeps without using it is free to us.
    return int(min(free + torch.cuda.memory_reserved(device) - allocated, most))


def host_of(placed: Placed, plan: Plan) -> Placed:
    """Return where to load a checkpoint to: the host's memory when it goes stage by stage."""
    if plan == "resident":
        return placed
    return Placed("cpu", placed.dtype, placed.kind)


class Staging:
    """Moves the parts of a checkpoint to the device and away, as a plan wants it.

    `work` is what pictures take there besides weights, in bytes.
    """

    def __init__(self, base: Base, placed: Placed, plan: Plan, *, work: float = 0.0) -> None:
        self._base = base
        self._placed = placed
        self._work = work
        self._streamed: list[Streamed] = []
        self.plan = plan

    def to_texts(self) -> tuple[str, ...]:
        """Bring the text encoders; return the names of those that are streamed."""
        if self.plan == "resident":
            return ()
        names = [name for name in self._base.modules() if name.startswith("text_encoder")]
        return tuple(name for name in names if self._brought(name, work=0.0))

    def to_denoising(self) -> tuple[str, ...]:
        """Give the text encoders up for good and bring the VAE, for inputs, and the denoiser.

        Return the names of what is streamed.
        """
        if self.plan == "resident":
            return ()
        self._close()
        self._base.release_text()
        self._forget()
        self._base.move("vae", self._placed.device)
        names = self._base.modules()
        return tuple(name for name in names if self._brought(name, work=self._work))

    def to_decoding(self) -> None:
        """Take the denoiser away: the VAE alone is needed now."""
        if self.plan == "staged":
            self._close()
            for name in self._base.modules():
                self._base.move(name, "cpu")
            self._forget()

    def close(self) -> None:
        """Take everything that is streamed back to the host's memory."""
        self._close()

    def _brought(self, name: str, *, work: float) -> bool:
        """Bring a network to the device, or have its blocks streamed; tell whether they are."""
        network = self._base.modules()[name]
        free = free_bytes(self._placed.device)
        room = math.inf if free is None else free * _SPARE - work
        if weights_bytes_of(network) <= room:
            self._base.move(name, self._placed.device)
            return False
        self._streamed.append(Streamed(network, self._placed.device, room))
        return True

    def _close(self) -> None:
        for streamed in self._streamed:
            streamed.close()
        self._streamed.clear()

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
