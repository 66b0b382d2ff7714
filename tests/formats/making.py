"""Model files for tests, written byte by byte so that they can be wrong in any way."""

from __future__ import annotations

import json
import pickle
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BITS = {"F32": 32, "F16": 16, "BF16": 16, "I64": 64, "U8": 8, "F8_E4M3": 8, "F4": 4, "F6_E2M3": 6}


def table(tensors: Mapping[str, tuple[str, list[int]]]) -> dict[str, Any]:
    """A safetensors header's entries, offsets in order."""
    entries: dict[str, Any] = {}
    at = 0
    for name, (dtype, shape) in tensors.items():
        count = 1
        for side in shape:
            count *= side
        end = at + BITS[dtype] * count // 8
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, end]}
        at = end
    return entries


def body_size(entries: Mapping[str, Any]) -> int:
    return max((e["data_offsets"][1] for k, e in entries.items() if k != "__metadata__"), default=0)


def safetensors(header: Any, body: int | None = None, *, length: int | None = None) -> bytes:
    """A file from a header as JSON text, bytes or object; `length` overrides the true length."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    size = body_size(header) if body is None else body
    return struct.pack("<Q", len(raw) if length is None else length) + raw + bytes(size)


LORA = {
    "lora_unet_a.alpha": ("F16", []),
    "lora_unet_a.lora_down.weight": ("F16", [4, 32]),
    "lora_unet_a.lora_up.weight": ("F16", [32, 4]),
}


def small_lora(metadata: Mapping[str, str] | None = None) -> bytes:
    head = {} if metadata is None else {"__metadata__": dict(metadata)}
    return safetensors({**head, **table(LORA)})


# GGUF


def gguf_string(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(raw)) + raw


def gguf_pair(key: str, kind: int, value: bytes) -> bytes:
    return gguf_string(key) + struct.pack("<I", kind) + value


def gguf_tensor(name: str, dims: list[int], kind: int, offset: int) -> bytes:
    sizes = b"".join(struct.pack("<Q", side) for side in dims)
    return (
        gguf_string(name) + struct.pack("<I", len(dims)) + sizes + struct.pack("<IQ", kind, offset)
    )


def gguf(
    pairs: list[bytes],
    tensors: list[bytes],
    body: int,
    *,
    version: int = 3,
    counts: tuple[int, int] | None = None,
) -> bytes:
    tensor_count, pair_count = counts or (len(tensors), len(pairs))
    head = b"GGUF" + struct.pack("<IQQ", version, tensor_count, pair_count)
    head += b"".join(pairs) + b"".join(tensors)
    return head + bytes(-len(head) % 32) + bytes(body)


# Pickles


class Tensor:
    """Pickles like a torch tensor, without torch."""

    def __init__(self, storage: str, shape: tuple[int, ...], key: str = "0") -> None:
        self.storage, self.shape, self.key = storage, shape, key


def torch_pickle(value: Any, *, protocol: int = 2) -> bytes:
    """A pickle of nested dicts, lists and plain values in which `Tensor` stands for a tensor."""
    return bytes([0x80, protocol]) + _spell(value) + b"."


def _text(text: str) -> bytes:
    raw = text.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def _spell(value: Any) -> bytes:
    if isinstance(value, Tensor):
        shape = b"(" + b"".join(_spell(side) for side in value.shape) + b"t"
        identity = (
            b"(" + _text("storage") + b"ctorch\n" + value.storage.encode() + b"\n"
            + _text(value.key) + _text("cpu") + b"K\x01tQ"
        )  # fmt: skip
        return (
            b"ctorch._utils\n_rebuild_tensor_v2\n(" + identity + b"K\x00" + shape + shape
            + b"\x89ccollections\nOrderedDict\n)RtR"
        )  # fmt: skip
    if isinstance(value, dict):
        return b"}(" + b"".join(_spell(k) + _spell(v) for k, v in value.items()) + b"u"
    if isinstance(value, list | tuple):
        return b"](" + b"".join(_spell(item) for item in value) + b"e"
    if isinstance(value, str):
        return _text(value)
    return pickle.dumps(value, protocol=2)[2:-1]


def torch_zip(path: Path, data: bytes, *, compress: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compress) as archive:
        archive.writestr("archive/data.pkl", data)
        archive.writestr("archive/version", b"3\n")
    return path


def legacy_stream(value: Any) -> bytes:
    """What torch wrote before version 1.6: magic number, protocol, system facts, the object."""
    magic = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)
    facts = {"protocol_version": 1001, "little_endian": True}
    return magic + pickle.dumps(1001, protocol=2) + torch_pickle(facts) + torch_pickle(value)
