"""The modules of a loaded checkpoint that a LoRA may change, by every name they go by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.render.lora.keys import flat
from loradex.render.naming import unet_ldm_name
from loradex.render.parts import Parts

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class Modules:
    """Part name (`unet`, `text_encoder`, `text_encoder_2`) to flattened path to module."""

    parts: Mapping[str, Mapping[str, nn.Module]]

    def find(self, part: str, path: str) -> nn.Module | None:
        """Return the module at the flattened `path` of `part`, None when there is none."""
        return self.parts.get(part, {}).get(path)


def modules_of(parts: Parts) -> Modules:
    """List the modules of `parts`; the U-Net's by their diffusers and their LDM names."""
    tables: dict[str, dict[str, nn.Module]] = {"unet": {}}
    attention = frozenset(
        int(path.split(".")[1])
        for path, _ in _weighted(parts.unet)
        if path.startswith("up_blocks.") and ".attentions." in path
    )
    for path, module in _weighted(parts.unet):
        ldm = unet_ldm_name(path, layers=parts.layers, attention_levels=attention)
        tables["unet"][flat(path)] = module
        tables["unet"].setdefault(flat(ldm), module)
    for number, text in enumerate(parts.texts):
        name = "text_encoder" if number == 0 else f"text_encoder_{number + 1}"
        tables[name] = {flat(path): module for path, module in _weighted(text.model)}
    return Modules(tables)


def _weighted(root: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    for path, module in root.named_modules():
        if "weight" in module._parameters:
            yield path, module
