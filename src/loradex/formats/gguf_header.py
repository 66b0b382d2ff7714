"""The header of a GGUF file, versions 2 and 3, little-endian.

Layout: `GGUF`, u32 version, u64 number of tensors, u64 number of key-value pairs, the pairs, a
description of each tensor, padding to `general.alignment`, the tensor bytes
(https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). Every count and length is compared
with what is left of the file before anything is read by it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from loradex.domain.header import FileFormat, Header, Tensor
from loradex.formats.cursor import Cursor, SpanEnded
from loradex.formats.limits import MAX_HEADER_BYTES, MAX_NAME, MAX_TENSORS
from loradex.formats.metadata_text import bounded
from loradex.formats.model_file import ModelFile, cut_short, damaged

# ggml type: (name, elements of a block, bytes of a block), from ggml's type traits.
GGML_TYPES: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22), 7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 40),
    10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110), 12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292), 16: ("IQ2_XXS", 256, 66),
    17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82),
    23: ("IQ4_XS", 256, 136), 24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4),
    27: ("I64", 1, 8), 28: ("F64", 1, 8), 29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2),
    34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66), 39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36),
}  # fmt: skip

# Value type: (struct code, bytes). 8 is a string and 9 an array.
_SCALARS: dict[int, tuple[str, int]] = {
    0: ("B", 1), 1: ("b", 1), 2: ("H", 2), 3: ("h", 2), 4: ("I", 4), 5: ("i", 4), 6: ("f", 4),
    7: ("?", 1), 10: ("Q", 8), 11: ("q", 8), 12: ("d", 8),
}  # fmt: skip
_STRING, _ARRAY = 8, 9

_MAX_KEYS = 20_000
_MOST_TENSORS = 500_000
_MAX_KEY_BYTES = 65_535
_MAX_DIMENSIONS = 8
_LONGEST_LIST = 64
"""Longer arrays (vocabularies) are passed over."""
_FEWEST_TENSOR_BYTES = 24
"""A tensor's description: name length 8, one dimension count 4, type 4, offset 8."""
_FEWEST_PAIR_BYTES = 13

_ORIGINAL_SHAPE = "comfy.gguf.orig_shape."


class _Broken(Exception):
    """What is wrong with the file, as the rest of a sentence about it."""


@dataclass(frozen=True, slots=True)
class _Described:
    """One tensor and its span of bytes in the body; the size is None for an unknown type."""

    name: str
    tensor: Tensor
    offset: int
    size: int | None


def read_gguf(file: ModelFile) -> Header:
    """Read and check the header: types as ggml names them, dimensions outermost first."""
    cursor = Cursor(file.read_at, 0, min(file.size, MAX_HEADER_BYTES))
    try:
        header, end = _read(cursor)
    except SpanEnded as error:
        if file.size > MAX_HEADER_BYTES:
            raise damaged(file.path, "has a header of more than 100 MB") from error
        raise damaged(file.path, "ends inside its header") from error
    except _Broken as error:
        raise damaged(file.path, str(error)) from error
    if end > file.size:
        raise cut_short(file.path, file.size, end)
    return header


def _read(cursor: Cursor) -> tuple[Header, int]:
    """Return the header and where the last tensor ends."""
    tensor_count, pair_count = _counts(cursor)
    notes: list[str] = []
    pairs = dict(_pairs(cursor, pair_count))
    alignment = pairs.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 1 or alignment % 8:
        raise _Broken(f"has an alignment of {str(alignment)[:40]}")
    described = [_describe(cursor) for _ in range(tensor_count)]
    start = cursor.position + -cursor.position % alignment
    end = start + _body(described, alignment)
    strange = sorted({d.tensor.dtype for d in described if d.size is None})
    if strange:
        notes.append(f"It uses types that are newer than this loradex: {', '.join(strange[:5])}.")
    if len(described) > MAX_TENSORS:
        notes.append(f"Only the first {MAX_TENSORS:,} of its {len(described):,} tensors are kept.")
    tensors = {d.name[:MAX_NAME]: _in_true_shape(d, pairs) for d in described[:MAX_TENSORS]}
    if len(tensors) < min(len(described), MAX_TENSORS):
        raise _Broken("lists a tensor twice")
    texts = ((key, _as_text(value)) for key, value in pairs.items() if value is not None)
    metadata = bounded(
        ((key, text) for key, text in texts if not key.startswith(_ORIGINAL_SHAPE)), notes
    )
    header = Header(
        FileFormat.GGUF, tensors, metadata, nbytes=start, tensor_offset=start, notes=tuple(notes)
    )
    return header, end


