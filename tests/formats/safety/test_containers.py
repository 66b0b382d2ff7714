"""Archives that disagree with themselves, things in things, and names that lie."""

from __future__ import annotations

import gzip
import json
import os
import socket
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from files_kit import lora
from loradex.domain.progress import CancelToken
from loradex.domain.safety import Safety, SafetyReport
from loradex.errors import FormatError
from loradex.formats import pickle_walks
from loradex.formats.cursor import Cursor
from loradex.formats.pickle_machine import Seen, look_at
from loradex.operations.check import check

from . import assembling as a
from .assembling import payload, pickle2, torch_zip

SAFE, SUSPICIOUS, DANGEROUS, BROKEN, UNSCANNED = (
    Safety.SAFE,
    Safety.SUSPICIOUS,
    Safety.DANGEROUS,
    Safety.BROKEN,
    Safety.UNSCANNED,
)

Make = Callable[[Path], bytes]


def safetensors(header: object = None, body: int = 8, **entry: object) -> bytes:
    if header is None:
        header = {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **entry}}
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + bytes(body)


def with_body(body: bytes) -> bytes:
    """A healthy safetensors file with these bytes as its only tensor."""
    entry = {"dtype": "U8", "shape": [len(body)], "data_offsets": [0, len(body)]}
    return safetensors({"a": entry}, 0) + body


def end_record(count: int, size: int, offset: int) -> bytes:
    return struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, size, offset, 0)


def with_comment(archive: bytes, comment: bytes) -> bytes:
    return archive[:-2] + struct.pack("<H", len(comment)) + comment


