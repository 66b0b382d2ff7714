"""Two libraries with models and sidecars, scanned and hashed, for tests that move files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.domain.plans import MovePlan, Place
from loradex.domain.progress import CancelToken, SilentSink
from loradex.operations.hash_pass import hash_pass
from loradex.operations.libraries import add_library, find_library
from loradex.operations.moves.planning import Wanted, plan_moves
from loradex.operations.scan import scan
from loradex.operations.scan_report import ScanReport


def fill_inbox(inbox: Path) -> None:
    """Write three LoRAs, one of them with three sidecars, and a file of somebody else's."""
    lora(inbox / "neon.safetensors", seed=1)
    (inbox / "neon.civitai.info").write_text('{"id": 1}')
    (inbox / "neon.preview.png").write_bytes(b"\x89PNG picture")
    (inbox / "neon.safetensors.sha256").write_text("0" * 64)
    lora(inbox / "sub" / "glow.safetensors", text_width=768, seed=2)
    lora(inbox / "plain.safetensors", seed=3)
    (inbox / "neon.v2.notes").write_text("not of neon")


def add(catalog: Catalog, *folders: Path) -> None:
    """Register folders, scan and hash them."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        add_library(catalog, folder, name=folder.name)
    rescan(catalog)
    hash_pass(catalog, sink=SilentSink(), cancel=CancelToken())


def rescan(catalog: Catalog) -> ScanReport:
    """Scan all libraries."""
    return scan(
        catalog, catalog.files.libraries(), workers=1, sink=SilentSink(), cancel=CancelToken()
    )


def file_ids(catalog: Catalog, library: str) -> dict[str, int]:
    """Return the ids of a library's files by their relative paths."""
    known = catalog.files.known_files(find_library(catalog, library).id)
    return {os.fsdecode(path): file.id for path, file in known.items()}


def place(catalog: Catalog, library: str, relative: str) -> Place:
    """Return a place in a library."""
    found = find_library(catalog, library)
    return Place(found.id, os.fsencode(found.root), os.fsencode(relative))


def planned(catalog: Catalog, moves: Iterable[tuple[str, str, str, str]]) -> MovePlan:
    """Return a plan of `(library, path, to library, to path)`."""
    wanted = []
    for library, relative, to_library, to_relative in moves:
        known = catalog.plans.places([file_ids(catalog, library)[relative]])[0]
        wanted.append(Wanted(known, place(catalog, to_library, to_relative)))
    return plan_moves("test", "A test", wanted)


def tree(*roots: Path) -> dict[str, str]:
    """Return every file below these folders with the digest of its bytes and its time."""
    return {
        str(path): f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_mtime_ns}"
        for root in roots
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def contents(*roots: Path) -> list[str]:
    """Return the digests and times of all files below these folders, whatever their names."""
    return sorted(tree(*roots).values())


def nothing_new(catalog: Catalog) -> None:
    """Hold that a scan finds nothing to do, nothing to hash, and no row without its file."""
    report = rescan(catalog)
    assert (report.new, report.changed, report.moved, report.missing, report.back) == (0,) * 5
    assert report.problems == []
    assert catalog.files.to_hash() == []
