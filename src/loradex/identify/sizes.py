"""Out and in features of a stored weight, whatever way it was packed."""

from __future__ import annotations

from collections.abc import Callable

from loradex.domain.header import Header
from loradex.identify.view import Size


def tensor_sizes(header: Header) -> tuple[Callable[[str], Size], bool]:
    """Return a function from tensor name to size, and whether some sizes are lost.

    Undone: 4-bit weights two in a byte (nvfp4 beside `weight_scale_2`, nunchaku's `qweight`).
    Lost: bitsandbytes' flat `[n, 1]` weights beside `absmax`.
    """
    tensors = header.tensors
    flat = any(key.endswith(".absmax") for key in tensors)

    def size_of(name: str) -> Size:
        tensor = tensors[name]
        shape = tensor.shape
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
