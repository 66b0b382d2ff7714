"""Tensors of a model file as plain numbers, however they are stored.

Eight-bit files keep a scale beside each weight: ComfyUI's older ones as `X.scale_weight`, newer
ones and those of Black Forest Labs as `X.weight_scale`, sometimes with a description
`X.comfy_quant`. What a scale belongs to is multiplied when it is read, one tensor at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from loradex.errors import NotRenderable
from loradex.render.safefile import SafeFile, open_safe

if TYPE_CHECKING:
    from torch import Tensor

_SCALES = (".scale_weight", ".weight_scale")
_NOT_WEIGHTS = (*_SCALES, ".scale_input", ".input_scale", ".comfy_quant", "scaled_fp8")
_PLAIN_EIGHT_BIT = ("float8_e4m3fn", "float8_e5m2")
_OTHER_QUANTISED = (".absmax", ".qweight", ".qzeros", ".quant_map", ".weight_scale_2")
_LARGEST_NOTE = 4096


class Weights(Protocol):
    """A model file: names, shapes and tensors as numbers. `names` lists weights alone."""

    path: Path
    names: frozenset[str]
    metadata: Mapping[str, str]

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the outermost-first shape of a tensor that is there."""

    def tensor(self, name: str) -> Tensor:
        """Return a tensor that is there, in a floating-point format to calculate with."""


@contextmanager
def open_weights(path: Path) -> Iterator[Weights]:
    """Open a safetensors or GGUF file; raise `NotRenderable` when it is none or unusual."""
    if path.suffix.lower() == ".gguf":
        from loradex.render.bases.gguf_file import open_gguf  # noqa: PLC0415 - optional

        with open_gguf(path) as gguf:
            yield gguf
        return
    with open_safe(path) as file:
        yield ScaledFile(file)


class ScaledFile:
    """A safetensors file whose weights may be stored in eight bits with a scale."""

    def __init__(self, file: SafeFile) -> None:
        _refuse_other_formats(file)
        self._file = file
        self.path = file.path
        self.metadata = file.metadata
        self.names = frozenset(name for name in file.names if not name.endswith(_NOT_WEIGHTS))
        self._scales = {
            name.removesuffix(suffix): name
            for suffix in _SCALES
            for name in file.names
            if name.endswith(suffix)
        }

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape."""
        return self._file.shape(name)

    def tensor(self, name: str) -> Tensor:
        """Return the tensor, multiplied by its scale where it has one."""
        tensor = self._file.tensor(name)
        scale_name = self._scales.get(name.removesuffix(".weight"))
        if scale_name is None or not name.endswith(".weight") or tensor.element_size() != 1:
            return tensor
        scale = self._file.tensor(scale_name).float()
        if scale.numel() != 1:
            if scale.numel() != tensor.shape[0]:
                raise NotRenderable(
                    f"{self.path.name} scales {name} in blocks, which is not read.",
                    hint="Use the float16 or bfloat16 version of this checkpoint.",
                )
            scale = scale.reshape(-1, *[1] * (tensor.dim() - 1))
        return tensor.float() * scale


def _refuse_other_formats(file: SafeFile) -> None:
    """Refuse what is stored in fewer bits than a scale alone can give back."""
    hint = "Use the float16, bfloat16 or fp8 version of this checkpoint."
    if any(name.endswith(_OTHER_QUANTISED) for name in file.names):
        raise NotRenderable(
            f"{file.path.name} holds quantised weights, which are not drawn from.", hint=hint
        )
    for name in file.names:
        if (
            name.endswith(".comfy_quant")
            and (kind := _described(file, name)) not in _PLAIN_EIGHT_BIT
        ):
            raise NotRenderable(
                f"{file.path.name} holds weights in the format {kind}, which is not drawn from.",
                hint=hint,
            )


def _described(file: SafeFile, name: str) -> str:
    """Return the format that a small JSON note in a tensor of bytes tells."""
    if len(file.shape(name)) != 1 or file.shape(name)[0] > _LARGEST_NOTE:
        return "unknown"
    try:
        note = json.loads(bytes(file.tensor(name).tolist()))
    except (ValueError, TypeError, RecursionError):
        return "unknown"
    return str(note.get("format", "unknown"))[:40] if isinstance(note, dict) else "unknown"
