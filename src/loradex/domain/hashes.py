"""The six digests the field knows a file by."""

from __future__ import annotations

from dataclasses import dataclass

EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
"""SHA-256 of no bytes: some tools wrote it into files. It identifies nothing."""


@dataclass(frozen=True, slots=True)
class Hashes:
    """Digests of one file, lower-case hex, as the hub defines them (docs/civitai.md).

    `sha256` and `blake3` cover the whole file. `crc32` is the ordinary IEEE CRC-32 with its bytes
    reversed, as the hub shows it. `autov1` covers 64 KiB at 1 MiB and is None under 2 MiB;
    `autov2` is the first ten digits of `sha256`; `autov3` the first twelve of the SHA-256 of the
    tensor bytes, None for anything but safetensors.
    """

    sha256: str
    blake3: str
    crc32: str
    autov1: str | None
    autov2: str
    autov3: str | None
