"""Run plain LoRAs beside the weights, every sample of a batch with LoRAs and strengths of its own.

Each covered layer computes y = Wx, then y += s * (B(Ax)) for each LoRA of the sample. The
strength is multiplied in float32 after B and rounded once, as PEFT does it with one strength for
the whole batch: scaling earlier, or with a rounded strength, gives visibly other pictures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from loradex.errors import LoraMismatch
from loradex.render.lora.beside import Beside
from loradex.render.lora.file import LoraFile
from loradex.render.lora.patch import Patch
from loradex.render.lora.use import LoraAt

if TYPE_CHECKING:
    from torch import Tensor, nn
    from torch.utils.hooks import RemovableHandle


class PerSample:
    """LoRAs attached to the layers of a checkpoint until `remove`. Not for several threads.

    `parts` limits it to some parts (diffusers' folder names), for when text encoders are merged.
    Nothing acts before the first `set`.
    """

    def __init__(
        self,
        files: Sequence[LoraFile],
        parts: frozenset[str] | None = None,
        *,
        device: str | None = None,
    ) -> None:
        """Read the files' factors and attach them.

        `device` is where the layers compute, needed only when weights lie elsewhere meanwhile.
        Raises `LoraMismatch` for a file of which `can_run_unmerged` is false in these parts.
        """
        self._device = device
        self._files = {file: number for number, file in enumerate(dict.fromkeys(files))}
        self._rank = max((rank_class(file) for file in self._files), default=1)
        self._layers: dict[nn.Module, Beside] = {}
        self._patches: dict[nn.Module, dict[LoraFile, Patch]] = {}
        self._handles: list[RemovableHandle] = []
        for file in self._files:
            if not can_run_unmerged(file, parts):
                raise LoraMismatch(
                    f"{file.name} is not plain LoRA throughout, so it can only be merged."
                )
        covered: dict[nn.Module, dict[LoraFile, list[Patch]]] = {}
        for file in self._files:
            for patch in file.patches:
                if parts is None or patch.part in parts:
                    covered.setdefault(patch.module, {}).setdefault(file, []).append(patch)
        tensors = {file: file.tensors() for file in self._files}
        for module, by_file in covered.items():
            self._attach(module, by_file, tensors)

    def set(self, samples: Sequence[Sequence[LoraAt]]) -> None:
        """Choose what acts in the next forward passes: for each sample of the batch, its LoRAs.

        `samples` has the length of the batch as the network gets it (twice the pictures where
        guidance doubles it). Raises `LoraMismatch` for a file that was not attached.
        """
        for use in (use for sample in samples for use in sample):
            if use.file not in self._files:
                raise LoraMismatch(f"{use.file.name} was not loaded for this batch.")
        slots = max((len(sample) for sample in samples), default=0)
        rows = [[s[slot] if slot < len(s) else None for s in samples] for slot in range(slots)]
        files = [tuple(self._number(use) for use in row) for row in rows]
        shared: dict[tuple[object, ...], Tensor] = {}
        for module, layer in self._layers.items():
            patches = self._patches[module]
            layer.clear()
            for numbers, row in zip(files, rows, strict=True):
                factors = tuple(
                    use.at(patches[use.file]) * layer.scales[number]
                    if use is not None and use.file in patches
                    else 0.0
                    for number, use in zip(numbers, row, strict=True)
                )
                if any(factors):
                    layer.add(numbers, factors, shared)

    def remove(self) -> None:
        """Detach everything: the checkpoint is what it was before, bit for bit."""
        for handle in self._handles:
            handle.remove()
        self._handles.clear()
        self._layers.clear()
        self._patches.clear()

    def _number(self, use: LoraAt | None) -> int:
        return 0 if use is None else self._files[use.file]

    def _attach(
        self,
        module: nn.Module,
        by_file: Mapping[LoraFile, list[Patch]],
        tensors: Mapping[LoraFile, Mapping[str, Tensor]],
    ) -> None:
        factors = [
            _joined(module, by_file[file], tensors[file]) if file in by_file else None
            for file in self._files
        ]
        layer = Beside(module, factors, self._rank, self._device)
        self._layers[module] = layer
        self._patches[module] = {file: patches[0] for file, patches in by_file.items()}
        self._handles.append(module.register_forward_hook(layer))


def rank_class(file: LoraFile) -> int:
    """Return the rank that a file's factors are filled up to: a power of two.

    A cell is the same to the last bit in any company whose files have the same class.
    """
    return 1 << (max(file.rank, 4) - 1).bit_length()


def can_run_unmerged(file: LoraFile, parts: frozenset[str] | None = None) -> bool:
    """Tell whether all that `file` changes in `parts` (None: everywhere) can run unmerged."""
    return all(
        patch.can_run_unmerged for patch in file.patches if parts is None or patch.part in parts
    )


def _joined(
    module: nn.Module, patches: Sequence[Patch], tensors: Mapping[str, Tensor]
) -> tuple[Tensor, Tensor, float]:
    """Return the one down, up and scale that do what all `patches` do to `module`.

    Patches of one group share their down and put their rows where they belong; of several
    groups, the ranks follow one another.
    """
    import torch  # noqa: PLC0415 - heavy

    groups: dict[object, list[Patch]] = {}
    for patch in patches:
        groups.setdefault(patch.group, []).append(patch)
    downs: list[Tensor] = []
    ups: list[Tensor] = []
    first_scale: float | None = None
    for pieces in groups.values():
        down, up, scale = pieces[0].factors(tensors)
        if len(pieces) > 1 or len(up) != _rows(module):
            whole = up.new_zeros(_rows(module), *up.shape[1:])
            for patch in pieces:
                start = patch.piece.target
                whole[start : start + patch.piece.count] = patch.factors(tensors)[1]
            up = whole
        if first_scale is None:
            first_scale = scale
        elif scale != first_scale:
            up = up.float() * (scale / first_scale)
        downs.append(down)
        ups.append(up.flatten(1))
    assert first_scale is not None  # noqa: S101 - a module is listed for its patches
    if len(downs) == 1:
        return downs[0], ups[0], first_scale
    return torch.cat(downs), torch.cat([up.float() for up in ups], 1), first_scale


def _rows(module: nn.Module) -> int:
    from torch import nn  # noqa: PLC0415 - heavy

    if isinstance(module, nn.Linear):
        return module.out_features
    weight = module._parameters["weight"]
    assert weight is not None  # noqa: S101 - only modules with a weight are listed
    return weight.shape[0]
