"""What PEFT and diffusers write beside the tensors of an adapter, as far as it changes them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class AdapterConfig:
    """The table of one file; empty when there is none, or none that can be read.

    Newer diffusers keeps it in the header, with keys under the part (`unet.lora_alpha`); PEFT in
    an `adapter_config.json` beside the weights.
    """

    table: Mapping[str, object]

    def alpha(self, module: str, *, rank: int) -> float | None:
        """Return the alpha of `module`, with rank-stabilised scaling folded in; None without."""
        root, _, inner = module.partition(".")
        alpha = self._get(root, "lora_alpha")
        pattern = self._get(root, "alpha_pattern")
        if isinstance(pattern, dict):
            alpha = pattern.get(inner, alpha)
        if isinstance(alpha, bool) or not isinstance(alpha, int | float):
            return None
        if not math.isfinite(alpha):
            return None
        return float(alpha) * rank**0.5 if self._get(root, "use_rslora") else float(alpha)

    def exact_turns(self, module: str) -> bool:
        """Tell whether OFT was trained with the exact turn and not with PEFT's series."""
        return self._get(module.partition(".")[0], "use_cayley_neumann") is False

    def _get(self, root: str, name: str) -> object:
        return self.table.get(f"{root}.{name}", self.table.get(name))


def read_adapter(path: Path, metadata: Mapping[str, str]) -> AdapterConfig:
    """Return the configuration of the adapter in `path`, from its header or its neighbour."""
    text = metadata.get("lora_adapter_metadata")
    if text is None and path.name == "adapter_model.safetensors":
        text = _neighbour(path.with_name("adapter_config.json"))
    try:
        table = json.loads(text or "{}")
    except (ValueError, RecursionError):
        table = {}
    return AdapterConfig(table if isinstance(table, dict) else {})


def _neighbour(path: Path) -> str | None:
    try:
        if path.stat().st_size > _LARGEST:
            return None
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return None
