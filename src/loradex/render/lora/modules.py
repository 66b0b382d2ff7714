"""The modules of a loaded checkpoint that a LoRA may change, by every name they go by."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loradex.render.lora.keys import Place, flat
from loradex.render.lora.originals import HALVES_SWAPPED, ORIGINAL_NAMES, Table
from loradex.render.naming import unet_ldm_name

if TYPE_CHECKING:
    from torch import nn

_NUMBER = re.compile(r"\.(\d+)(?=\.|$)")


@dataclass(frozen=True, slots=True)
class Piece:
    """Rows of a LoRA's matrix, and the rows of a module that they change.

    `count` rows from `source` on (counted in the LoRA's matrix, which may be of several modules
    fused) belong to the rows of `module` from `target` on.
    """

    path: str
    module: nn.Module
    source: int
    target: int
    count: int


@dataclass(frozen=True, slots=True)
class Modules:
    """Part name (diffusers' folder name) to flattened path to the pieces that it names."""

    parts: Mapping[str, Mapping[str, tuple[Piece, ...]]]

    def find(self, place: Place, path: str) -> tuple[str, tuple[Piece, ...]] | None:
        """Return the part and the pieces that `path` (flattened) of `place` names, else None."""
        for part in self._candidates(place):
            pieces = self.parts[part].get(path)
            if pieces is not None:
                return part, pieces
        return None

    def _candidates(self, place: Place) -> Iterator[str]:
        """Yield the parts that a root may mean: trainers number text encoders differently."""
        texts = [name for name in self.parts if name.startswith("text_encoder")]
        t5 = [
            name for name in texts if "encoder_block_0_layer_0_SelfAttention_q" in self.parts[name]
        ]
        clips = [name for name in texts if name not in t5]
        if place == "denoiser":
            yield from (name for name in self.parts if name not in texts)
        elif place == "t5":
            yield from t5
        elif place == "clip_l":
            yield from clips[:1]
        elif place == "clip_g":
            yield from clips[1:]
        else:
            yield from (name for name in texts if name == place)
            if place == "text_encoder_3":
                # kohya's scripts call T5 the third everywhere, diffusers' FLUX.1 the second.
                yield from (name for name in t5 if name != place)


def modules_from(networks: Mapping[str, nn.Module]) -> Modules:
    """List the modules of `networks`: diffusers' folder name (`unet`, `transformer`,
    `text_encoder`, `text_encoder_2`, `text_encoder_3`) to the loaded network.

    Each module goes by its diffusers name and by the one of the family's original code.
    """
    return Modules({name: _table(network) for name, network in networks.items()})


def weight_shape(module: nn.Module) -> tuple[int, ...]:
    """Return the shape of a module's weight, also when it is stored packed (quantised)."""
    from torch import nn  # noqa: PLC0415 - heavy

    if isinstance(module, nn.Linear):
        return (module.out_features, module.in_features)
    weight = module._parameters["weight"]
    assert weight is not None  # noqa: S101 - only modules with a weight are listed
    return tuple(weight.shape)


def _table(network: nn.Module) -> dict[str, tuple[Piece, ...]]:
    own = {
        path: module
        for path, module in network.named_modules()
        if module._parameters.get("weight") is not None
    }
    table: dict[str, tuple[Piece, ...]] = {
        flat(path): (_whole(path, module),) for path, module in own.items()
    }
    if type(network).__name__ == "UNet2DConditionModel":
        for path, name in _ldm_names(own):
            table.setdefault(flat(name), (_whole(path, own[path]),))
    for name, pieces in _original(own, ORIGINAL_NAMES.get(type(network).__name__, {})):
        table.setdefault(flat(name), pieces)
    return table


def _whole(path: str, module: nn.Module) -> Piece:
    return Piece(path, module, 0, 0, weight_shape(module)[0])


def _ldm_names(own: Mapping[str, nn.Module]) -> Iterator[tuple[str, str]]:
    """Yield each module's path and its name in the LDM layout, which counts resnets through."""
    numbers = [int(path.split(".")[3]) for path in own if path.startswith("down_blocks.0.resnets.")]
    attention = frozenset(
        int(path.split(".")[1])
        for path in own
        if path.startswith("up_blocks.") and ".attentions." in path
    )
    for path in own:
        yield path, unet_ldm_name(path, layers=max(numbers) + 1, attention_levels=attention)


def _original(
    own: Mapping[str, nn.Module], table: Table
) -> Iterator[tuple[str, tuple[Piece, ...]]]:
    """Yield every name of the original code for which all of its modules are there."""
    blocks = {int(number) for path in own for number in _NUMBER.findall(path)[:1]}
    for template, ours in table.items():
        for number in sorted(blocks) if "{}" in template else (0,):
            paths = [one.format(number) for one in ours]
            if all(path in own for path in paths):
                yield template.format(number), _rows(paths, own)


def _rows(paths: list[str], own: Mapping[str, nn.Module]) -> tuple[Piece, ...]:
    """Return the pieces of modules whose rows follow one another."""
    if len(paths) == 1:
        path, module = paths[0], own[paths[0]]
        shape = weight_shape(module)
        half = shape[0] // 2
        if path.endswith(tuple(HALVES_SWAPPED)) and half == shape[1]:
            return (Piece(path, module, 0, half, half), Piece(path, module, half, 0, half))
    pieces: list[Piece] = []
    start = 0
    for path in paths:
        count = weight_shape(own[path])[0]
        pieces.append(Piece(path, own[path], start, 0, count))
        start += count
    return tuple(pieces)
