"""First bytes of what has no place in a model: programs, and archives that are not looked into."""

from __future__ import annotations

_PROGRAMS: tuple[tuple[bytes, str], ...] = (
    (b"\x7fELF", "a program or library for Linux"),
    (b"MZ\x90\x00", "a program or library for Windows"),
    (b"\xcf\xfa\xed\xfe", "a program or library for macOS"),
    (b"\xca\xfe\xba\xbe", "a program or library for macOS, or a Java class"),
    (b"#!/", "a script"),
)

_SEALED: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\x89HDF\r\n", "an HDF5 file"),
)


def foreign_code(head: bytes) -> str | None:
    """Return what kind of program begins so, None for anything else."""
    return next((what for mark, what in _PROGRAMS if head.startswith(mark)), None)


def sealed_archive(head: bytes) -> str | None:
    """Return what kind of container begins so that nothing here can open, None for others."""
    return next((what for mark, what in _SEALED if head.startswith(mark)), None)
