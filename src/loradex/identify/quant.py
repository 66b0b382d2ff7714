"""Which dtype the weights have and how they were quantised."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping

from loradex.domain.header import FileFormat, Tensor
from loradex.domain.identity import Reason

# Bits a weight takes, scales included. GGML: block layouts of ggml-common.h.
_BITS: dict[str, float] = {
    "F64": 64, "I64": 64, "U64": 64, "C64": 64,
    "F32": 32, "I32": 32, "U32": 32,
    "F16": 16, "BF16": 16, "I16": 16, "U16": 16,
    "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "I8": 8, "U8": 8, "BOOL": 8,
    "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
    "Q4_0": 4.5, "Q4_1": 5, "Q5_0": 5.5, "Q5_1": 6, "Q8_0": 8.5, "Q8_1": 9,
    "Q2_K": 2.625, "Q3_K": 3.4375, "Q4_K": 4.5, "Q5_K": 5.5, "Q6_K": 6.5625, "Q8_K": 9.125,
    "IQ1_S": 1.5625, "IQ1_M": 1.75, "IQ2_XXS": 2.0625, "IQ2_XS": 2.3125, "IQ2_S": 2.5,
    "IQ3_XXS": 3.0625, "IQ3_S": 3.4375, "IQ4_NL": 4.5, "IQ4_XS": 4.25,
    "TQ1_0": 1.6875, "TQ2_0": 2.0625, "MXFP4": 4.25,
}  # fmt: skip
_PLAIN = frozenset({"F32", "F16", "BF16", "F64", "I8", "I16", "I32", "I64"})
_LARGE_SHARE = 0.25
_BLOCK_TYPES = ("Q", "IQ", "TQ", "MXFP4", "NVFP4")
_BLOCK_SHARE = 0.05
"""From here on a GGUF's quantised type names it, though what it left alone has more bytes."""


def weigh(tensors: Iterable[Tensor]) -> Counter[str]:
    """Return bytes by dtype."""
    shapes: Counter[tuple[str, tuple[int, ...]]] = Counter(
        [(tensor.dtype, tensor.shape) for tensor in tensors]
    )
    bytes_of: Counter[str] = Counter()
    for (dtype, shape), times in shapes.items():
        count = times
        for side in shape:
            count *= side
        bytes_of[dtype] += int(count * _BITS.get(dtype, 8)) // 8
    return bytes_of


def main_dtype(tensors: Iterable[Tensor]) -> tuple[str | None, Reason | None]:
    """Return the dtype that holds most bytes and why; None for no tensors.

    Of a file with block types (GGUF), that of the quantised weights.
    """
    bytes_of = weigh(tensors)
    if not bytes_of:
        return None, None
    total = max(bytes_of.total(), 1)
    blocks = Counter({name: n for name, n in bytes_of.items() if name.startswith(_BLOCK_TYPES)})
    quantised = blocks.total() > _BLOCK_SHARE * total
    name, most = (blocks if quantised else bytes_of).most_common(1)[0]
    text = f"{name} holds {100 * most // total} % of the bytes"
    others = [(other, n) for other, n in bytes_of.most_common(2) if other != name]
    if others and others[0][1] > _LARGE_SHARE * total:
        text += f", {others[0][0]} {100 * others[0][1] // total} %"
    return name, Reason("dtype", text)


def quantisation(
    keys: Iterable[str],
    tensors: Mapping[str, Tensor],
    metadata: Mapping[str, str],
    form: FileFormat,
    dtype: str | None,
) -> tuple[str | None, Reason | None]:
    """Return the scheme's name and the key that shows it; None for plain weights."""
    if form is FileFormat.GGUF:
        if dtype is None or dtype in _PLAIN:
            return None, None
        return f"gguf-{dtype}", Reason("quantisation", f"most weights are {dtype} blocks")
    last = {key[key.rfind(".") + 1 :]: key for key in keys}
    name, key = _by_ending(last, tensors, metadata)
    return (name, Reason("quantisation", f"`{key[:120]}` shows {name}")) if name else (None, None)


# Last word of a key -> scheme, in the order that matters; None: look closer.
_ENDINGS: tuple[tuple[str, str | None], ...] = (
    ("absmax", "nf4"),
    ("qweight", None),
    ("weight_scale_2", "nvfp4"),
    ("weight_scale", None),
    ("scale_weight", "fp8_scaled"),
    ("scaled_fp8", "fp8_scaled"),
    ("_data", "quanto"),
    ("zero_point", "sdnq"),
)


def _by_ending(
    last: Mapping[str, str], tensors: Mapping[str, Tensor], metadata: Mapping[str, str]
) -> tuple[str | None, str]:
    named = next((word for word in last if word.startswith("bitsandbytes__")), None)
    if named is not None:
        return named.removeprefix("bitsandbytes__"), last[named]
    for word, scheme in _ENDINGS:
        if word in last:
            packed = _packed_name(last, metadata) if word == "qweight" else None
            return scheme or packed or _scaled_name(last[word], tensors), last[word]
    return None, ""


def _packed_name(last: Mapping[str, str], metadata: Mapping[str, str]) -> str:
    if "qzeros" in last and "wscales" not in last:
        return "awq"
    try:
        config = json.loads(metadata.get("quantization_config", "{}"))
        word = str(config["weight"]["dtype"])
    except (ValueError, KeyError, TypeError, RecursionError):
        word = ""
    return "svdq-fp4" if word.startswith("fp4") or "wcscales" in last else "svdq-int4"


def _scaled_name(key: str, tensors: Mapping[str, Tensor]) -> str:
    scale, weight = tensors.get(key), tensors.get(key.removesuffix("_scale"))
    if weight is not None and weight.dtype == "I8":
        return "int8"
    if scale is not None and scale.dtype in ("U8", "F8_E8M0") and len(scale.shape) == 2:
        return "mxfp8"
    return "fp8_scaled"
