"""The transformer in a single file: which one it is, and its weights by diffusers' names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from loradex.errors import NotRenderable
from loradex.render.bases.origins import ORIGINS, Origin, Originator, same_origin
from loradex.render.bases.weights import Weights
from loradex.render.build import Kind

if TYPE_CHECKING:
    from torch import Tensor

PREFIXES = ("model.diffusion_model.", "diffusion_model.", "transformer.", "")

_SIGNS: tuple[tuple[str, Kind, bool], ...] = (
    # (a weight that only this has, what it is, whether names are the authors')
    ("distilled_guidance_layer.layers.0.in_layer.weight", "chroma", True),
    ("distilled_guidance_layer.layers.0.linear_1.weight", "chroma", False),
    ("double_stream_modulation_img.lin.weight", "flux2", True),
    ("double_stream_modulation_img.linear.weight", "flux2", False),
    ("double_blocks.0.img_attn.qkv.weight", "flux", True),
    ("single_transformer_blocks.0.proj_mlp.weight", "flux", False),
    ("joint_blocks.0.x_block.attn.qkv.weight", "sd3", True),
    ("transformer_blocks.0.img_mod.1.weight", "qwen", False),
    ("pos_embed.pos_embed", "sd3", False),
    ("layers.0.attention.qkv.weight", "z-image", True),
    ("layers.0.attention.to_q.weight", "z-image", False),
)
_ALWAYS: Mapping[Kind, tuple[str, ...]] = {
    # ControlNets have the first blocks alone, and relatives another embedding of text.
    "flux": ("proj_out.weight", "time_text_embed.text_embedder.linear_1.weight"),
    "sd3": ("proj_out.weight",),
    "qwen": ("proj_out.weight",),
}
_FLUX_USES = {384: "inpainting", 128: "following a picture", 196: "removing objects"}
_MOST_WEIGHTS = 1 << 16


class TransformerFile:
    """A transformer inside a file, by diffusers' names."""

    def __init__(self, file: Weights, prefix: str, kind: Kind, origin: Originator) -> None:
        self._file = file
        self._prefix = prefix
        self._origin = origin
        self.kind = kind
        self.name = file.path.name
        self.names = frozenset(
            name.removeprefix(prefix) for name in file.names if name.startswith(prefix)
        )
        """As they stand in the file, without the prefix."""
        self._inner = self._width()
        self._last_block = self.count(r"joint_blocks\.(\d+)\.") - 1

    def has(self, name: str) -> bool:
        """Tell whether the weight with this diffusers name is in the file."""
        return self._stored(name) is not None

    def shape(self, name: str) -> tuple[int, ...]:
        """Return a weight's shape; raise `NotRenderable` when it is not there."""
        origin = self._stored(name)
        if origin is None:
            raise NotRenderable(f"{self.name} lacks the weight {name}.")
        shape = self._file.shape(self._prefix + origin.name)
        if origin.rows is None:
            return shape
        first, last = origin.rows
        return ((shape[0] if last is None else last) - first, *shape[1:])

    def tensor(self, name: str) -> Tensor | None:
        """Return a weight, None when it is not there."""
        import torch  # noqa: PLC0415 - heavy

        origin = self._stored(name)
        if origin is None:
            return None
        tensor = self._file.tensor(self._prefix + origin.name)
        if origin.rows is not None:
            tensor = tensor[slice(*origin.rows)]
        if origin.swapped:
            tensor = torch.cat(tensor.chunk(2)[::-1])
        return tensor

    def count(self, pattern: str) -> int:
        """Return one more than the highest number that `pattern` finds in the file's names."""
        numbers = (re.match(pattern, name) for name in self.names)
        return max((int(found.group(1)) + 1 for found in numbers if found), default=0)

    def _stored(self, name: str) -> Origin | None:
        origin = self._origin(name, self._inner)
        if name.startswith(f"transformer_blocks.{self._last_block}.norm1_context."):
            origin = Origin(origin.name, origin.rows, swapped=True)
        if origin.name in self.names:
            return origin
        # Some writers call the scale of a norm its weight.
        other = origin.name.removesuffix(".scale") + ".weight"
        return Origin(other) if origin.name.endswith(".scale") and other in self.names else None

    def _width(self) -> int:
        for name in ("img_in.weight", "x_embedder.proj.weight", "cap_embedder.1.weight"):
            if name in self.names:
                return self._file.shape(self._prefix + name)[0]
        return 0


def find_transformer(file: Weights) -> TransformerFile | None:
    """Return the transformer in `file`, None when it holds none that is known.

    Raises `NotRenderable` for a known architecture made for something other than text to image.
    """
    if len(file.names) > _MOST_WEIGHTS:
        raise NotRenderable(f"{file.path.name} holds {len(file.names)} tensors.")
    for prefix in PREFIXES:
        for sign, kind, native in _SIGNS:
            if prefix + sign in file.names:
                found = TransformerFile(
                    file, prefix, kind, ORIGINS[kind] if native else same_origin
                )
                if all(found.has(name) for name in _ALWAYS.get(kind, ())):
                    _refuse_other_uses(found)
                    return found
    return None


def _refuse_other_uses(found: TransformerFile) -> None:
    if found.kind == "flux" and (width := found.shape("x_embedder.weight")[1]) != 64:
        use = _FLUX_USES.get(width, "something other than text")
        raise NotRenderable(
            f"{found.name} is made for {use}, not for drawing from text.",
            hint="Choose a text-to-image checkpoint.",
        )
    if found.kind == "flux2" and found.has("time_guidance_embed.guidance_embedder.linear_1.weight"):
        raise NotRenderable(
            f"{found.name} is FLUX.2 dev, which is not drawn from.", hint="FLUX.2 klein is."
        )
    if found.kind == "z-image" and "x_pad_token" not in found.names:
        raise NotRenderable(f"{found.name} is a Lumina 2, which is not drawn from.")
