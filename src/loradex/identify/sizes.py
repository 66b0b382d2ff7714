"""Out and in features of a stored weight, whatever way it was packed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from loradex.domain.header import Header, Tensor
from loradex.identify.view import Size

_PACKED = ("U8", "I8", "F4")


def tensor_sizes(header: Header) -> tuple[Callable[[str], Size], bool]:
    """Return a function from tensor name to size, and whether some sizes are lost.

    Undone: 4-bit weights two in a byte (nvfp4 beside `weight_scale_2`, nunchaku's `qweight`).
    Flattened, and known only where a bias tells the out features: bitsandbytes' `[n, 1]` beside
    `absmax`, SDNQ's 1-d weights beside `scale`.
    """
    tensors = header.tensors
    packed = any(tensor.dtype in _PACKED for tensor in tensors.values())
    flat = packed and any(key.endswith(".absmax") for key in tensors)

    def size_of(name: str) -> Size:
        tensor = tensors[name]
        shape = tensor.shape
        if not shape:
            return None, None
        if len(shape) == 1:
            if tensor.dtype in _PACKED and name.endswith(".weight"):
                return _from_bias(name, 2 * shape[0], tensors)
            return shape[0], None
        out, width = shape[0], shape[1]
        if tensor.dtype in _PACKED:
            if flat and f"{name}.absmax" in tensors:
                return _from_bias(name, 2 * tensor.count, tensors)
            if name.endswith(".qweight") or f"{name}_scale_2" in tensors:
                return out, 2 * width
        return out, width

    lost = packed and any(
        len(tensor.shape) == 1 and tensor.dtype in _PACKED for tensor in tensors.values()
    )
    return size_of, flat or lost


def _from_bias(name: str, count: int, tensors: Mapping[str, Tensor]) -> Size:
    """Return the size of a flattened weight of `count` numbers, from its bias or its neighbour's.

    What reads for an attention is as wide as what the attention gives.
    """
    module = name.removesuffix(".weight")
    parent = module.rpartition(".")[0]
    for other in (f"{module}.bias", f"{parent}.to_out.0.bias", f"{parent}.to_add_out.bias"):
        bias = tensors.get(other)
        if bias is not None and bias.shape and bias.shape[0] > 0:
            out = bias.shape[0]
            return (out, count // out) if count % out == 0 else (None, None)
    return None, None
