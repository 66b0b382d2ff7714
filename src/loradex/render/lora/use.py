"""A LoRA at its strengths: one term of what a checkpoint's weights are to be."""

from __future__ import annotations

from dataclasses import dataclass

from loradex.render.lora.blocks import BlockStrengths
from loradex.render.lora.file import LoraFile
from loradex.render.lora.patch import Patch


@dataclass(frozen=True, slots=True)
class LoraAt:
    """`file` at `strength` in the denoiser and `strength_clip` (None: the same) in text encoders.

    `blocks` refines both; None is the factor 1 everywhere.
    """

    file: LoraFile
    strength: float
    strength_clip: float | None = None
    blocks: BlockStrengths | None = None

    def at(self, patch: Patch) -> float:
        """Return the strength with which `patch`, one of the file's, acts."""
        if patch.in_text:
            strength = self.strength if self.strength_clip is None else self.strength_clip
            return strength if self.blocks is None else strength * self.blocks.base
        return self.strength if self.blocks is None else self.strength * self.blocks(patch.path)
