"""Strengths per block of the denoiser, in the notation of A1111's LoRA block weight script.

A list has one number per block that can hold a LoRA, `BASE` first:

    SD 1.x, 2.x   17: BASE IN01 IN02 IN04 IN05 IN07 IN08 M00 OUT03 … OUT11
                  26: BASE IN00 … IN11 M00 OUT00 … OUT11
    SDXL          12: BASE IN04 IN05 IN07 IN08 M00 OUT00 … OUT05
                  20: BASE IN00 … IN08 M00 OUT00 … OUT08
                  26: as for SD 1.x (the last INs and OUTs name nothing)
    transformers  as many as there are blocks in the order of the network (FLUX.1: 19 double, then
                  38 single), with or without BASE in front; without, BASE is 1

BASE is the factor of text encoders and of everything that lies in no listed block. One number
alone is the factor of everything. The names of presets (`INS`, `MIDD`, …) stand for the lists
that come with that script.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.errors import UsageError
from loradex.render.naming import unet_ldm_name

if TYPE_CHECKING:
    from torch import nn

_LARGEST = 100.0
_LDM = re.compile(r"(input_blocks|middle_block|output_blocks)\.(\d+)")


def _row(*ranges: tuple[str, tuple[int, ...]]) -> tuple[str, ...]:
    return tuple(f"{side}{number:02}" for side, numbers in ranges for number in numbers)


_MIDDLE = ("M", (0,))
_ALL_26 = _row(("IN", tuple(range(12))), _MIDDLE, ("OUT", tuple(range(12))))
_SD_17 = _row(("IN", (1, 2, 4, 5, 7, 8)), _MIDDLE, ("OUT", tuple(range(3, 12))))
_XL_12 = _row(("IN", (4, 5, 7, 8)), _MIDDLE, ("OUT", tuple(range(6))))
_XL_20 = _row(("IN", tuple(range(9))), _MIDDLE, ("OUT", tuple(range(9))))
_SD_ROWS = {len(row) + 1: row for row in (_SD_17, _ALL_26)}
_XL_ROWS = {len(row) + 1: row for row in (_XL_12, _XL_20, _ALL_26)}

_SD_PRESETS = {
    "INS": "1,1,1,0,0,0,0,0,0,0,0,0,0,0,0,0,0",
    "IND": "1,0,0,0,1,1,1,0,0,0,0,0,0,0,0,0,0",
    "INALL": "1,1,1,1,1,1,1,0,0,0,0,0,0,0,0,0,0",
    "MIDD": "1,0,0,0,1,1,1,1,1,1,1,1,0,0,0,0,0",
    "OUTD": "1,0,0,0,0,0,0,0,1,1,1,1,0,0,0,0,0",
    "OUTS": "1,0,0,0,0,0,0,0,0,0,0,0,1,1,1,1,1",
    "OUTALL": "1,0,0,0,0,0,0,0,1,1,1,1,1,1,1,1,1",
}
_XL_PRESETS = {
    "INALL": "1,1,1,1,1,0,0,0,0,0,0,0",
    "MIDD": "1,0,0,1,1,1,1,1,1,0,0,0",
    "OUTALL": "1,0,0,0,0,0,1,1,1,1,1,1",
}
_EVERYWHERE = {"ALL": 1.0, "ALL0.5": 0.5, "NONE": 0.0}


@dataclass(frozen=True, slots=True)
class BlockStrengths:
    """A factor for each module path of one denoiser.

    `text` is what it was read from, as `block_text` writes it.
    """

    text: str
    base: float
    factors: Mapping[str, float]
    """By module path; paths that are missing have the factor `base`."""

    def __call__(self, path: str) -> float:
        """Return the factor of the denoiser's module at `path`."""
        return self.factors.get(path, self.base)


def block_text(text: str) -> str:
    """Return a list or a preset's name in its one spelling, for keys and labels; no network needed.

    Equal numbers become one, so that `1` is said by every list that changes nothing. Raises
    `UsageError` for what is no list and no preset.
    """
    name = text.strip().upper()
    if name in _SD_PRESETS:
        return name
    numbers = (_EVERYWHERE[name],) if name in _EVERYWHERE else _numbers(text)
    shown = numbers[:1] if len(set(numbers)) == 1 else numbers
    # Adding zero turns -0 into 0.
    return ",".join(f"{number + 0.0:g}" for number in shown)


