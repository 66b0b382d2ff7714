"""The files of a version as the API shows them: those that are here, and nothing of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loradex.catalog.serve_rows import ServedContent, ServedFile
from loradex.serving.hub_words import file_type, format_name, pickle_scan, precision_name
from loradex.serving.links import Links
from loradex.serving.shelf import Shelf, Version, digests

Document = dict[str, object]

_MAIN_TYPES = ("Model", "Pruned Model", "Diffusion Model", "UNet")


@dataclass(frozen=True, slots=True)
class File:
    """A content as a file of a version. `told` is what a hub said of these very bytes."""

    id: int
    name: str
    type: str
    content: ServedContent
    told: ServedFile | None

    @property
    def weight(self) -> tuple[bool, bool, bool]:
        """Sorts the file first that a plain download means, as the hub would."""
        return (
            bool(self.told and self.told.primary),
            self.type in _MAIN_TYPES,
            self.content.format == "safetensors",
        )


def files_of(shelf: Shelf, version: Version, told: Sequence[ServedFile]) -> list[File]:
    """Return the version's files that are here, the primary one first."""
    by_digest = {file.sha256: file for file in told if file.sha256}
    files = [
        _file(content, shelf.numbers[content.id], by_digest.get(content.sha256))
        for content in version.contents
    ]
    return sorted(files, key=lambda file: file.weight, reverse=True)


def _file(content: ServedContent, own_number: int, told: ServedFile | None) -> File:
    """Return a content as a file. Bytes that differ from the hub's file have a number of ours."""
    if told is None:
        return File(own_number, content.file_name, file_type(content.kind), content, None)
    return File(
        told.file_id or own_number,
        told.name or content.file_name,
        told.type or file_type(content.kind),
        content,
        told,
    )


def file_document(file: File, version: Version, links: Links, *, primary: bool) -> Document:
    """Return what all endpoints say of a file, except whether it is the primary one."""
    told, content = file.told, file.content
    metadata = {
        "format": format_name(content.format),
        "size": told.size_type if told else None,
        "fp": (told.precision if told else None) or precision_name(content.dtype),
        "quantType": (told.quantisation if told else None)
        or (content.quantisation or "").removeprefix("gguf-"),
    }
    document: Document = {
        "id": file.id,
        "sizeKB": content.size / 1024,
        "name": file.name,
        "overrideName": None,
        "type": file.type,
        "pickleScanResult": pickle_scan(content.safety),
        "pickleScanMessage": None,
        "virusScanResult": (told.virus_scan if told else None) or "Pending",
        "virusScanMessage": None,
        "scannedAt": None,
        "metadata": {key: value for key, value in metadata.items() if value},
        "hashes": digests(content),
        "downloadUrl": links.download(version.id, file.id),
    }
    return document | ({"primary": True} if primary else {})
