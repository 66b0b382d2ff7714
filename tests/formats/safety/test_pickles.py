"""Hostile pickles: none runs, none is called safe, and each is named for what it does."""

from __future__ import annotations

import collections
import io
import os
import pickle
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from loradex.domain.safety import Safety, SafetyReport
from loradex.errors import FormatError
from loradex.formats.headers import read_open
from loradex.formats.model_file import ModelFile
from loradex.formats.safety.verdicts import judge

from . import assembling as a
from .assembling import call, name, payload, pickle2, pickle4, stack_name, state_dict, text, touch

SAFE, SUSPICIOUS, DANGEROUS, BROKEN = (
    Safety.SAFE,
    Safety.SUSPICIOUS,
    Safety.DANGEROUS,
    Safety.BROKEN,
)

MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, 2)
Make = Callable[[Path], bytes]


def verdict_on(path: Path, content: bytes) -> SafetyReport:
    path.write_bytes(content)
    with ModelFile(path) as file:
        try:
            return judge(file, read_open(file), None)
        except FormatError as error:
            return judge(file, None, error)


def _code(mark: Path) -> bytes:
    return text(f"open({str(mark)!r}, 'w').close()")


def _pickled(value: Any) -> Make:
    return lambda _mark: pickle.dumps(value, protocol=2)


def _names(module: str, attribute: str) -> Make:
    """A pickle that only asks for a name."""
    return lambda _mark: pickle2(state_dict(text("x"), name(module, attribute)))


def _calls(module: str, attribute: str, *arguments: bytes) -> Make:
    return lambda _mark: pickle2(state_dict(text("x"), call(name(module, attribute), *arguments)))


def _out_of_step(inner: bytes) -> bytes:
    """Hide a pickle in a text, and let a frame end within the text before it.

    CPython's unpickler then drops the five bytes that are left of the frame, takes six others for
    the first text, and goes on in the midst of what others take for the second.
    """
    return (
        b"\x80\x04\x95" + struct.pack("<Q", 7) + b"\x8c\x06aaaaa"
        + b"aX" + struct.pack("<I", len(inner)) + inner + b"."
    )  # fmt: skip