def gguf(tensors: int = 0, pairs: int = 0, *, template: str | None = None) -> bytes:
    def string(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    body = b""
    if template is not None:
        pairs = 1
        body = string("tokenizer.chat_template") + struct.pack("<I", 8) + string(template)
    head = b"GGUF" + struct.pack("<IQQ", 3, tensors, pairs) + body
    return head + bytes(-len(head) % 32)


def evil(mark: Path) -> bytes:
    return pickle2(payload(mark))


def judged(path: Path) -> SafetyReport:
    [checked] = check(path, CancelToken())
    return checked.report


TWINS_FIRST: Make = lambda m: a.zipped(  # noqa: E731
    [("m/data.pkl", evil(m)), ("m/data.pkl", a.HEALTHY), ("m/version", b"3")]
)

ZIPS: dict[str, tuple[Safety, Make, str]] = {
    "healthy": (SAFE, lambda _m: torch_zip(a.HEALTHY), ""),
    "healthy and packed": (
        SAFE, lambda _m: torch_zip(a.HEALTHY, compress=zipfile.ZIP_DEFLATED), ""
    ),
    "twins, the first evil": (DANGEROUS, TWINS_FIRST, "more than one member"),
    "twins, the last evil": (
        DANGEROUS,
        lambda m: a.zipped([("m/data.pkl", a.HEALTHY), ("m/data.pkl", evil(m))]),
        "more than one member",
    ),
    "a second pickle": (DANGEROUS, lambda m: torch_zip(a.HEALTHY, ("m/x.pkl", evil(m))), "m/x.pkl"),
    "a pickle under no pickle's name": (
        DANGEROUS, lambda m: torch_zip(a.HEALTHY, ("m/notes.txt", evil(m))), "m/notes.txt",
    ),
    "a pickle of protocol 0 among text": (
        DANGEROUS,
        lambda m: torch_zip(a.HEALTHY, ("m/notes", evil(m)[2:])),
        "os.system",
    ),
    "a pickle where a storage should be": (
        DANGEROUS, lambda m: torch_zip(a.HEALTHY, ("m/data/1", evil(m))), "m/data/1",
    ),
    "a pickle that is packed": (
        DANGEROUS, lambda m: torch_zip(evil(m), compress=zipfile.ZIP_DEFLATED), "os.system",
    ),
    "a pickle in a zip in the zip": (
        DANGEROUS, lambda m: torch_zip(a.HEALTHY, ("m/in.pt", torch_zip(evil(m)))), "m/in.pt",
    ),
    "zips in each other": (
        UNSCANNED,
        lambda m: a.zipped([("1", a.zipped([("2", a.zipped([("3", a.zipped([("4", a.zipped(
            [("5", a.zipped([("data.pkl", evil(m))]))]))]))]))]))]),
        "too deeply",
    ),
    "a member that no list names": (
        DANGEROUS, lambda m: a.unlisted(torch_zip(a.HEALTHY), "m/x.pkl", evil(m)), "belong to none",
    ),
    "another name in the header before it": (
        SUSPICIOUS,
        lambda _m: a.with_other_local_header(torch_zip(a.HEALTHY), "m/version", 30, b"n"),
        "it is also called n/version",
    ),
    "another checksum": (
        SUSPICIOUS,
        lambda _m: a.with_other_listing(torch_zip(a.HEALTHY), "m/data.pkl", 16, b"\1\2\3\4"),
        "checksum",
    ),
    "another checksum in both": (
        SUSPICIOUS,
        lambda _m: a.with_other_local_header(
            a.with_other_listing(torch_zip(a.HEALTHY), "m/data.pkl", 16, b"\1\2\3\4"),
            "m/data.pkl", 14, b"\1\2\3\4",
        ),
        "does not have the checksum",
    ),
    "other flags": (
        SUSPICIOUS,
        lambda _m: a.with_other_local_header(torch_zip(a.HEALTHY), "m/data.pkl", 6, b"\1\0"),
        "its flags",
    ),
    "encrypted, it says": (
        UNSCANNED,
        lambda _m: a.with_other_local_header(
            a.with_other_listing(torch_zip(a.HEALTHY), "m/version", 8, b"\1\0"),
            "m/version", 6, b"\1\0",
        ),
        "encrypted",
    ),
    "another size": (
        SUSPICIOUS,
        lambda _m: a.with_other_local_header(torch_zip(a.HEALTHY), "m/version", 22, b"\x09"),
        "size or checksum",
    ),
    "packed in a way nobody knows": (
        UNSCANNED,
        lambda _m: a.with_other_local_header(
            a.with_other_listing(torch_zip(a.HEALTHY), "m/version", 10, b"\x63\0"),
            "m/version", 8, b"\x63\0",
        ),
        "cannot be looked into",
    ),
    "another count": (
        SUSPICIOUS,
        lambda _m: torch_zip(a.HEALTHY)[:-12] + b"\7\0" + torch_zip(a.HEALTHY)[-10:],
        "says that they are 7",
    ),
    "bytes before": (
        SUSPICIOUS, lambda _m: b"PK\x03\x04" + bytes(100) + torch_zip(a.HEALTHY), "104 bytes",
    ),
    "bytes after": (SUSPICIOUS, lambda _m: torch_zip(a.HEALTHY) + b"tail", "4 bytes after"),
    "another zip before": (
        DANGEROUS, lambda m: torch_zip(evil(m)) + torch_zip(a.HEALTHY), "belong to none",
    ),
    "another zip after": (
        DANGEROUS, lambda m: torch_zip(a.HEALTHY) + torch_zip(evil(m)), "os.system",
    ),
    "a pickle before": (
        SUSPICIOUS, lambda _m: a.HEALTHY + torch_zip(a.HEALTHY), "glued to its end",
    ),
    "a pickle with an evil zip behind it": (
        DANGEROUS, lambda m: a.HEALTHY + torch_zip(evil(m)), "glued to its end",
    ),
    "an evil pickle with a zip behind it": (
        DANGEROUS, lambda m: evil(m) + torch_zip(a.HEALTHY), "os.system",
    ),
    "cut short": (BROKEN, lambda _m: torch_zip(a.HEALTHY)[:-60], "not fully scanned"),
    "cut short behind a payload": (DANGEROUS, lambda m: torch_zip(evil(m))[:-60], "os.system"),
    "a list that is nonsense": (
        BROKEN, lambda _m: torch_zip(a.HEALTHY).replace(b"PK\1\2", b"PK\1\7"), "broken list",
    ),
    "a name that leads out": (
        SUSPICIOUS, lambda _m: torch_zip(a.HEALTHY, ("../../x", b"x")), "leads elsewhere",
    ),
    "an absolute name": (
        SUSPICIOUS, lambda _m: torch_zip(a.HEALTHY, ("/etc/x", b"x")), "leads elsewhere",
    ),
    "a drive": (SUSPICIOUS, lambda _m: torch_zip(a.HEALTHY, ("c:\\x", b"x")), "leads elsewhere"),
    "a library": (DANGEROUS, lambda _m: torch_zip(a.HEALTHY, ("m/x.so", b"x")), "a library"),
    "a library under another name": (
        DANGEROUS, lambda _m: torch_zip(a.HEALTHY, ("m/x", b"\x7fELF" + bytes(60))), "for Linux",
    ),
    "program code": (SUSPICIOUS, lambda _m: torch_zip(a.HEALTHY, ("m/x.py", b"1")), "program code"),
    "a TorchScript program": (
        SUSPICIOUS, lambda _m: torch_zip(a.HEALTHY, ("m/constants.pkl", b"\x80\2).")), "Script",
    ),
    "an exported program": (
        SUSPICIOUS, lambda _m: a.zipped([("m/archive_format", b"pt2")]), "exported program",
    ),
    "a sealed archive inside": (
        UNSCANNED, lambda _m: torch_zip(a.HEALTHY, ("m/x", gzip.compress(b"x"))), "gzip",
    ),
    "no model at all": (BROKEN, lambda _m: a.zipped([("readme.txt", b"hello")]), "a zip archive"),
    "arrays": (SAFE, lambda _m: a.zipped([("a.npy", a.npy("<f8", bytes(8)))]), ""),
    "arrays of objects": (
        DANGEROUS, lambda m: a.zipped([("a.npy", a.npy("|O", evil(m)))]), "os.system",
    ),
}  # fmt: skip

FILES: dict[str, tuple[str, Safety, Make, str]] = {
    "a pickle named safetensors": (
        "x.safetensors", SUSPICIOUS, lambda _m: torch_zip(a.HEALTHY), "says .safetensors",
    ),
    "an evil pickle named safetensors": (
        "x.safetensors", DANGEROUS, evil, "os.system",
    ),
    "a pickle named gguf, in capitals": (
        "x.GGUF", SUSPICIOUS, lambda _m: a.HEALTHY, "says .gguf",
    ),
    "two suffixes": (
        "x.safetensors.PT", SUSPICIOUS, lambda _m: a.HEALTHY, "says .safetensors",
    ),
    "two suffixes, the other way": (
        "x.ckpt.SafeTensors", DANGEROUS, lambda m: torch_zip(evil(m)), "says .safetensors",
    ),
    "a web page named safetensors": (
        "x.safetensors", BROKEN, lambda _m: b"<!doctype html><html>", "not what its name says",
    ),
    "JSON named safetensors": (
        "x.safetensors", BROKEN, lambda _m: b'{"error": "login"}', "not what its name says",
    ),
    "text named pt": ("x.pt", BROKEN, lambda _m: b"not a model", "is a text"),
    "nothing": ("x.pt", BROKEN, lambda _m: b"", "is empty"),
    "zeros": ("x.pt", BROKEN, lambda _m: bytes(5000), "zeros"),
    "weights named pt": ("x.pt", SAFE, lambda _m: safetensors(), "is a safetensors file"),
    "weights named pt with a zip in them": (
        "x.pt", DANGEROUS,
        lambda m: with_body(torch_zip(evil(m))),
        "glued to its end",
    ),
    "weights with a zip behind": (
        "x.safetensors", DANGEROUS, lambda m: safetensors() + torch_zip(evil(m)), "after its last",
    ),
    "weights with a zip in their tensors": (
        "x.safetensors", DANGEROUS, lambda m: with_body(bytes(99) + torch_zip(evil(m))),
        "os.system",
    ),
    "weights with a zip of weights in their tensors": (
        "x.safetensors", SUSPICIOUS, lambda _m: with_body(torch_zip(a.HEALTHY)), "glued to its end",
    ),
    "weights with a zip that has a long comment": (
        "x.safetensors", DANGEROUS,
        lambda m: with_body(with_comment(torch_zip(evil(m)), bytes(65_000))), "os.system",
    ),
    "weights with a zip and a false end of one behind": (
        "x.safetensors", DANGEROUS,
        lambda m: with_body(torch_zip(evil(m)) + end_record(1, 46, 0)), "os.system",
    ),
    "weights with many false ends": (
        "x.safetensors", SUSPICIOUS, lambda _m: with_body(end_record(1, 46, 0) * 20), "more ends",
    ),
    "weights with the mark of an end by chance": (
        "x.safetensors", SAFE, lambda _m: with_body(b"PK\5\6" + bytes(range(99))), "",
    ),
    "weights with a list that leads nowhere": (
        "x.safetensors", SAFE,
        lambda _m: with_body(b"PK\1\2" + bytes(42) + end_record(1, 46, 0)), "",
    ),
    "weights with an empty zip": (
        "x.safetensors", SAFE, lambda _m: with_body(end_record(0, 0, 0)), "",
    ),
    "GGUF with a zip behind": (
        "x.gguf", DANGEROUS, lambda m: gguf() + torch_zip(evil(m)), "glued to its end",
    ),
    "a pickle of old with the mark of an end by chance": (
        "x.pkl", BROKEN, lambda _m: a.HEALTHY + b"PK\5\6" + bytes(range(99)), "after its pickle",
    ),
    "healthy weights": ("x.safetensors", SAFE, lambda _m: safetensors(), ""),
    "a header longer than the file": (
        "x.safetensors", BROKEN, lambda _m: struct.pack("<Q", 10**7) + b"{}" + bytes(50), "cut",
    ),
    "offsets that overlap": (
        "x.safetensors", BROKEN,
        lambda _m: safetensors({k: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
                                for k in "ab"}, 4),
        "overlap",
    ),
    "a shape that lies": (
        "x.safetensors", BROKEN, lambda _m: safetensors(shape=[2**40]), "damaged",
    ),
    "nested for ever": (
        "x.safetensors", BROKEN, lambda _m: safetensors(b'{"a":' + b"[" * 200_000, 0), "damaged",
    ),
    "GGUF": ("x.gguf", SAFE, lambda _m: gguf(), ""),
    "GGUF with a template": (
        "x.gguf", SAFE, lambda _m: gguf(template="{{ cycler.__init__.__globals__.os }}"), "",
    ),
    "GGUF of absurd counts": ("x.gguf", BROKEN, lambda _m: gguf(2**60, 2**60), "more than it can"),
    "gzip": ("x.pt", UNSCANNED, lambda m: gzip.compress(evil(m)), "gzip"),
    "7z": ("x.ckpt", UNSCANNED, lambda _m: b"7z\xbc\xaf\x27\x1c" + bytes(90), "7z"),
    "a tar": ("x.pt", UNSCANNED, lambda _m: a.tarred([("pickle", a.HEALTHY)]), "tar"),
    "an evil tar": (
        "x.pt", DANGEROUS, lambda m: a.tarred([("sys_info", b"x"), ("pickle", evil(m))]), "pickle",
    ),
    "an array": ("x.npy", SAFE, lambda _m: a.npy("<f4", bytes(4)), ""),
    "an array of objects": ("x.npy", DANGEROUS, lambda m: a.npy("|O", evil(m)), "os.system"),
    "a structured array of objects": (
        "x.npy", DANGEROUS, lambda m: a.npy("[('a', '|O')]", evil(m)), "os.system",
    ),
    "a program": ("x.bin", DANGEROUS, lambda _m: b"\x7fELF" + bytes(100), "program"),
}  # fmt: skip


@pytest.mark.parametrize("case", ZIPS)
def test_archives(tmp_path: Path, case: str) -> None:
    verdict, make, says = ZIPS[case]
    mark, path = tmp_path / "ran", tmp_path / ("x.npz" if "arrays" in case else "x.ckpt")
    path.write_bytes(make(mark))
    report = judged(path)
    assert report.verdict is verdict, report
    assert says in " ".join(report.findings)
    assert bool(report.findings) == (verdict is not SAFE)
    assert not mark.exists()


@pytest.mark.parametrize("case", FILES)
def test_files_by_their_contents(tmp_path: Path, case: str) -> None:
    name, verdict, make, says = FILES[case]
    mark, path = tmp_path / "ran", tmp_path / name
    path.write_bytes(make(mark))
    report = judged(path)
    assert report.verdict is verdict, report
    assert says in " ".join(report.findings)
    assert not mark.exists()


def test_archives_that_unpack_to_much_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loradex.formats.safety.scanning.MAX_UNPACKED", 2_500_000)
    member = b"\x80\x02X" + struct.pack("<I", 1_000_000) + bytes(1_000_000) + b"."
    path = tmp_path / "x.pt"
    path.write_bytes(
        a.zipped([(f"m/{i}.pkl", member) for i in range(4)], compress=zipfile.ZIP_DEFLATED)
    )
    report = judged(path)
    assert report.verdict is UNSCANNED
    assert [text for text in report.findings if "m/2.pkl was not looked into" in text]


def test_archives_of_endless_members_are_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loradex.formats.safety.scanning.MAX_MEMBERS", 50)
    path = tmp_path / "x.pt"
    path.write_bytes(torch_zip(a.HEALTHY, *((f"m/{i}", b"x") for i in range(60))))
    assert judged(path).verdict is UNSCANNED


def test_a_member_unpacks_to_what_it_says_and_no_further(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    member = b"\x80\x02X" + struct.pack("<I", 50_000_000) + bytes(50_000_000) + b"."
    content = a.zipped([("m/x.pkl", member)], compress=zipfile.ZIP_DEFLATED)
    path.write_bytes(a.with_other_listing(content, "m/x.pkl", 24, struct.pack("<I", 1000)))
    tracemalloc.start()
    try:
        report = judged(path)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert report.verdict is SUSPICIOUS


def test_the_header_and_the_verdict_read_each_pickle_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []

    def counted(cursor: Cursor, limit: int) -> Seen:
        read.append(cursor.position)
        return look_at(cursor, limit)

    monkeypatch.setattr(pickle_walks, "look_at", counted)
    for number, content in enumerate((torch_zip(a.HEALTHY), a.HEALTHY, a.HEALTHY * 2)):
        (tmp_path / "x.pt").write_bytes(content)
        read.clear()
        assert judged(tmp_path / "x.pt") == SafetyReport(SAFE)
        assert len(read) == (2 if number == 2 else 1)


def test_raw_bytes_of_tensors_are_not_taken_for_pickles(tmp_path: Path) -> None:
    """One storage in ten thousand begins as a pickle does."""
    path = tmp_path / "x.ckpt"
    path.write_bytes(torch_zip(a.HEALTHY, ("m/data/1", b"\x80\x02c\xff\n\xfe\nq" + bytes(50))))
    assert judged(path) == SafetyReport(SAFE)


def _diffusers(folder: Path) -> Path:
    (folder / "unet").mkdir(parents=True)
    lora(folder / "unet" / "diffusion_pytorch_model.safetensors")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"],
    }
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "unet" / "config.json").write_text('{"_class_name": "UNet2DConditionModel"}')
    return folder


