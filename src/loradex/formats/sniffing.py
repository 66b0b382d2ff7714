"""What a file really is, told from its first bytes and never from its name."""

from __future__ import annotations

from pathlib import Path

from loradex.domain.header import FileFormat
from loradex.errors import FormatError
from loradex.formats.limits import MAX_HEADER_BYTES
from loradex.formats.model_file import ModelFile, refused

LONGEST_SIGN = 512
"""Bytes from the start that tell what a file is."""

_AGAIN = "Download it again."
_LOGIN = "Download it again; the site probably wanted a login."
_UNPACK = "Unpack it; the model may be inside."
_HTML_TAGS = ("<!doctype html", "<html", "<head", "<body")

# First bytes of what else lies in model folders: what it is, and what to do.
_OTHERS: tuple[tuple[bytes, str, str], ...] = (
    (
        b"version https://git-lfs",
        "a Git LFS pointer",
        "Fetch the model itself with `git lfs pull`.",
    ),
    (b"\x1f\x8b", "a gzip archive", _UNPACK),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"\xfd7zXZ\x00", "an xz archive", _UNPACK),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", _UNPACK),
    (b"BZh", "a bzip2 archive", _UNPACK),
    (b"PK\x05\x06", "an empty zip archive", _AGAIN),
    (b"\x89PNG", "a PNG picture", "Give it its own suffix."),
    (b"\xff\xd8\xff", "a JPEG picture", "Give it its own suffix."),
    (b"GIF8", "a GIF picture", "Give it its own suffix."),
    (b"%PDF", "a PDF document", _AGAIN),
    (b"\x7fELF", "a program", "Do not run it, and delete it."),
    (b"MZ", "a Windows program", "Do not run it, and delete it."),
    (b"\x89HDF", "an HDF5 file", "Convert it to safetensors."),
    (b"\x93NUMPY", "a NumPy array", "Convert it to safetensors."),
    (b"SQLite format 3\x00", "an SQLite database", _AGAIN),
)


def safetensors_body_offset(file: ModelFile) -> int | None:
    """Return where the tensor bytes begin if the file looks like safetensors, else None.

    Layout: a little-endian u64 with the length of the header, the header (a JSON object), the
    tensors (https://github.com/huggingface/safetensors#format). The header is not read.
    """
    return body_offset(file.read_at(0, 9), file.size)


def body_offset(head: bytes, size: int) -> int | None:
    """Return the same for a file of `size` bytes that begins with `head`, nine bytes at least."""
    if len(head) < 9 or head[8:9] != b"{":
        return None
    length = int.from_bytes(head[:8], "little")
    end = 8 + length
    return end if length <= MAX_HEADER_BYTES and end <= size else None


def tell_format(file: ModelFile) -> FileFormat:
    """Return the container of a file; raise FormatError, saying what it is, for anything else."""
    head = file.read_at(0, LONGEST_SIGN)
    length = int.from_bytes(head[:8], "little")
    if len(head) > 8 and head[8:9] == b"{" and length <= MAX_HEADER_BYTES:
        return FileFormat.SAFETENSORS
    if head.startswith((b"GGUF", b"FUGG")):
        return FileFormat.GGUF
    if head.startswith(b"PK\x03\x04") or (head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05"):
        return FileFormat.PICKLE
    other = _not_a_model(file.path, head)
    if other is not None:
        raise other
    # What remains is binary: a safetensors file whose length field or first byte is wrong, or
    # something nobody here has met.
    if head[8:9] == b"{" or (length <= file.size - 8 and head[8:9] in b"[ \t\r\n"):
        return FileFormat.SAFETENSORS
    raise refused(file.path, "is not a model file that loradex knows.", "Check where it came from.")


def _not_a_model(path: Path, head: bytes) -> FormatError | None:
    found = _empty(head) or _other_format(head) or _text(head)
    if found is None and len(head) < 9:
        found = f"is only {len(head)} bytes long, too short for a model file.", _AGAIN
    return refused(path, *found) if found else None


def _empty(head: bytes) -> tuple[str, str] | None:
    if not head:
        return "is empty.", _AGAIN
    if not head.strip(b"\x00"):
        return "starts with nothing but zeros.", "Its download never finished: download it again."
    return None


def _other_format(head: bytes) -> tuple[str, str] | None:
    for magic, what, hint in _OTHERS:
        if head.startswith(magic):
            return f"is {what}, not a model file.", hint
    if head[257:262] == b"ustar":
        return "is a tar archive, not a model file.", _UNPACK
    return None


def _text(head: bytes) -> tuple[str, str] | None:
    text = _as_text(head)
    if text is None:
        return None
    start = text.lstrip().lower()
    if start.startswith("<") and any(tag in start for tag in _HTML_TAGS):
        return "is an HTML page, not a model file.", _LOGIN
    if start.startswith("<"):
        return "is an XML document, not a model file.", _AGAIN
    if start.startswith(("{", "[")):
        hint = "Download it again; the site probably answered with an error message."
        return "is a JSON text, not a model file.", hint
    return "is a text file, not a model file.", _AGAIN


def _as_text(head: bytes) -> str | None:
    """Return the start as text if it is one; a character cut at the end does not count."""
    try:
        text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 7 or len(head) < LONGEST_SIGN:
            return None
        text = head[: error.start].decode("utf-8", "ignore")
    printable = sum(character.isprintable() or character in "\t\r\n\f" for character in text)
    return text if printable == len(text) else None