HARMFUL: dict[str, Make] = {
    "REDUCE": lambda m: pickle2(payload(m)),
    "beside weights": lambda m: pickle2(state_dict(text("x"), payload(m))),
    "OBJ": lambda m: pickle2(b"(" + name("os", "system") + touch(m) + b"o"),
    "INST": lambda m: pickle2(b"(" + touch(m) + b"ios\nsystem\n"),
    "NEWOBJ": lambda m: pickle2(name("os", "system") + touch(m) + b"\x85\x81"),
    "NEWOBJ_EX": lambda m: pickle4(name("os", "system") + touch(m) + b"\x85}\x92"),
    "STACK_GLOBAL": lambda m: pickle4(stack_name("os", "system") + touch(m) + b"\x85R"),
    "STACK_GLOBAL from the memo": lambda m: pickle4(
        text("os"), b"\x940", text("system"), b"\x940h\x00h\x01\x93", touch(m), b"\x85R"
    ),
    "protocol 0": lambda m: f"cos\nsystem\n(S\"touch '{m}'\"\ntR.".encode(),
    "protocol 0 in the middle of weights": lambda m: b"(dp0\nS'a'\n" + payload(m) + b"s.",
    "protocol 1": lambda m: b"cos\nsystem\n(" + touch(m) + b"tR.",
    "a class under a persistent id": lambda m: pickle2(
        b"(" + text("module") + name("os", "system") + text("x.py") + text("") + b"tQ"
        + touch(m) + b"\x85R"
    ),
    "protocol 5": lambda m: b"\x80\x05" + stack_name("os", "system") + touch(m) + b"\x85R.",
    "posix": lambda m: pickle2(call(name("posix", "system"), touch(m))),
    "nt": lambda m: pickle2(call(name("nt", "system"), touch(m))),
    "Python 2's name of builtins": lambda m: pickle2(call(name("__builtin__", "eval"), _code(m))),
    "Python 2's commands": lambda m: pickle2(call(name("commands", "getoutput"), touch(m))),
    "eval": lambda m: pickle2(call(name("builtins", "eval"), _code(m))),
    "exec": lambda m: pickle2(call(name("builtins", "exec"), _code(m))),
    "compile": lambda m: pickle2(
        call(name("builtins", "compile"), _code(m), text("x"), text("exec"))
    ),
    "__import__": _calls("builtins", "__import__", text("os")),
    "getattr": lambda m: pickle2(
        call(
            call(name("builtins", "getattr"), call(name("builtins", "__import__"), text("os")),
                 text("system")),
            touch(m),
        )
    ),
    "partial": lambda m: pickle2(
        call(call(name("functools", "partial"), name("os", "system"), touch(m)))
    ),
    "resolve_name": lambda m: pickle2(
        call(call(name("pkgutil", "resolve_name"), text("os:system")), touch(m))
    ),
    "attrgetter": _calls("operator", "attrgetter", text("system")),
    "methodcaller": _calls("_operator", "methodcaller", text("system"), text("true")),
    "subprocess": lambda m: pickle2(call(name("subprocess", "Popen"), touch(m))),
    "a module below a harmful one": _calls("multiprocessing.util", "spawnv_passfds"),
    "a dotted name": lambda m: pickle4(stack_name("random", "_os.system") + touch(m) + b"\x85R"),
    "a class's innards": _names("collections", "OrderedDict.__init__.__globals__"),
    "ctypes": _calls("ctypes", "CDLL", text("libc.so.6")),
    "socket": _calls("socket", "create_connection"),
    "urlopen": _calls("urllib.request", "urlopen", text("http://127.0.0.1:1/")),
    "pip": _calls("pip", "main", text("install")),
    "pip's innards": _calls("pip._internal.cli.main", "main"),
    "runpy": _calls("runpy", "run_path", text("x.py")),
    "importlib": _calls("importlib", "import_module", text("antigravity")),
    "webbrowser": _calls("webbrowser", "open", text("x")),
    "a function of nothing but code": _calls("types", "CodeType"),
    "marshal": _calls("marshal", "loads", a.binary(b"N")),
    "a pickle inside": lambda m: pickle2(
        call(name("pickle", "loads"), a.binary(pickle2(payload(m))))
    ),
    "a pickle inside, for C": lambda m: pickle2(
        call(name("_pickle", "loads"), a.binary(pickle2(payload(m))))
    ),
    "a pickle inside a tensor's bytes": lambda m: pickle2(
        call(name("torch.storage", "_load_from_bytes"), a.binary(pickle2(payload(m))))
    ),
    "a pickle inside that is built": _calls(
        "torch.storage", "_load_from_bytes", call(name("builtins", "bytes"), b"](K\x80e")
    ),
    "torch.load": _calls("torch", "load", text("other.pt")),
    "torch's loader by its home": _calls("torch.serialization", "load", text("other.pt")),
    "torch.hub": _calls("torch.hub", "load", text("someone/something")),
    "a native extension": _calls("torch.utils.cpp_extension", "load"),
    "numpy.load": _calls("numpy", "load", text("other.npy")),
    "joblib": _calls("joblib", "load", text("other")),
    "a file that is written": _calls("io", "open", text("x"), text("w")),
    "a log that is written": _calls("logging", "FileHandler", text("x")),
    "only named, never called": _names("os", "system"),
    "a module taken for a name": _names("torch", "os"),
    "a name that is made at the time": lambda m: pickle4(
        call(name("builtins", "str"), text("os")) + text("system") + b"\x93" + touch(m) + b"\x85R"
    ),
    "a name with escapes": lambda m: pickle4(
        b"S'\\x6fs'\nS'system'\n\x93" + touch(m) + b"\x85R"
    ),
    "a name in raw escapes": lambda m: pickle4(
        b"V\\u006fs\nVsystem\n\x93" + touch(m) + b"\x85R"
    ),
    "loaded code is changed": lambda _m: pickle2(
        name("torch._utils", "_rebuild_tensor_v2") + b"N}(" + text("__code__") + b"Nu\x86b"
    ),
    "items for a class": lambda _m: pickle2(name("collections", "OrderedDict") + text("x") + b"Ns"),
    "more names than can be kept": lambda _m: pickle2(
        b"".join(b"cm%d\nx\n0" % i for i in range(10_001)), b"N"
    ),
    "then a broken stream": lambda m: b"\x80\x02" + payload(m) + b"\xfe" * 50,
    "then the end": lambda m: b"\x80\x02" + payload(m),
    "then a missing memo": lambda m: b"\x80\x02" + payload(m) + b"h\x63.",
    "then a length that lies": lambda m: b"\x80\x02" + payload(m) + b"X\xff\xff\xff\x7f",
    "then instructions without end": lambda m: b"\x80\x02" + payload(m) + b"N0" * 1_100_000,
    "behind a frame that lies": lambda m: (
        b"\x80\x04\x95" + b"\xff" * 8 + stack_name("os", "system") + touch(m) + b"\x85R."
    ),
    "behind a frame that ends too soon": lambda m: _out_of_step(pickle2(payload(m))),
    "behind a healthy pickle": lambda m: a.HEALTHY + pickle2(payload(m)),
    "behind the magic number": lambda m: MAGIC + pickle2(payload(m)),
    "a magic number that is computed": lambda m: pickle2(call(name("builtins", "eval"), _code(m))),
}  # fmt: skip