def _write(path: str, content: bytes | str) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        place = folder / path
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


FOLDERS: dict[str, tuple[Safety, Callable[[Path], None], str]] = {
    "healthy": (SAFE, _write("README.md", "hello"), ""),
    "a chat template": (SAFE, _write("tokenizer/chat_template.jinja", "{{ x }}"), ""),
    "code beside it": (SUSPICIOUS, _write("pipeline.py", "1"), "pipeline.py is program code"),
    "a class of its own": (
        SUSPICIOUS, _write("unet/config.json", '{"auto_map": {"AutoModel": "x.Y"}}'), "auto_map",
    ),
    "trust_remote_code, deep down": (
        SUSPICIOUS, _write("vae/config.json", '{"a": [{"trust_remote_code": true}]}'), "trust_",
    ),
    "a custom pipeline": (
        SUSPICIOUS,
        _write("model_index.json", '{"_class_name": ["pipeline", "Mine"]}'),
        "_class_name (pipeline.Mine)",
    ),
    "a part from elsewhere": (
        SUSPICIOUS,
        _write("model_index.json", '{"_class_name": "X", "unet": ["evil", "Net"]}'),
        "unet (evil.Net)",
    ),
    "the checker that has always been there": (
        SAFE,
        _write("model_index.json",
               '{"_class_name": "X", "x": [null, null], "checker": ["stable_diffusion", "S"]}'),
        "",
    ),
    "a healthy pickle": (SAFE, _write("unet/x.bin", torch_zip(a.HEALTHY)), ""),
    "an evil pickle": (
        DANGEROUS, _write("unet/x.bin", torch_zip(pickle2(payload(Path("/nowhere/ran"))))),
        "unet/x.bin: ",
    ),
    "a broken part": (BROKEN, _write("vae/x.safetensors", "<html>"), "vae/x.safetensors: "),
    "settings that are none": (BROKEN, _write("vae/config.json", "{"), "is not a JSON"),
}  # fmt: skip


