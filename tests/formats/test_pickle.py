"""Pickles: keys and shapes without unpickling, and payloads that must stay asleep."""

from __future__ import annotations

import collections
import io
import os
import pickle
import struct
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest

from loradex.domain.header import FileFormat
from loradex.domain.header import Tensor as Shape
from loradex.errors import FormatError
from loradex.formats.headers import read_header

from .making import Tensor, legacy_stream, torch_pickle, torch_zip

W = Tensor("HalfStorage", (4, 8))
WEIGHTS = {"a.weight": W, "a.bias": Tensor("FloatStorage", (4,))}
SHAPES = {"a.weight": Shape("F16", (4, 8)), "a.bias": Shape("F32", (4,))}


def in_zip(folder: Path, data: bytes) -> Path:
    return torch_zip(folder / "x.ckpt", data)


@pytest.mark.parametrize(
    ("value", "shapes", "wrap", "extra", "nested"),
    [
        (WEIGHTS, SHAPES, "[]", "{}", False),
        (
            {"state_dict": WEIGHTS, "global_step": 840000, "epoch": 3},
            SHAPES,
            '["state_dict"]',
            '{"global_step": 840000, "epoch": 3}',
            False,
        ),
        ({"params": WEIGHTS, "params_ema": WEIGHTS}, SHAPES, '["params_ema"]', "{}", False),
        ({"model": {"state_dict": WEIGHTS}}, SHAPES, '["model", "state_dict"]', "{}", False),
        (
            {"string_to_param": {"*": Tensor("FloatStorage", (2, 768))}, "name": "x", "step": None},
            {"*": Shape("F32", (2, 768))},
            '["string_to_param"]',
            '{"name": "x", "step": null}',
            False,
        ),
        (
            {"image_proj": {"w": W}, "ip_adapter": {"1.to_k_ip": W}},
            {"image_proj.w": Shape("F16", (4, 8)), "ip_adapter.1.to_k_ip": Shape("F16", (4, 8))},
            "[]",
            "{}",
            True,
        ),
        (
            {320: ({"linear.weight": W}, {"linear.weight": W}), "name": "hyper"},
            {f"320.{n}.linear.weight": Shape("F16", (4, 8)) for n in (0, 1)},
            "[]",
            '{"name": "hyper"}',
            True,
        ),
        (
            {"state_dict": WEIGHTS, "optimizer_states": [{"state": {"m": W}}]},
            SHAPES,
            '["state_dict"]',
            "{}",
            False,
        ),
    ],
)  # fmt: skip
def test_keys_shapes_and_what_lies_around(  # noqa: PLR0917
    tmp_path: Path, value: Any, shapes: Any, wrap: str, extra: str, nested: bool
) -> None:
    for path in (
        in_zip(tmp_path, torch_pickle(value)),
        torch_zip(tmp_path / "packed.pt", torch_pickle(value), compress=zipfile.ZIP_DEFLATED),
        _written(tmp_path / "old.pt", legacy_stream(value)),
        _written(tmp_path / "plain.bin", torch_pickle(value)),
    ):
        header = read_header(path)
        assert header.format is FileFormat.PICKLE
        assert header.tensors == shapes
        assert header.metadata["pickle.wrap"] == wrap
        assert header.metadata["pickle.extra"] == extra
        assert header.metadata.get("pickle.nested") == ("true" if nested else None)
        assert header.notes == ()


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


