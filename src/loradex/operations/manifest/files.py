"""Manifests as files: JSON or CSV by name when written, by content when read."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from loradex import __version__
from loradex.domain.manifest import Entry
from loradex.errors import UsageError
from loradex.operations.manifest.checked import ManifestError
from loradex.operations.manifest.csv_form import read_csv, write_csv
from loradex.operations.manifest.json_form import HOW, read_json, write_json

FORMS = ("json", "csv")


def form_of(path: Path) -> str:
    """Return `json` or `csv` by a file's suffix; raise `UsageError` for any other."""
    form = path.suffix.lower().lstrip(".")
    if form not in FORMS:
        raise UsageError(
            f"{path.name} says neither .json nor .csv.", hint="End its name with one of them."
        )
    return form


def write_to(file: IO[str], entries: Iterable[Entry], form: str) -> int:
    """Write a manifest to an open file; return how many models it has."""
    if form == "csv":
        return write_csv(file, entries)
    made_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return write_json(file, entries, made_by=f"loradex {__version__}", made_at=made_at)


def write_manifest(path: Path, entries: Iterable[Entry], *, replace: bool = False) -> int:
    """Write a manifest whole or not at all; return how many models it has.

    Raises `ManifestError` when there is such a file already, unless it may be replaced, or when it
    cannot be written.
    """
    form = form_of(path)
    if path.exists() and not replace:
        raise ManifestError(
            f"There is a file {path} already.", hint="Name another, or replace it with --force."
        )
    partial = path.with_name(f".{path.name[:100]}.{secrets.token_hex(4)}.partial")
    try:
        with partial.open("x", encoding="utf-8", newline="" if form == "csv" else "\n") as file:
            count = write_to(file, entries, form)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise ManifestError(
            f"{path} cannot be written: {error.strerror or error}.",
            hint="Check the folder, its permissions and the free space there.",
        ) from error
    finally:
        with suppress(OSError):
            partial.unlink()
    return count


def read_manifest(path: Path) -> Iterator[Entry]:
    """Yield the models of a manifest, JSON or CSV; raise `ManifestError` where it is none."""
    try:
        with path.open("rb") as raw:
            start = raw.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
        form = "json" if start.startswith(b"{") else "csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from read_json(file, str(path)) if form == "json" else read_csv(file, str(path))
    except OSError as error:
        raise ManifestError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise ManifestError(f"{path} is not a manifest: it is no text.", hint=HOW) from error
