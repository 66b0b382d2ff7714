"""Write the sample library's files: real headers over bodies that are mostly holes.

A body begins with its scalars (the alphas of a LoRA, which then make sense) and 4 KiB of numbers
made from the seed, so that no two contents have one digest; the rest is never written. On a file
system with holes the whole library takes a few megabytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from loradex.demo.sample_tensors import Shape

_DENSE = 4096
_BYTES = {"F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1}
_Q4_K, _F16 = 12, 1
_STORAGES = {"F32": "FloatStorage", "F16": "HalfStorage"}

Tensors = Iterable[tuple[str, Shape]]


def write_safetensors(
    path: Path,
    tensors: Tensors,
    dtype: str,
    seed: str,
    *,
    metadata: Mapping[str, str] | None = None,
    alpha: float = 1.0,
) -> None:
    """Write a safetensors file; every scalar gets the value `alpha`."""
    ordered = sorted(tensors, key=lambda tensor: (tensor[1] != (), tensor[0]))
    header: dict[str, object] = {} if metadata is None else {"__metadata__": dict(metadata)}
    scalars = end = 0
    for name, shape in ordered:
        begin, end = end, end + _BYTES[dtype] * _count(shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
        scalars += not shape
    raw = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    raw += b" " * (-len(raw) % 8)
    start = len(raw).to_bytes(8, "little") + raw + _scalar(alpha, dtype) * scalars
    _write(path, start, len(raw) + 8 + end, seed)


def write_gguf(path: Path, tensors: Tensors, seed: str, *, architecture: str) -> None:
    """Write a GGUF file, version 3: matrices as Q4_K, all else as F16."""
    table, end = b"", 0
    listed = list(tensors)
    for name, shape in listed:
        quantised = len(shape) == 2 and shape[1] % 256 == 0
        kind = _Q4_K if quantised else _F16
        size = _count(shape) // 256 * 144 if quantised else _count(shape) * 2
        dims = b"".join(struct.pack("<Q", side) for side in reversed(shape))
        table += _counted(name) + struct.pack("<I", len(shape)) + dims
        table += struct.pack("<IQ", kind, end)
        end += size + -size % 32
    text, number = 8, 4
    pairs = _counted("general.architecture") + struct.pack("<I", text) + _counted(architecture)
    pairs += _counted("general.file_type") + struct.pack("<II", number, 15)
    head = b"GGUF" + struct.pack("<IQQ", 3, len(listed), 2) + pairs + table
    head += bytes(-len(head) % 32)
    _write(path, head, len(head) + end, seed)


def write_torch_zip(
    path: Path,
    tensors: Tensors,
    dtype: str,
    seed: str,
    *,
    wrap: str,
    beside: Mapping[str, str | int] | None = None,
) -> None:
    """Write what `torch.save({wrap: tensors, **beside})` writes, without torch."""
    listed = list(tensors)
    inner = b"".join(
        _text(name) + _pickled_tensor(str(index), shape, dtype)
        for index, (name, shape) in enumerate(listed)
    )
    outer = _text(wrap) + b"}(" + inner + b"u"
    for name, value in (beside or {}).items():
        outer += _text(name) + (_text(value) if isinstance(value, str) else _int(value))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        # A ZipInfo without a date says 1980, so that the bytes are the same at every run.
        archive.writestr(zipfile.ZipInfo("archive/data.pkl"), b"\x80\x02}(" + outer + b"u.")
        for index, (_, shape) in enumerate(listed):
            body = bytes(_BYTES[dtype] * _count(shape))
            start = _numbers(seed)[: len(body)] if index == 0 else b""
            archive.writestr(zipfile.ZipInfo(f"archive/data/{index}"), start + body[len(start) :])
        archive.writestr(zipfile.ZipInfo("archive/version"), b"3\n")
    path.write_bytes(stream.getvalue())


def _write(path: Path, start: bytes, size: int, seed: str) -> None:
    with path.open("wb") as file:
        file.write(start)
        file.write(_numbers(seed)[: size - len(start)])
        file.truncate(size)


def _numbers(seed: str) -> bytes:
    """Bytes that mean small, finite numbers in every dtype used here: none exceeds 0x2F."""
    return bytes(byte & 0x2F for byte in hashlib.shake_256(seed.encode()).digest(_DENSE))


def _count(shape: Shape) -> int:
    total = 1
    for side in shape:
        total *= side
    return total


def _scalar(value: float, dtype: str) -> bytes:
    match dtype:
        case "F32":
            return struct.pack("<f", value)
        case "BF16":
            return struct.pack("<f", value)[2:]
    return struct.pack("<e", value)


def _counted(text: str) -> bytes:
    return struct.pack("<Q", len(text.encode())) + text.encode()


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text.encode())) + text.encode()


def _int(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def _pickled_tensor(key: str, shape: Shape, dtype: str) -> bytes:
    """The call of torch's tensor builder, in protocol 2: storage, offset, shape, strides, hooks."""
    strides = [_count(shape[index + 1 :]) for index in range(len(shape))]
    storage = b"ctorch\n" + _STORAGES[dtype].encode() + b"\n"
    identity = b"(" + _text("storage") + storage + _text(key) + _text("cpu")
    return (
        b"ctorch._utils\n_rebuild_tensor_v2\n("
        + identity + _int(_count(shape)) + b"tQ" + _int(0)
        + b"(" + b"".join(map(_int, shape)) + b"t"
        + b"(" + b"".join(map(_int, strides)) + b"t"
        + b"\x89ccollections\nOrderedDict\n)RtR"
    )  # fmt: skip
