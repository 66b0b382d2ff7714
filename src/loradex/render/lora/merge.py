"""Put a LoRA into a checkpoint's weights at one strength, and take it out without a trace.

Every merge starts from the untouched weight, adds in float32 and rounds once; nothing is ever
undone by subtraction, which would drift. Copies of the untouched weights are kept only for what
is merged at the moment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from loradex.render.lora.algorithms import (
    changed_bias,
    changed_weight,
    touches_bias,
    touches_weight,
)
from loradex.render.lora.file import LoraFile, Patch
from loradex.render.safefile import SafeFile, open_safe

if TYPE_CHECKING:
    from torch import Tensor, nn


class Merger:
    """Holds the untouched weights behind what is merged. Not for several threads."""

    def __init__(self) -> None:
        self._pristine: dict[nn.Parameter, Tensor] = {}

    def apply(self, lora: LoraFile, strength: float) -> None:
        """Make the checkpoint what it is with only `lora` at `strength`."""
        import torch  # noqa: PLC0415 - heavy

        covered = set(_parameters(lora))
        self._put_back(set(self._pristine) - covered)
        with open_safe(lora.path) as file, torch.no_grad():
            for patch in lora.patches:
                self._merge(file, patch, strength)

    def restore(self) -> None:
        """Put every untouched weight back, bit for bit."""
        self._put_back(set(self._pristine))

    def _put_back(self, parameters: set[nn.Parameter]) -> None:
        import torch  # noqa: PLC0415 - heavy

        with torch.no_grad():
            for parameter in parameters:
                parameter.copy_(self._pristine.pop(parameter))

    def _merge(self, file: SafeFile, patch: Patch, strength: float) -> None:
        weight, bias = _weight_and_bias(patch)
        tensors = _tensors(file, patch)
        if weight is not None:
            changed = changed_weight(
                self._base(weight),
                tensors,
                alpha=patch.alpha,
                on_input=patch.on_input,
                strength=strength,
            )
            weight.copy_(changed)
        if bias is not None:
            bias.copy_(changed_bias(self._base(bias), tensors, strength=strength))

    def _base(self, parameter: nn.Parameter) -> Tensor:
        """Return the untouched weight in float32, keeping a copy the first time."""
        if parameter not in self._pristine:
            self._pristine[parameter] = parameter.detach().clone()
        return self._pristine[parameter].float()


def _tensors(file: SafeFile, patch: Patch) -> Mapping[str, Tensor]:
    device = next(patch.module.parameters()).device
    return {role: file.tensor(key).to(device).float() for role, key in patch.tensors.items()}


def _weight_and_bias(patch: Patch) -> tuple[nn.Parameter | None, nn.Parameter | None]:
    """Return the parameters a patch changes; None for one that it leaves alone."""
    own = patch.module._parameters
    weight = own["weight"] if touches_weight(patch.roles) else None
    return weight, own["bias"] if touches_bias(patch.roles) else None


def _parameters(lora: LoraFile) -> list[nn.Parameter]:
    pairs = (_weight_and_bias(patch) for patch in lora.patches)
    return [parameter for pair in pairs for parameter in pair if parameter is not None]
