"""The table of tensors in a safetensors header: sizes, spans, and tables seen before.

Each entry says dtype, shape and [begin, end) offsets into the tensor bytes. The entries together
cover the tensor bytes from 0 to their end, without a hole and without sharing a byte
(https://github.com/huggingface/safetensors#format).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice

import msgspec

from loradex.domain.header import Tensor
from loradex.formats.limits import MAX_DIMENSIONS, MAX_NAME, MAX_TENSORS

DTYPE_BITS: Mapping[str, int] = {
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip
"""Bits of one element, for every dtype that safetensors 0.8 knows."""

OFFSETS = b'"data_offsets"'

_MOST_REMEMBERED = 200_000
"""Tensors of all remembered tables together: about 50 MB, some 80 tables of SDXL LoRAs."""

_TELLING = 64
"""Bytes from the end of a table's text by which it is looked for: they hold the file's size."""


class BrokenHeader(Exception):
    """What is wrong with a header, as the rest of a sentence about its file."""


class Entry(msgspec.Struct, gc=False):
    """A tensor as the header has it."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Table:
    """All tensors of a header, and how many bytes they take together."""

    tensors: Mapping[str, Tensor]
    body: int
    notes: tuple[str, ...]


_decode_entries = msgspec.json.Decoder(dict[str, Entry]).decode


def table_from_text(raw: bytes, begin: int, end: int) -> Table:
    """Return the table that `raw`, from the first tensor's name to the closing brace, spells.

    Tables are remembered with their texts: the LoRAs that one trainer makes for one base and rank
    share theirs byte for byte, and comparing it costs a fiftieth of parsing it again (and a third
    of a digest of it). Raises BrokenHeader, or msgspec's errors.
    """
    table = _memory.recall(raw, begin, end)
    if table is None:
        text = raw[begin:end]
        table = checked_table(_decode_entries(b"{" + text), text.count(OFFSETS))
        _memory.keep(text, table)
    return table


def checked_table(entries: dict[str, Entry], offset_pairs: int) -> Table:
    """Check that sizes agree with shapes and that the tensors fill their span.

    `offset_pairs` is how often the text says `"data_offsets"`: once for each entry, and once more
    if a tensor has that name. The parser silently keeps the last of two equal names; other
    readers keep the first, so such a file is refused.
    """
    if offset_pairs > len(entries) + ("data_offsets" in entries):
        raise BrokenHeader("lists a tensor twice")
    known: dict[tuple[str, tuple[int, ...]], tuple[Tensor, int | None]] = {}
    tensors: dict[str, Tensor] = {}
    spans: list[tuple[int, int]] = []
    for name, entry in entries.items():
        kind = (entry.dtype, entry.shape)
        described = known.get(kind)
        if described is None:
            described = known[kind] = _described(entry.dtype, entry.shape)
        tensor, size = described
        begin, end = entry.data_offsets
        if end - begin != size and (size is not None or end < begin):
            raise BrokenHeader(f"gives {name[:80]!r} {end - begin:,} bytes, not {size or 0:,}")
        spans.append(entry.data_offsets)
        tensors[name] = tensor
    newer = sorted({tensor.dtype for tensor, size in known.values() if size is None})
    return Table(_kept(tensors), _body(spans), _notes(tensors, newer))


def _described(dtype: str, shape: tuple[int, ...]) -> tuple[Tensor, int | None]:
    """Return the tensor and its bytes; None for a dtype that is newer than this reader."""
    if len(shape) > MAX_DIMENSIONS or not all(0 <= side < 1 << 64 for side in shape):
        raise BrokenHeader(f"lists a tensor with the shape {str(shape)[:80]}")
    tensor = Tensor(dtype[:32], shape)
    bits = DTYPE_BITS.get(dtype)
    if bits is None:
        return tensor, None
    size, odd = divmod(bits * tensor.count, 8)
    if odd:
        raise BrokenHeader(f"lists a tensor of {dtype} that does not end on a whole byte")
    return tensor, size


def _body(spans: list[tuple[int, int]]) -> int:
    """Return where the last tensor ends, having seen that they follow each other from 0."""
    spans.sort()
    at = 0
    for begin, end in spans:
        if begin != at:
            what = "has tensors that overlap" if begin < at else "has a hole between its tensors"
            raise BrokenHeader(what)
        at = end
    return at


def _kept(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    if len(tensors) > MAX_TENSORS:
        tensors = dict(islice(tensors.items(), MAX_TENSORS))
    if max(map(len, tensors), default=0) > MAX_NAME:
        tensors = {name[:MAX_NAME]: tensor for name, tensor in tensors.items()}
    return tensors


def _notes(tensors: Mapping[str, Tensor], newer: list[str]) -> tuple[str, ...]:
    notes: list[str] = []
    if newer:
        notes.append(f"It uses dtypes that are newer than this loradex: {', '.join(newer[:5])}.")
    if len(tensors) > MAX_TENSORS:
        notes.append(f"Only the first {MAX_TENSORS:,} of its {len(tensors):,} tensors are kept.")
    if max(map(len, tensors), default=0) > MAX_NAME:
        notes.append("Some tensor names are too long and were cut.")
    return tuple(notes)


class _Memory:
    """The tables met last, found by their texts; any thread may ask."""

    def __init__(self, most: int) -> None:
        self._tables: OrderedDict[bytes, tuple[bytes, Table]] = OrderedDict()
        self._left = most
        self._lock = threading.Lock()

    def recall(self, raw: bytes, begin: int, end: int) -> Table | None:
        """Return the table that `raw[begin:end]` spells, None when it is not known."""
        key = raw[max(begin, end - _TELLING) : end]
        with self._lock:
            text, table = self._tables.get(key, (b"", None))
            # `startswith` compares in place, without a copy of hundreds of kilobytes.
            if table is None or len(text) != end - begin or not raw.startswith(text, begin):
                return None
            self._tables.move_to_end(key)
            return table

    def keep(self, text: bytes, table: Table) -> None:
        """Remember a table; of two that end alike, the one met last."""
        key = text[-_TELLING:]
        with self._lock:
            _, before = self._tables.pop(key, (b"", None))
            self._left += len(before.tensors) if before else 0
            self._tables[key] = text, table
            self._left -= len(table.tensors)
            while self._left < 0:
                _, (_, oldest) = self._tables.popitem(last=False)
                self._left += len(oldest.tensors)


_memory = _Memory(_MOST_REMEMBERED)
