"""GGUF headers: dimensions, metadata as text, and headers that lie."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import pytest

from loradex.domain.header import FileFormat, Tensor
from loradex.errors import FormatError
from loradex.formats.gguf_header import GGML_TYPES
from loradex.formats.headers import read_header

from .making import gguf, gguf_pair, gguf_string, gguf_tensor

U32, STRING, ARRAY, BOOL, F32 = 4, 8, 9, 7, 6


def u32(value: int) -> bytes:
    return struct.pack("<I", value)


def array(kind: int, count: int, items: bytes) -> bytes:
    return struct.pack("<IQ", kind, count) + items


PAIRS = [
    gguf_pair("general.architecture", STRING, gguf_string("flux")),
    gguf_pair("general.file_type", U32, u32(15)),
    gguf_pair("general.flag", BOOL, b"\x01"),
    gguf_pair("general.scale", F32, struct.pack("<f", 0.5)),
    gguf_pair("general.tags", ARRAY, array(STRING, 2, gguf_string("a") + gguf_string("é"))),
    gguf_pair("tokenizer.tokens", ARRAY, array(STRING, 5000, gguf_string("tok") * 5000)),
    gguf_pair("tokenizer.scores", ARRAY, array(F32, 5000, bytes(20_000))),
    gguf_pair("comfy.gguf.orig_shape.b", ARRAY, array(5, 3, struct.pack("<3i", 8, 8, 8))),
    gguf_pair("comfy.gguf.orig_shape.a", ARRAY, array(5, 2, struct.pack("<2i", 9, 9))),
]
TENSORS = [gguf_tensor("a", [64, 8], 1, 0), gguf_tensor("b", [256, 2], 12, 1024)]
GOOD = gguf(PAIRS, TENSORS, 1024 + 288)


def write(folder: Path, content: bytes) -> Path:
    path = folder / "x.gguf"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("version", [2, 3])
def test_shapes_are_outermost_first_and_metadata_is_text(tmp_path: Path, version: int) -> None:
    header = read_header(write(tmp_path, gguf(PAIRS, TENSORS, 1312, version=version)))
    assert header.format is FileFormat.GGUF
    # `a` claims a true shape of another size, so its stored one stands; `b` was reshaped.
    assert header.tensors == {"a": Tensor("F16", (8, 64)), "b": Tensor("Q4_K", (8, 8, 8))}
    assert header.metadata == {
        "general.architecture": "flux",
        "general.file_type": "15",
        "general.flag": "true",
        "general.scale": "0.5",
        "general.tags": '["a", "\\u00e9"]',
    }
    assert header.tensor_offset % 32 == 0
    assert header.notes == ()


def test_a_type_of_tomorrow_is_a_note(tmp_path: Path) -> None:
    header = read_header(write(tmp_path, gguf([], [gguf_tensor("a", [7], 99, 0)], 32)))
    assert header.tensors == {"a": Tensor("type99", (7,))}
    assert "newer than this loradex: type99" in header.notes[0]


def test_names_that_are_not_utf8(tmp_path: Path) -> None:
    pair = gguf_string(b"bad\xff") + struct.pack("<I", STRING) + gguf_string(b"\xfe")
    header = read_header(write(tmp_path, gguf([pair], [], 0)))
    assert header.metadata == {"bad\\xff": "\\xfe"}


HUGE = 2**62


def with_array(kind: int, count: int) -> bytes:
    return gguf([gguf_pair("k", ARRAY, array(kind, count, bytes(12)))], [], 99)


BROKEN: dict[str, tuple[bytes, str]] = {
    "version 1": (gguf([], [], 0, version=1), "GGUF version 1"),
    "version 9": (gguf([], [], 0, version=9), "GGUF version 9"),
    "big-endian": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0) + bytes(64), "big-endian"),
    "ends after the magic": (b"GGUF\x03\x00\x00\x00\x01\x00", "ends inside its header"),
    "tensors beyond the file": (gguf([], [], 64, counts=(HUGE, 0)), "tensors and 0 keys"),
    "keys beyond the file": (gguf([], [], 64, counts=(0, HUGE)), "keys, more than"),
    "a name without end": (gguf([struct.pack("<Q", HUGE) + bytes(90)], [], 0), "a name of"),
    "a text without end": (
        gguf([gguf_pair("k", STRING, struct.pack("<Q", 5000))], [], 32),
        "ends inside its header",
    ),
    "an array without end": (with_array(U32, HUGE), "an array of"),
    "texts without end": (with_array(STRING, HUGE), "an array of"),
    "array of arrays": (with_array(ARRAY, 1), "array of arrays"),
    "unknown value type": (gguf([gguf_pair("k", 77, bytes(8))], [], 99), "unknown type 77"),
    "alignment 0": (
        gguf([gguf_pair("general.alignment", U32, u32(0))], TENSORS, 1312),
        "alignment of 0",
    ),
    "alignment is text": (
        gguf([gguf_pair("general.alignment", STRING, gguf_string("32"))], TENSORS, 1312),
        "alignment of 32",
    ),
    "many dimensions": (
        gguf([], [gguf_string("a") + struct.pack("<I", 2**31) + bytes(64)], 64),
        "dimensions",
    ),
    "half a block": (gguf([], [gguf_tensor("a", [100], 12, 0)], 200), "cannot have"),
    "beyond the file": (gguf([], [gguf_tensor("a", [2**40, 2**20], 0, 0)], 64), "cut short"),
    "offset beyond the file": (gguf([], [gguf_tensor("a", [8], 0, 2**50)], 64), "cut short"),
    "overlap": (
        gguf([], [gguf_tensor("a", [64], 0, 0), gguf_tensor("b", [64], 0, 32)], 600),
        "overlap",
    ),
    "odd offset": (gguf([], [gguf_tensor("a", [8], 0, 7)], 64), "odd place"),
    "a name twice": (
        gguf([], [gguf_tensor("a", [8], 0, 0), gguf_tensor("a", [8], 0, 32)], 64),
        "twice",
    ),
    "cut in the tensors": (GOOD[:-1], "cut short"),
    "cut in the header": (GOOD[:2000], "ends inside|more than it can hold"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_files_are_refused_in_words(tmp_path: Path, case: str) -> None:
    content, says = BROKEN[case]
    path = write(tmp_path, content)
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=says):
            read_header(path)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


def test_types_agree_with_the_gguf_library() -> None:
    constants = pytest.importorskip("gguf.constants")
    sizes = {
        int(kind): (kind.name, *size)
        for kind, size in constants.GGML_QUANT_SIZES.items()
        if int(kind) in GGML_TYPES
    }
    assert sizes == {kind: known for kind, known in GGML_TYPES.items() if kind in sizes}
    assert len(sizes) > 25


def test_the_gguf_library_writes_what_we_read(tmp_path: Path) -> None:
    library = pytest.importorskip("gguf")
    numpy = pytest.importorskip("numpy")
    path = tmp_path / "written.gguf"
    writer = library.GGUFWriter(path, "flux")
    writer.add_array("numbers", [1, 2, 3])
    writer.add_tensor("w", numpy.zeros((3, 64), dtype=numpy.float16))
    writer.add_tensor("v", numpy.zeros(5, dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    header = read_header(path)
    assert header.tensors == {"w": Tensor("F16", (3, 64)), "v": Tensor("F32", (5,))}
    assert header.metadata == {"general.architecture": "flux", "numbers": "[1, 2, 3]"}