ODD: dict[str, tuple[Safety, Make, str]] = {
    "an unknown class": (SUSPICIOUS, _calls("somebody.models", "Net"), "somebody.models.Net"),
    "an unknown name": (SUSPICIOUS, _names("somebody.models", "Net"), "somebody.models.Net"),
    "a detector saved whole": (
        SUSPICIOUS,
        _calls("ultralytics.nn.tasks", "DetectionModel"),
        "ultralytics.nn.tasks.DetectionModel",
    ),
    "a module of torch saved whole": (
        SUSPICIOUS,
        _calls("torch.nn.modules.linear", "Linear"),
        "torch.nn.modules.linear.Linear",
    ),
    "a script's own class": (SUSPICIOUS, _names("__main__", "Config"), "__main__.Config"),
    "a type that is called": (SUSPICIOUS, _calls("torch", "FloatStorage", b"K\x01"), "torch.Float"),
    "the result of a call is called": (
        SUSPICIOUS,
        lambda _m: pickle2(call(call(name("collections", "OrderedDict")), b"N")),
        "what another call returned",
    ),
    "an extension code": (SUSPICIOUS, lambda _m: pickle2(b"\x82\x07"), "copyreg.extension 7"),
    "an odd encoding": (
        SUSPICIOUS,
        _calls("_codecs", "encode", text("x"), text("rot13")),
        "encodes a text",
    ),
    "items for a tensor": (
        SUSPICIOUS,
        lambda _m: pickle2(a.tensor() + b"K\x00K\x01s"),
        "something that holds none",
    ),
    "a forged type of NumPy": (
        SUSPICIOUS,
        lambda _m: pickle2(
            call(name("numpy", "dtype"), text("f8"), b"\x89", b"\x88")
            + b"(K\x03" + text("<") + b"NNNK\x7fK\x01K\x3ftb"
        ),
        "NumPy",
    ),
    "a frame that lies": (
        BROKEN,
        lambda _m: b"\x80\x04\x95" + b"\xff" * 8 + b"}.",
        "claims to be longer",
    ),
    "bytes behind": (BROKEN, lambda _m: a.HEALTHY + b"\xfe" * 9, "9 bytes after"),
    "cut in half": (BROKEN, lambda _m: a.HEALTHY[:60], "not fully scanned"),
    "a missing memo": (BROKEN, lambda _m: b"\x80\x02h\x07.", "not fully scanned"),
    "a million instructions": (
        BROKEN,
        lambda _m: b"\x80\x02" + b"N0" * 1_100_000 + b"N.",
        "instructions",
    ),
    "the old format, cut short": (
        BROKEN,
        lambda _m: MAGIC + pickle2(b"K\x01") + a.HEALTHY,
        "ends before its tensors",
    ),
    "one list copied for ever": (
        BROKEN,
        lambda _m: b"\x80\x02](" + b"N" * 99_999 + b"e\x85q\x00"
        + b"ccollections\nOrderedDict\nh\x00R0" * 1_000 + b"N.",
        "again and again",
    ),
}  # fmt: skip