def _counts(cursor: Cursor) -> tuple[int, int]:
    magic, version = cursor.take(4), cursor.number(4)
    if magic == b"FUGG" or version & 0xFFFF == 0:
        raise _Broken("is a big-endian GGUF, which loradex does not read")
    if version not in {2, 3}:
        raise _Broken(f"has GGUF version {version}, and loradex reads 2 and 3")
    tensors, pairs = cursor.number(8), cursor.number(8)
    fewest = tensors * _FEWEST_TENSOR_BYTES + pairs * _FEWEST_PAIR_BYTES
    if fewest > cursor.left or pairs > _MAX_KEYS or tensors > _MOST_TENSORS:
        raise _Broken(f"claims {tensors:,} tensors and {pairs:,} keys, more than it can hold")
    return tensors, pairs


def _pairs(cursor: Cursor, count: int) -> Iterator[tuple[str, object]]:
    for _ in range(count):
        key = _string(cursor, _MAX_KEY_BYTES)
        yield key, _value(cursor, cursor.number(4))


def _string(cursor: Cursor, limit: int = MAX_HEADER_BYTES) -> str:
    length = cursor.number(8)
    if length > limit:
        raise _Broken(f"has a name of {length:,} bytes")
    return cursor.take(length).decode("utf-8", "backslashreplace")


def _value(cursor: Cursor, kind: int) -> object:
    """Return a value; None for an array too long to keep."""
    if kind in _SCALARS:
        code, size = _SCALARS[kind]
        value: object = struct.unpack(f"<{code}", cursor.take(size))[0]
        return value
    if kind == _STRING:
        return _string(cursor)
    if kind == _ARRAY:
        return _array(cursor)
    raise _Broken(f"has a metadata value of the unknown type {kind}")


def _array(cursor: Cursor) -> list[object] | None:
    kind, count = cursor.number(4), cursor.number(8)
    if kind not in _SCALARS and kind != _STRING:
        raise _Broken("has an array of arrays, or of an unknown type, in its metadata")
    smallest = _SCALARS[kind][1] if kind in _SCALARS else 8
    if count * smallest > cursor.left:
        raise _Broken(f"claims an array of {count:,} values, more than it can hold")
    if count <= _LONGEST_LIST:
        return [_value(cursor, kind) for _ in range(count)]
    if kind == _STRING:
        for _ in range(count):
            cursor.skip(cursor.number(8))
    else:
        cursor.skip(count * smallest)
    return None


def _describe(cursor: Cursor) -> _Described:
    name = _string(cursor, _MAX_KEY_BYTES)
    dimensions = cursor.number(4)
    if dimensions > _MAX_DIMENSIONS:
        raise _Broken(f"gives {name[:80]!r} {dimensions:,} dimensions")
    shape = tuple(cursor.number(8) for _ in range(dimensions))[::-1]
    kind, offset = cursor.number(4), cursor.number(8)
    known = GGML_TYPES.get(kind)
    if known is None:
        return _Described(name, Tensor(f"type{kind}", shape), offset, None)
    word, elements, size = known
    tensor = Tensor(word, shape)
    blocks, odd = divmod(tensor.count, elements)
    # A row always fills whole blocks; a tensor of another size was not written by ggml.
    if odd:
        raise _Broken(f"gives {name[:80]!r} a shape that its type {word} cannot have")
    return _Described(name, tensor, offset, blocks * size)


def _body(described: list[_Described], alignment: int) -> int:
    """Return where the last tensor ends, having seen that they are aligned and do not overlap."""
    end = 0
    for one in sorted(described, key=lambda d: (d.offset, d.size or 0)):
        if one.offset % alignment:
            raise _Broken(f"puts {one.name[:80]!r} at an odd place")
        if one.offset < end:
            raise _Broken("has tensors that overlap")
        end = one.offset + (one.size or 0)
    return end


def _in_true_shape(described: _Described, pairs: dict[str, object]) -> Tensor:
    """Undo the reshaping of ComfyUI's converter, which keeps the true shape in the metadata."""
    shape = pairs.get(_ORIGINAL_SHAPE + described.name)
    if not isinstance(shape, list) or not all(
        isinstance(side, int) and side >= 0 for side in shape
    ):
        return described.tensor
    true = Tensor(described.tensor.dtype, tuple(shape))
    return true if true.count == described.tensor.count else described.tensor


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