@pytest.mark.parametrize("case", FOLDERS)
def test_diffusers_folders(tmp_path: Path, case: str) -> None:
    verdict, change, says = FOLDERS[case]
    folder = _diffusers(tmp_path / "pipe")
    change(folder)
    report = judged(folder)
    assert report.verdict is verdict, report
    assert says in " ".join(report.findings)


def test_what_is_no_file_gets_a_sentence_and_no_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pt")
    (tmp_path / "loop.pt").symlink_to(tmp_path / "loop.pt")
    (tmp_path / "lost.pt").symlink_to(tmp_path / "nowhere")
    (tmp_path / "folder.pt").mkdir()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s.pt"))
        for name in ("pipe.pt", "loop.pt", "lost.pt", "s.pt"):
            report = judged(tmp_path / name)
            assert report.verdict is UNSCANNED
            assert report.findings
    assert judged(Path("/dev/zero")).verdict is UNSCANNED
    for name in ("folder.pt", "not there"):
        with pytest.raises(FormatError):
            list(check(tmp_path / name, CancelToken()))


def test_folders_are_walked_and_circles_are_left(tmp_path: Path) -> None:
    lora(tmp_path / "b" / "weights.safetensors")
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "OPTIMIZER.BIN").write_bytes(a.HEALTHY)
    (tmp_path / "a" / "picture.png").write_bytes(b"x")
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    _diffusers(tmp_path / "c")
    found = [checked.path.name for checked in check(tmp_path, CancelToken())]
    assert found == ["OPTIMIZER.BIN", "weights.safetensors", "c"]