INNOCENT: dict[str, Make] = {
    "weights": lambda _m: a.HEALTHY,
    "weights of protocol 4": lambda _m: pickle4(state_dict()),
    "plain values": _pickled({"epoch": 3, "loss": [0.5], "name": "x", "none": None}),
    "an ordered dictionary": _pickled(collections.OrderedDict(a=1)),
    "bytes of old protocols": _pickled({"raw": b"\x00\xff"}),
    "sets and big numbers": _pickled({"s": {1, 2}, "n": 2**100, "f": 1e300}),
    "Lightning's callbacks": _names(
        "pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint"
    ),
    "several pickles": lambda _m: a.HEALTHY * 3,
    "50,000 lists in each other": lambda _m: b"\x80\x02" + b"](" * 50_000 + b"e" * 50_000 + b".",
    "the old format": lambda _m: (
        MAGIC + pickle.dumps(1001, 2) + pickle.dumps({}, 2)
        + a.HEALTHY + pickle.dumps(["0"], 2) + struct.pack("<q", 4) + bytes(16)
    ),
}  # fmt: skip


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "zip"])
@pytest.mark.parametrize("case", HARMFUL)
def test_a_payload_is_dangerous_and_never_runs(tmp_path: Path, case: str, zipped: bool) -> None:
    mark = tmp_path / "ran"
    content = HARMFUL[case](mark)
    report = verdict_on(tmp_path / "x.pt", a.torch_zip(content) if zipped else content)
    assert report.verdict is DANGEROUS, report
    assert report.findings
    assert not mark.exists()


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_not_safe(tmp_path: Path, case: str) -> None:
    verdict, make, says = ODD[case]
    report = verdict_on(tmp_path / "x.pt", make(tmp_path / "ran"))
    assert report.verdict is verdict, report
    assert says in " ".join(report.findings)


@pytest.mark.parametrize("case", INNOCENT)
def test_weights_are_safe(tmp_path: Path, case: str) -> None:
    report = verdict_on(tmp_path / "x.pt", INNOCENT[case](tmp_path / "ran"))
    assert report == SafetyReport(SAFE)


def test_the_payloads_would_run_if_they_were_loaded(tmp_path: Path) -> None:
    """The corpus is worth nothing if its payloads were duds."""
    for case in ("REDUCE", "OBJ", "INST", "STACK_GLOBAL", "protocol 0", "getattr", "partial",
                 "resolve_name", "a name with escapes", "a name in raw escapes"):  # fmt: skip
        mark = tmp_path / case
        pickle.loads(HARMFUL[case](mark))  # noqa: S301
        assert mark.exists(), case


def test_a_frame_that_ends_too_soon_would_run_as_well(tmp_path: Path) -> None:
    """Torch, too, unpickles from a `BytesIO`."""
    mark = tmp_path / "ran"
    pickle.load(io.BytesIO(_out_of_step(pickle2(payload(mark)))))  # noqa: S301
    assert mark.exists()


def test_names_are_shown_as_text_and_not_all_of_them(tmp_path: Path) -> None:
    evil = "a\x1b]0;owned\x07\u202e" + "n" * 500
    report = verdict_on(
        tmp_path / "x.pt", pickle4(*(stack_name("m", f"{i}{evil}") + b"0" for i in range(50)), b"N")
    )
    shown = " ".join(report.findings)
    assert "\\x1b]0;owned\\x07\\u202e" in shown
    assert "and 45 more" in shown
    assert len(shown) < 2_000