def block_strengths(text: str, denoiser: nn.Module) -> BlockStrengths:
    """Read a list or the name of a preset for `denoiser`, a loaded (or meta) network.

    Raises `UsageError` for what is no list, an unknown name, or a number of values that this
    network has no blocks for; the message says what it takes.
    """
    short = block_text(text)
    if type(denoiser).__name__ == "UNet2DConditionModel":
        base, factors = _for_unet(short, denoiser)
    else:
        base, factors = _for_stacks(short, denoiser)
    return BlockStrengths(short, base, factors)


def _for_unet(text: str, unet: nn.Module) -> tuple[float, dict[str, float]]:
    paths = [path for path, _ in unet.named_modules() if path]
    layers = 1 + max(int(p.split(".")[3]) for p in paths if _is_resnet(p))
    attention = frozenset(int(p.split(".")[1]) for p in paths if _holds_attention(p))
    is_xl = not any(path.startswith("down_blocks.3.") for path in paths)
    rows, presets = (_XL_ROWS, _XL_PRESETS) if is_xl else (_SD_ROWS, _SD_PRESETS)
    numbers = _listed(text, presets)
    if len(numbers) == 1:
        return numbers[0], {}
    if len(numbers) not in rows:
        raise _wrong_count(numbers, sorted(rows))
    by_block = dict(zip(rows[len(numbers)], numbers[1:], strict=True))
    factors = {}
    for path in paths:
        block = _block(unet_ldm_name(path, layers=layers, attention_levels=attention))
        if block in by_block:
            factors[path] = by_block[block]
    return numbers[0], factors


def _is_resnet(path: str) -> bool:
    return path.startswith("down_blocks.0.resnets.")


def _holds_attention(path: str) -> bool:
    return path.startswith("up_blocks.") and ".attentions." in path


def _block(ldm_name: str) -> str | None:
    found = _LDM.match(ldm_name)
    if found is None:
        return None
    if found.group(1) == "middle_block":
        return "M00"
    return f"{'IN' if found.group(1) == 'input_blocks' else 'OUT'}{int(found.group(2)):02}"


def _for_stacks(text: str, transformer: nn.Module) -> tuple[float, dict[str, float]]:
    """Count the blocks of all lists of modules through, in the order of the network."""
    from torch import nn  # noqa: PLC0415 - heavy

    blocks = [
        (f"{stack}.{number}", block)
        for stack, child in transformer.named_children()
        if isinstance(child, nn.ModuleList)
        for number, block in enumerate(child)
    ]
    numbers = _listed(text, {})
    if len(numbers) == 1:
        return numbers[0], {}
    if len(numbers) == len(blocks):
        numbers = (1.0, *numbers)
    if len(numbers) != len(blocks) + 1:
        raise _wrong_count(numbers, [len(blocks) + 1])
    factors = {}
    for (root, block), factor in zip(blocks, numbers[1:], strict=True):
        for path, _ in block.named_modules(prefix=root):
            factors[path] = factor
    return numbers[0], factors


def _listed(text: str, presets: Mapping[str, str]) -> tuple[float, ...]:
    """Return the numbers that `text`, in its one spelling, stands for in this family."""
    if text in _SD_PRESETS and text not in presets:
        known = ", ".join([*_EVERYWHERE, *presets])
        raise UsageError(
            f"There is no preset {text} for this kind of checkpoint.",
            hint=f"Give a list of numbers, or one of {known}.",
        )
    return _numbers(presets.get(text, text))


def _numbers(text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(one) for one in text.split(","))
    except ValueError:
        known = ", ".join([*_EVERYWHERE, *_SD_PRESETS])
        raise UsageError(
            f"{text[:80]!r} is no list of block strengths.",
            hint=f"Give numbers with commas between them, or one of {known}.",
        ) from None
    if not all(math.isfinite(number) and abs(number) <= _LARGEST for number in numbers):
        raise UsageError(f"Block strengths lie between -{_LARGEST:g} and {_LARGEST:g}.")
    return numbers


def _wrong_count(numbers: tuple[float, ...], counts: list[int]) -> UsageError:
    takes = " or ".join(str(count) for count in counts)
    return UsageError(
        f"{len(numbers)} block strengths were given; this checkpoint takes {takes}, BASE first."
    )
