"""Open a LoRA file and find, for each of its modules, the weight it changes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import LoraMismatch
from loradex.render.lora.algorithms import (
    changed_bias,
    changed_weight,
    touches_bias,
    touches_weight,
)
from loradex.render.lora.family import seems_made_for
from loradex.render.lora.keys import locate, refused_algorithm, split_key
from loradex.render.lora.modules import Modules
from loradex.render.safefile import SafeFile, open_safe

if TYPE_CHECKING:
    from torch import nn

_EMBEDDING = "bundle_emb."
"""OneTrainer and kohya pack trained words beside the weights under this name."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What a LoRA file holds for one module: role to tensor name, and its numbers."""

    part: str
    module: nn.Module
    tensors: Mapping[str, str]
    alpha: float | None
    on_input: bool

    @property
    def roles(self) -> frozenset[str]:
        """The roles of its tensors."""
        return frozenset(self.tensors)


@dataclass(frozen=True, slots=True)
class LoraFile:
    """A LoRA file every tensor of which fits the checkpoint."""

    path: Path
    patches: tuple[Patch, ...]
    notes: tuple[str, ...] = ()
    """What it holds besides weights and is not used, a sentence each."""

    @property
    def touches_text(self) -> bool:
        """True when it changes a text encoder, so that prompts must be encoded anew."""
        return any(patch.part != "unet" for patch in self.patches)


def match_lora(path: Path, modules: Modules, *, name: str, base: str | None) -> LoraFile:
    """Return the LoRA in `path`, matched against a checkpoint's `modules`.

    `name` and `base` (what it was identified as, if known) are for messages. Only the header and
    single numbers are read. Raises `LoraMismatch` when any tensor has no place, has the wrong
    shape, or belongs to an algorithm that cannot be merged: a LoRA that acts only in part would
    give a picture of something else.
    """
    with open_safe(path) as file:
        refused = refused_algorithm(file.names)
        if refused:
            raise LoraMismatch(f"{name} is {refused}, which cannot be merged into a checkpoint.")
        embeddings = {key for key in file.names if key.startswith(_EMBEDDING)}
        groups, strangers = _groups(file.names - embeddings)
        halves = sum(("down" in roles) != ("up" in roles) for roles in groups.values())
        if halves:
            raise LoraMismatch(
                f"{name} is broken: {halves} of its {len(groups)} modules lack half their tensors.",
                hint="Get the file again; the copy was probably cut off.",
            )
        patches: list[Patch] = []
        for module_name, tensors in groups.items():
            part, place = locate(module_name)
            module = modules.find(part, place)
            patch = None if module is None else _patch(file, part, module, module_name, tensors)
            if patch is None:
                strangers.append(module_name)
            else:
                patches.append(patch)
        if strangers or not patches:
            raise _mismatch(file, name, base, fitting=len(patches), strangers=strangers)
    tokens = sorted({key.split(".")[1] for key in embeddings})
    notes = tuple(f"The embedding {token} inside {name} is not used." for token in tokens)
    return LoraFile(path, tuple(patches), notes)


def _groups(names: Iterable[str]) -> tuple[dict[str, dict[str, str]], list[str]]:
    """Return module name to role to tensor name, and the names that no dialect has."""
    groups: dict[str, dict[str, str]] = {}
    strangers: list[str] = []
    for key in sorted(names):
        split = split_key(key)
        if split is None:
            strangers.append(key)
        else:
            groups.setdefault(split[0], {})[split[1]] = key
    return groups, strangers


def _patch(
    file: SafeFile, part: str, module: nn.Module, name: str, tensors: dict[str, str]
) -> Patch | None:
    """Return the patch for one module, None when its shapes do not fit."""
    alpha = float(file.tensor(tensors["alpha"])) if "alpha" in tensors else None
    if alpha is None and "down" in tensors:
        alpha = _adapter_alpha(file, name, rank=file.shape(tensors["down"])[0])
    on_input = bool(file.tensor(tensors["on_input"])) if "on_input" in tensors else False
    kept = {role: key for role, key in tensors.items() if role != "alpha"}
    patch = Patch(part, module, kept, alpha, on_input)
    return patch if _fits(file, patch) else None


def _fits(file: SafeFile, patch: Patch) -> bool:
    """Tell whether the shapes fit, by doing the arithmetic without numbers (meta tensors)."""
    import torch  # noqa: PLC0415 - heavy

    made = {
        role: torch.empty(file.shape(key), device="meta") for role, key in patch.tensors.items()
    }
    weight, bias = patch.module._parameters["weight"], patch.module._parameters.get("bias")
    try:
        if touches_bias(patch.roles):
            if bias is None:
                return False
            changed = changed_bias(bias.to("meta"), made, strength=1.0)
            if changed.shape != bias.shape:
                return False
        if touches_weight(patch.roles):
            assert weight is not None  # noqa: S101 - only modules with a weight are listed
            blank = torch.empty(weight.shape, device="meta")
            changed = changed_weight(
                blank, made, alpha=patch.alpha, on_input=patch.on_input, strength=1.0
            )
            return changed.shape == weight.shape
    except (RuntimeError, IndexError, KeyError):
        return False
    return True


def _adapter_alpha(file: SafeFile, module: str, *, rank: int) -> float | None:
    """Return the alpha that newer diffusers keeps in the header's `lora_adapter_metadata`."""
    try:
        table = json.loads(file.metadata.get("lora_adapter_metadata", "{}"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(table, dict):
        return None
    root, _, inner = module.partition(".")
    alpha = table.get(f"{root}.lora_alpha", table.get("lora_alpha"))
    pattern = table.get(f"{root}.alpha_pattern", table.get("alpha_pattern"))
    if isinstance(pattern, dict):
        alpha = pattern.get(inner, alpha)
    if not isinstance(alpha, int | float):
        return None
    rooted = table.get(f"{root}.use_rslora", table.get("use_rslora"))
    return float(alpha) * rank**0.5 if rooted else float(alpha)


def _mismatch(
    file: SafeFile, name: str, base: str | None, *, fitting: int, strangers: list[str]
) -> LoraMismatch:
    total = fitting + len(strangers)
    made_for = base or seems_made_for(file)
    share = (
        f"{fitting} of its {total} modules fit" if fitting else f"none of its {total} modules fit"
    )
    if not total:
        return LoraMismatch(f"{name} holds nothing that could change a checkpoint.")
    example = min(strangers, key=len)
    return LoraMismatch(
        f"{name} does not fit this checkpoint: {share} (for example {example[:120]} does not).",
        hint=f"It seems to be made for {made_for}; choose a checkpoint of that family."
        if made_for
        else "Choose the checkpoint family it was trained on.",
    )