def test_an_import_name_hidden_behind_many_still_counts(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    many = b"".join(b"cm%d\nx\n0" % i for i in range(5_000))
    report = verdict_on(tmp_path / "x.pt", pickle2(many, payload(mark)))
    assert report.verdict is DANGEROUS
    assert "os.system" in report.findings[0]


@pytest.mark.parametrize(
    "make",
    [
        lambda: pickle4(b"\x8c\x01a\x8c\x01b" + b"\x94" * 40_000 + b"\x93" * 10_000),
        lambda: b"\x80\x02" + b"N." * 200_000,
        lambda: b"\x80\x02" + b"csomebody\nx\n0" * 30_000 + b"N.",
        lambda: b"\x80\x02X" + struct.pack("<I", 10_000_000) + b"\xff" * 10_000_000 + b".",
    ],
)  # fmt: skip
def test_bombs_take_little_memory(tmp_path: Path, make: Callable[[], bytes]) -> None:
    content = make()
    tracemalloc.start()
    try:
        verdict_on(tmp_path / "x.pt", content)
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()


def test_foreign_errors_never_lower_a_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("cannot")

    monkeypatch.setattr("picklescan.scanner.scan_pickle_bytes", fail)
    assert verdict_on(tmp_path / "x.pt", HARMFUL["REDUCE"](tmp_path)).verdict is DANGEROUS
    unknown = ODD["an unknown class"][1](tmp_path)
    assert verdict_on(tmp_path / "y.pt", unknown).verdict is SUSPICIOUS


def test_picklescan_condemns_what_we_do_not_know(tmp_path: Path, capfd: Any) -> None:
    """`uuid` and `cProfile.run` are on its list; it says so to us and to nobody else."""
    report = verdict_on(tmp_path / "x.pt", _calls("uuid", "UUID", text("x"))(tmp_path))
    assert report.verdict is DANGEROUS
    assert capfd.readouterr() == ("", "")


def test_a_tensor_pickled_without_torch_save(tmp_path: Path) -> None:
    """Its bytes are another pickle, and that one is looked at."""
    inner = a.torch_zip(a.HEALTHY)
    outer = pickle2(call(name("torch.storage", "_load_from_bytes"), a.binary(inner)))
    report = verdict_on(tmp_path / "x.pkl", outer)
    assert report.verdict is SUSPICIOUS
    assert "_load_from_bytes" in report.findings[0]


@pytest.mark.render
@pytest.mark.parametrize("old_format", [False, True])
def test_what_torch_saves(tmp_path: Path, old_format: bool) -> None:
    torch = pytest.importorskip("torch")
    numpy = pytest.importorskip("numpy")
    state = collections.OrderedDict(torch.nn.Conv2d(3, 5, 3).to(torch.bfloat16).state_dict())
    state["half"] = torch.zeros(2, 0, dtype=torch.float16)
    state["parameter"] = torch.nn.Parameter(torch.zeros(4))
    state["sparse"] = torch.eye(3).to_sparse()
    state["scale"] = numpy.float64(0.5)
    state["table"] = numpy.zeros((2, 3))
    embedding = {
        "string_to_param": torch.nn.ParameterDict({"*": torch.nn.Parameter(torch.zeros(2))})
    }
    for number, value in enumerate(({"state_dict": state, "global_step": 5}, embedding)):
        path = tmp_path / f"{number}.ckpt"
        torch.save(value, path, _use_new_zipfile_serialization=not old_format)
        assert verdict_on(path, path.read_bytes()) == SafetyReport(SAFE)


class _Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return os.system, (f"touch '{self.mark}'",)


@pytest.mark.render
@pytest.mark.parametrize("old_format", [False, True])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_what_torch_saves_with_a_payload(tmp_path: Path, protocol: int, old_format: bool) -> None:
    torch = pytest.importorskip("torch")
    mark, path = tmp_path / "ran", tmp_path / "x.ckpt"
    torch.save(
        {"state_dict": {"a": torch.zeros(2)}, "x": _Evil(mark)},
        path,
        pickle_protocol=protocol,
        _use_new_zipfile_serialization=not old_format,
    )
    assert verdict_on(path, path.read_bytes()).verdict is DANGEROUS
    assert not mark.exists()
