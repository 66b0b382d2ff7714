"""Out and in features of a stored weight, whatever way it was packed."""

from __future__ import annotations

from collections.abc import Callable

from loradex.domain.header import Header
from loradex.identify.view import Size

_ORIGINAL_SHAPE = "comfy.gguf.orig_shape."


def tensor_sizes(header: Header) -> tuple[Callable[[str], Size], bool]:
    """Return a function from tensor name to size, and whether some sizes are lost.

    Undone: 4-bit weights two in a byte (nvfp4 beside `weight_scale_2`, nunchaku's `qweight`),
    GGUF tensors that were reshaped and keep their true shape in the metadata. Lost: bitsandbytes'
    flat `[n, 1]` weights beside `absmax`.
    """
    tensors, metadata = header.tensors, header.metadata
    flat = any(key.endswith(".absmax") for key in tensors)
    reshaped = any(key.startswith(_ORIGINAL_SHAPE) for key in metadata)

    def size_of(name: str) -> Size:
        tensor = tensors[name]
        shape = tensor.shape
        if reshaped and (kept := _numbers(metadata.get(_ORIGINAL_SHAPE + name, ""))):
            shape = kept
        if not shape:
            return None, None
        if len(shape) == 1:
            return shape[0], None
        out, width = shape[0], shape[1]
        if tensor.dtype in ("U8", "I8", "F4"):
            if flat and f"{name}.absmax" in tensors:
                return None, None
            if name.endswith(".qweight") or f"{name}_scale_2" in tensors:
                return out, 2 * width
        return out, width

    return size_of, flat


def _numbers(text: str) -> tuple[int, ...]:
    words = text.strip("[]() ").replace(",", " ").split()
    return tuple(int(word) for word in words if word.isdigit() and len(word) < 12)
