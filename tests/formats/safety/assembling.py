"""Pickles put together instruction by instruction, and containers that lie about what they hold."""

from __future__ import annotations

import io
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

STOP = b"."


def text(value: str) -> bytes:
    """BINUNICODE."""
    raw = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def binary(value: bytes) -> bytes:
    """BINBYTES."""
    return b"B" + struct.pack("<I", len(value)) + value


def name(module: str, attribute: str) -> bytes:
    """GLOBAL."""
    return f"c{module}\n{attribute}\n".encode()


def stack_name(module: str, attribute: str) -> bytes:
    """STACK_GLOBAL."""
    return text(module) + text(attribute) + b"\x93"


def call(function: bytes, *arguments: bytes) -> bytes:
    """REDUCE."""
    return function + b"(" + b"".join(arguments) + b"tR"


def pickle2(*parts: bytes) -> bytes:
    return b"\x80\x02" + b"".join(parts) + STOP


def pickle4(*parts: bytes) -> bytes:
    return b"\x80\x04" + b"".join(parts) + STOP


def touch(mark: Path) -> bytes:
    """The argument of a shell command that would leave a mark."""
    return text(f"touch '{mark}'")


def payload(mark: Path) -> bytes:
    return call(name("os", "system"), touch(mark))


def storage(kind: str = "FloatStorage", key: str = "0", count: int = 4) -> bytes:
    return (
        b"(" + text("storage") + name("torch", kind) + text(key) + text("cpu")
        + b"K" + bytes([count]) + b"tQ"
    )  # fmt: skip


def tensor(kind: str = "FloatStorage", key: str = "0") -> bytes:
    """One vector of four."""
    hooks = name("collections", "OrderedDict") + b")R"
    return call(
        name("torch._utils", "_rebuild_tensor_v2"),
        storage(kind, key), b"K\x00", b"K\x04\x85", b"K\x01\x85", b"\x89", hooks,
    )  # fmt: skip


def state_dict(*more: bytes) -> bytes:
    """A dictionary with one tensor and, after it, further pairs."""
    return b"}(" + text("a.weight") + tensor() + b"".join(more) + b"u"


HEALTHY = pickle2(state_dict())


def zipped(members: Sequence[tuple[str, bytes]], *, compress: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive; twins are allowed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compress) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile minds twins
        for member, data in members:
            archive.writestr(zipfile.ZipInfo(member), data, compress)
    return out.getvalue()


def torch_zip(data: bytes, *more: tuple[str, bytes], compress: int = zipfile.ZIP_STORED) -> bytes:
    """What torch.save writes: the pickle, a storage, the version."""
    members = [("m/data.pkl", data), ("m/data/0", bytes(16)), ("m/version", b"3\n"), *more]
    return zipped(members, compress=compress)


def with_other_local_header(archive: bytes, member: str, field: int, value: bytes) -> bytes:
    """Change bytes of the header before a member, not of the list at the end."""
    changed = bytearray(archive)
    at = archive.index(b"PK\x03\x04")
    while True:
        length = struct.unpack_from("<H", archive, at + 26)[0]
        if archive[at + 30 : at + 30 + length] == member.encode():
            break
        at = archive.index(b"PK\x03\x04", at + 4)
    changed[at + field : at + field + len(value)] = value
    return bytes(changed)


def with_other_listing(archive: bytes, member: str, field: int, value: bytes) -> bytes:
    """Change bytes of a member's entry in the list at the end."""
    changed = bytearray(archive)
    at = archive.index(b"PK\x01\x02")
    while archive[at + 46 : at + 46 + len(member)] != member.encode():
        at = archive.index(b"PK\x01\x02", at + 4)
    changed[at + field : at + field + len(value)] = value
    return bytes(changed)


def unlisted(archive: bytes, member: str, data: bytes) -> bytes:
    """Put a member between the others and the list, without listing it."""
    at = archive.index(b"PK\x01\x02")
    raw = member.encode()
    local = struct.pack(
        "<4s5H3I2H",
        b"PK\x03\x04",
        20,
        0,
        0,
        0,
        0,
        zlib.crc32(data),
        len(data),
        len(data),
        len(raw),
        0,
    )
    hidden = local + raw + data
    end = archive.rindex(b"PK\x05\x06")
    size, offset = struct.unpack_from("<2I", archive, end + 12)
    assert offset == at
    return (
        archive[:at] + hidden + archive[at : end + 12]
        + struct.pack("<2I", size, offset + len(hidden)) + archive[end + 20 :]
    )  # fmt: skip


def tarred(members: Sequence[tuple[str, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member, data in members:
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def npy(descr: str, data: bytes) -> bytes:
    """A NumPy file with one element."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,), }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data
