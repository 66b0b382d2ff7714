"""Read a GGUF file: quantised blocks become float32, one tensor at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from loradex.errors import ExtraMissing, NotRenderable

if TYPE_CHECKING:
    from gguf import GGUFReader, ReaderTensor
    from torch import Tensor

_SHAPE_KEY = "comfy.gguf.orig_shape."
_BROKEN = (ValueError, IndexError, KeyError, TypeError, OSError, OverflowError, MemoryError)
"""What the gguf package raises on a file that is not what it says."""


@contextmanager
def open_gguf(path: Path) -> Iterator[GgufFile]:
    """Open a GGUF file; raise `ExtraMissing` without the package, `NotRenderable` when broken."""
    if find_spec("gguf") is None:
        raise ExtraMissing(
            f"{path.name} is a GGUF file, and the package that reads those is not installed.",
            hint="Install the extra: pip install 'loradex[gguf]'",
        )
    from gguf import GGUFReader  # noqa: PLC0415 - optional

    try:
        reader = GGUFReader(path)
    except _BROKEN as error:
        raise NotRenderable(f"{path.name} is not a sound GGUF file: {error}.") from error
    yield GgufFile(reader, path)


class GgufFile:
    """An open GGUF file."""

    def __init__(self, reader: GGUFReader, path: Path) -> None:
        self._tensors: Mapping[str, ReaderTensor] = {one.name: one for one in reader.tensors}
        self._shapes = {name: self._shape_of(reader, one) for name, one in self._tensors.items()}
        self.path = path
        self.names = frozenset(self._tensors)
        self.metadata: Mapping[str, str] = {}

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the outermost-first shape, as it was before ComfyUI's converter flattened it."""
        return self._shapes[name]

    def tensor(self, name: str) -> Tensor:
        """Return the tensor as float32, or as stored where that is a plain format."""
        import torch  # noqa: PLC0415 - heavy
        from gguf import GGMLQuantizationType  # noqa: PLC0415 - optional
        from gguf.quants import dequantize  # noqa: PLC0415 - optional

        stored = self._tensors[name]
        try:
            if stored.tensor_type == GGMLQuantizationType.BF16:
                numbers = torch.from_numpy(stored.data.copy()).view(torch.bfloat16)
            else:
                numbers = torch.from_numpy(dequantize(stored.data, stored.tensor_type).copy())
            return numbers.reshape(self._shapes[name])
        except (*_BROKEN, NotImplementedError, RuntimeError) as error:
            raise NotRenderable(
                f"{self.path.name} holds {name} in a format that is not read: "
                f"{stored.tensor_type.name}."
            ) from error

    @staticmethod
    def _shape_of(reader: GGUFReader, tensor: ReaderTensor) -> tuple[int, ...]:
        # Innermost first in the file. A converter notes shapes that the format cannot hold.
        shape = tuple(int(side) for side in reversed(tensor.shape.tolist()))
        noted = reader.get_field(_SHAPE_KEY + tensor.name)
        if noted is None:
            return shape
        original = tuple(int(noted.parts[part][0]) for part in noted.data)
        count = 1
        for side in original:
            count *= side
        return original if count == int(tensor.n_elements) else shape