class _Payload:
    """Creates a file when it is unpickled: the tests see whether anything ran."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return os.system, (f"touch '{self.target}'",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("spoilt", [False, True])
def test_a_payload_stays_asleep_and_is_named(tmp_path: Path, protocol: int, spoilt: bool) -> None:
    target = tmp_path / "ran"
    data = pickle.dumps({"state_dict": {}, "x": _Payload(target)}, protocol=protocol)
    if spoilt:
        data = data[:-1] + b"\xff"
    path = in_zip(tmp_path, data)
    if spoilt:
        with pytest.raises(FormatError, match="is damaged"):
            read_header(path)
    else:
        header = read_header(path)
        assert header.tensors == {}
        assert f"{os.system.__module__}.system" in " ".join(header.notes)
    assert not target.exists()


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x02cos\nsystem\n(X\x04\x00\x00\x00trueo.",  # OBJ
        b"\x80\x02(X\x04\x00\x00\x00trueios\nsystem\n.",  # INST
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",  # STACK_GLOBAL
        b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85\x81.",  # NEWOBJ
        b"\x80\x04cos\nsystem\n)}\x92.",  # NEWOBJ_EX
        b"\x80\x02cos\nsystem\n)R}b.",  # BUILD
        b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(cos\nsystem\ncos\nsystem\n)Nt\x85R.",
    ],
)
def test_every_way_to_call_is_only_noted(tmp_path: Path, data: bytes) -> None:
    header = read_header(_written(tmp_path / "x.pt", data))
    assert header.tensors == {}
    assert "os.system" in " ".join(header.notes)


def test_strange_names_are_cut_and_counted(tmp_path: Path) -> None:
    calls = b"".join(b"cm%d\n%s\n)R0" % (i, b"n" * 500) for i in range(2000))
    header = read_header(_written(tmp_path / "x.pt", b"\x80\x02" + calls + b"N."))
    text = " ".join(header.notes)
    assert "and 1995 more" in text
    assert len(text) < 4000


def _bomb() -> bytes:
    """Forty lists, each ten times the one before: 10^40 values when followed."""
    lists = b"".join(b"](" + b"h%c" % i * 10 + b"eq%c" % (i + 1) for i in range(40))
    return b"\x80\x02]q\x00" + lists + b"."


def _copies() -> bytes:
    """One long list, made into a dictionary ten thousand times."""
    long = b"](" + b"N" * 100_000 + b"e\x85q\x00"
    return b"\x80\x02" + long + b"ccollections\nOrderedDict\nh\x00R0" * 1_000 + b"N."


BROKEN: dict[str, tuple[bytes, str]] = {
    "no end": (torch_pickle(WEIGHTS)[:-1], "ends early"),
    "cut in half": (torch_pickle(WEIGHTS)[:60], "ends early|no sense"),
    "length beyond the file": (b"\x80\x02X" + struct.pack("<I", 2**31), "ends early"),
    "eight-byte length": (b"\x80\x04\x8e" + struct.pack("<Q", 2**62), "ends early"),
    "missing memo": (b"\x80\x02h\x07.", "no sense"),
    "no mark": (b"\x80\x02Nu.", "no sense"),
    "empty stack": (b"\x80\x02.", "no sense"),
    "odd pairs": (b"\x80\x02}(Nu.", "no sense"),
    "unknown instruction": (b"\x80\x02\xfe.", "no sense"),
    "tuple of too few": (b"\x80\x02N\x87.", "no sense"),
    "a number that is none": (b"\x80\x02Iabc\n.", "no sense"),
    "a line without end": (b"\x80\x02c" + b"a" * 100_000, "ends early"),
    "one list copied for ever": (_copies(), "again and again"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_pickles_are_refused_in_words(tmp_path: Path, case: str) -> None:
    content, says = BROKEN[case]
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match=says):
            read_header(_written(tmp_path / "x.pt", content))
        assert tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_an_endless_pickle_is_left_after_two_million_instructions(tmp_path: Path) -> None:
    path = _written(tmp_path / "x.pt", b"\x80\x02" + b"N0" * 1_100_000 + b"N.")
    with pytest.raises(FormatError, match="more than 2,000,000 instructions"):
        read_header(path)


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x04\x95" + b"\xff" * 8 + b"}.",  # a frame longer than the world
        b"\x80\x02L" + b"9" * 6000 + b"L\n.",  # a number of 6,000 digits
        b"\x80\x02\x8b" + struct.pack("<I", 5000) + b"\x7f" * 5000 + b".",
        b"\x80\x02]q\x00h\x00a.",  # a list that holds itself
        b"\x80\x02" + b"](" * 50_000 + b"e" * 50_000 + b".",  # 50,000 lists in each other
    ],
)
def test_odd_but_whole_pickles_have_no_tensors(tmp_path: Path, data: bytes) -> None:
    header = read_header(_written(tmp_path / "x.pt", data))
    assert header.tensors == {}


def test_a_bomb_is_followed_only_so_far(tmp_path: Path) -> None:
    header = read_header(_written(tmp_path / "x.pt", _bomb()))
    assert any("only its first part" in note for note in header.notes)


def test_numbers_where_sizes_should_be(tmp_path: Path) -> None:
    """Tensors with a negative, textual or endless shape are left out."""
    start = b"\x80\x02}(X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n("
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000NK\x01tQK\x00"
    for size in (
        b"J\xff\xff\xff\xff\x85",
        b"X\x01\x00\x00\x00x\x85",
        b"N",
        b"(" + b"K\x01" * 100 + b"t",
    ):
        data = start + storage + size + b")\x89}tRu."
        assert read_header(_written(tmp_path / "x.pt", data)).tensors == {}


# Zip archives that disagree with themselves


def _zip_bytes(data: bytes) -> bytearray:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("archive/data.pkl", data)
    return bytearray(stream.getvalue())


def test_two_pickles_in_one_archive_are_a_note(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    with zipfile.ZipFile(path, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("archive/data.pkl", torch_pickle(WEIGHTS))
        archive.writestr("archive/data.pkl", torch_pickle({}))
    header = read_header(path)
    assert header.tensors == SHAPES  # the first, as torch reads it
    assert "more than one pickle" in header.notes[0]


def test_a_torchscript_program_is_a_note(tmp_path: Path) -> None:
    path = torch_zip(tmp_path / "x.pt", torch_pickle(WEIGHTS))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("archive/constants.pkl", b"\x80\x02).")
    assert "TorchScript" in read_header(path).notes[0]


@pytest.mark.parametrize(
    ("at", "value", "says"),
    [
        (-22, b"XXXX", "no list of members"),  # the end record is gone
        (-6, struct.pack("<I", 2**31), "more members than it can hold"),  # directory offset
        (-10, struct.pack("<I", 2**31), "more members than it can hold"),  # directory size
    ],
)
def test_a_broken_directory(tmp_path: Path, at: int, value: bytes, says: str) -> None:
    content = _zip_bytes(torch_pickle(WEIGHTS))
    content[len(content) + at : len(content) + at + len(value)] = value
    with pytest.raises(FormatError, match=says):
        read_header(_written(tmp_path / "x.pt", bytes(content)))


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        (0, b"PK\x09\x09", "broken list"),
        (10, struct.pack("<H", 99), "unknown way"),  # compression method
        (20, struct.pack("<I", 2**30), "ends inside one of its members"),  # packed size
        (24, struct.pack("<I", 2**31), "no real one exceeds"),  # unpacked size
        (42, struct.pack("<I", 10), "broken list"),  # local header
    ],
)
def test_a_member_that_lies(tmp_path: Path, field: int, value: bytes, says: str) -> None:
    content = _zip_bytes(torch_pickle(WEIGHTS))
    entry = content.index(b"PK\x01\x02")
    content[entry + field : entry + field + len(value)] = value
    with pytest.raises(FormatError, match=says):
        read_header(_written(tmp_path / "x.pt", bytes(content)))


def test_a_packed_member_unpacks_to_its_size_and_no_further(tmp_path: Path) -> None:
    data = torch_pickle({"a": "x" * 50_000_000})
    path = torch_zip(tmp_path / "x.pt", data, compress=zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = struct.pack("<I", 1000)
    path.write_bytes(bytes(content))
    tracemalloc.start()
    try:
        with pytest.raises(FormatError, match="ends early"):
            read_header(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.render
@pytest.mark.parametrize("old_format", [False, True])
def test_torch_writes_what_we_read(tmp_path: Path, old_format: bool) -> None:
    torch = pytest.importorskip("torch")
    layer = torch.nn.Conv2d(3, 5, 3).to(torch.bfloat16)
    state = collections.OrderedDict(layer.state_dict())
    state["half"] = torch.zeros(2, 0, dtype=torch.float16)
    state["scalar"] = torch.tensor(7)
    state["parameter"] = torch.nn.Parameter(torch.zeros(4))
    state["view"] = torch.zeros(10, 10).t()[2:5]
    if not old_format:
        state["fp8"] = torch.zeros(6).to(torch.float8_e4m3fn)
    path = tmp_path / "x.ckpt"
    torch.save(
        {"state_dict": state, "global_step": 5},
        path,
        _use_new_zipfile_serialization=not old_format,
    )
    header = read_header(path)
    assert {k: t.shape for k, t in header.tensors.items()} == {
        k: tuple(v.shape) for k, v in state.items()
    }
    assert header.tensors["weight"].dtype == "BF16"
    assert header.tensors["scalar"].dtype == "I64"
    if not old_format:
        assert header.tensors["fp8"].dtype == "F8_E4M3"
    assert header.metadata["pickle.wrap"] == '["state_dict"]'
    assert header.notes == ()


@pytest.mark.render
def test_a_module_that_was_saved_whole(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    path = tmp_path / "x.pt"
    torch.save(torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU()), path)
    header = read_header(path)
    assert {k: t.shape for k, t in header.tensors.items()} == {
        "0.weight": (3, 2),
        "0.bias": (3,),
    }
    assert "torch.nn.modules.linear.Linear" in header.notes[0]
