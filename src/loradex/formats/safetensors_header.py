"""The header of a safetensors file, checked as strictly as the reference reader checks it.

Layout: u64 little-endian length, a JSON object of that length, the tensor bytes up to the end of
the file. The object maps each tensor's name to its description (`safetensors_table`) and
`__metadata__` to strings (https://github.com/huggingface/safetensors#format).

Parsing these headers is most of what a scan costs: 10,000 models list some 2 GB of JSON. So the
usual order, metadata first, is parsed in two typed steps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from loradex.domain.header import FileFormat, Header
from loradex.formats.limits import MAX_HEADER_BYTES
from loradex.formats.metadata_text import bounded, is_bounded
from loradex.formats.model_file import ModelFile, cut_short, damaged
from loradex.formats.safetensors_table import (
    OFFSETS,
    BrokenHeader,
    Entry,
    Table,
    checked_table,
    table_from_text,
)

_METADATA = "__metadata__"

_BEGIN = 8
"""Where the JSON begins, behind its length."""

# A header this long is looked over before it is parsed: a hostile one could list millions of
# empty entries, each forty times larger in memory than in the file.
_LONG = 4 * 1024 * 1024
_MAX_PARTS = 3_000_000

# Where the first tensor's value begins. Quotes inside JSON strings are escaped, so this cannot
# match within metadata.
_FIRST_TENSOR = re.compile(rb'":\s*\{\s*"(?:dtype|shape|data_offsets)"\s*:')


class _Front(msgspec.Struct, forbid_unknown_fields=True, rename={"metadata": _METADATA}):
    metadata: dict[str, str]


_front = msgspec.json.Decoder(_Front)
_entry = msgspec.json.Decoder(Entry)
_anything = msgspec.json.Decoder(dict[str, msgspec.Raw])
_words = msgspec.json.Decoder(dict[str, str])
_word = msgspec.json.Decoder(str)


def read_safetensors(file: ModelFile) -> Header:
    """Read and check the header. `tensors` may be shared between headers: do not change it."""
    length = int.from_bytes(file.read_at(0, 8), "little")
    if length > MAX_HEADER_BYTES:
        what = f"claims a header of {length:,} bytes, and no real one exceeds 100 MB"
        raise damaged(file.path, what)
    start = _BEGIN + length
    if start > file.size:
        raise cut_short(file.path, file.size, start)
    notes: list[str] = []
    file.hold(start)
    try:
        metadata, table = _parse(file.read_at(0, start), notes)
    except BrokenHeader as error:
        raise damaged(file.path, str(error)) from error
    if start + table.body > file.size:
        raise cut_short(file.path, file.size, start + table.body)
    if start + table.body < file.size:
        extra = file.size - start - table.body
        raise damaged(file.path, f"has {extra:,} bytes after its last tensor")
    return Header(
        FileFormat.SAFETENSORS,
        table.tensors,
        metadata,
        nbytes=start,
        tensor_offset=start,
        notes=(*notes, *table.notes),
    )


def _parse(raw: bytes, notes: list[str]) -> tuple[Mapping[str, str], Table]:
    """Return bounded metadata and tensors; raise BrokenHeader for what no reader would accept.

    `raw` is the header with the length field before it: a copy without would cost as much as
    comparing its table with one that is known.
    """
    if len(raw) > _LONG and raw.count(b",") + raw.count(b":") > _MAX_PARTS:
        raise BrokenHeader("lists more than any real model has")
    try:
        return _parse_usual(raw, notes) or _parse_any(raw[_BEGIN:], notes)
    except RecursionError as error:
        raise BrokenHeader("has a header that is nested too deeply") from error
    except msgspec.ValidationError as error:
        raise BrokenHeader("has a header that is no table of tensors") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenHeader("has a header that is not valid JSON") from error


def _parse_usual(raw: bytes, notes: list[str]) -> tuple[Mapping[str, str], Table] | None:
    """Parse a header whose metadata, if any, comes first and is all text; None for any other."""
    match = _FIRST_TENSOR.search(raw, _BEGIN)
    name_at = raw.rfind(b'"', _BEGIN, match.start()) if match else -1
    if name_at < 0:
        return None
    front = raw[_BEGIN:name_at].rstrip()
    # Headers are filled up with spaces to a multiple of eight bytes: no part of the table.
    end = raw.rfind(b"}") + 1
    if raw[end:].strip():
        return None
    try:
        if front == b"{":
            return {}, table_from_text(raw, name_at, end)
        if front.endswith(b","):
            metadata = _front.decode(front[:-1] + b"}").metadata
            table = table_from_text(raw, name_at, end)
            if not is_bounded(metadata, front):
                metadata = bounded(metadata.items(), notes)
            return metadata, table
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Metadata that is not text, or not in front. What is truly broken fails again below.
        pass
    return None


def _parse_any(raw: bytes, notes: list[str]) -> tuple[Mapping[str, str], Table]:
    """Parse a header whatever its order, forgiving metadata that is not text."""
    found = _anything.decode(raw)
    metadata = found.pop(_METADATA, None)
    entries = {name: _entry.decode(value) for name, value in found.items()}
    elsewhere = bytes(metadata or b"").count(OFFSETS)
    table = checked_table(entries, raw.count(OFFSETS) - elsewhere)
    odd = {} if metadata is None else _odd_metadata(metadata, notes)
    return bounded(odd.items(), notes), table


def _odd_metadata(raw: msgspec.Raw, notes: list[str]) -> Mapping[str, object]:
    """Return what is text, and None for each value that is not."""
    try:
        return _words.decode(raw)
    except msgspec.ValidationError:
        pass
    try:
        values = _anything.decode(raw)
    except msgspec.ValidationError:
        notes.append("Its metadata is not an object and was left out.")
        return {}
    return {key: _word_or_none(value) for key, value in values.items()}


def _word_or_none(value: msgspec.Raw) -> str | None:
    try:
        return _word.decode(value)
    except msgspec.ValidationError:
        return None
