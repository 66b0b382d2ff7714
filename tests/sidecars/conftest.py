"""Models on a disk that are in the catalog, hashed, for sidecars to lie beside."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_kit import add_library, look
from cli.kit import Ended, Run
from files_kit import lora
from loradex.catalog.catalog import Catalog
from loradex.catalog.facts import fact_row, put_facts
from loradex.cli.main import main
from loradex.domain.evidence import Evidence, Source
from loradex.domain.hashes import Hashes
from loradex.domain.progress import CancelToken, SilentSink
from loradex.formats.hashing import hash_file
from loradex.operations.sidecars.drafting import Draft
from loradex.operations.sidecars.exporting import ExportReport, export_sidecars
from loradex.operations.sidecars.importing import import_sidecars
from loradex.operations.sidecars.reading import ImportReport
from loradex.paths import Home
from loradex.plugin_manager import FencedDialect, load_plugins


class Shelf:
    """A library folder whose models the catalog knows."""

    def __init__(self, catalog: Catalog, root: Path, home: Home) -> None:
        self.catalog = catalog
        self.root = root
        self.plugins = load_plugins(home)
        self.dialects = self.plugins.sidecar_dialects()
        self._library = add_library(catalog, root)
        self._number = 0

    def model(self, name: str, *, kind: str = "lora", hashed: bool = True) -> int:
        """Put a model on the shelf and return its id; `name` may have folders."""
        self._number += 1
        path = lora(self.root / name, seed=self._number)
        info = path.stat()
        seen = look(
            os.fsencode(name), self._number, kind=kind, size=info.st_size, inode=info.st_ino
        )
        self.catalog.looks.record(self._library, [seen], "1")
        if hashed:
            self.hash(name)
        return max(place.content_id for place in self.catalog.sidecars.places())

    def hash(self, name: str) -> Hashes:
        """Let the catalog know a model's digests."""
        hashes = hash_file(self.root / name)
        waiting = {os.fsdecode(item.path): item for item in self.catalog.files.to_hash()}
        self.catalog.looks.record_hashes([(waiting[str(self.root / name)], hashes)])
        return hashes

    def sha256(self, name: str) -> str:
        return hash_file(self.root / name).sha256

    def write(self, name: str, value: object) -> Path:
        """Write a sidecar: text and bytes as they are, anything else as JSON."""
        path = self.root / name
        if isinstance(value, bytes):
            path.write_bytes(value)
        else:
            path.write_text(value if isinstance(value, str) else json.dumps(value), "utf-8")
        return path

    def read(self, name: str) -> dict[str, object]:
        document: dict[str, object] = json.loads((self.root / name).read_text("utf-8"))
        return document

    def dialect(self, name: str) -> FencedDialect:
        return next(d for d in self.dialects if d.name == name)

    def take_in(self, *ids: int, again: bool = False) -> ImportReport:
        """Import sidecars."""
        return import_sidecars(
            self.catalog, self.dialects, ids or None,
            again=again, sink=SilentSink(), cancel=CancelToken(),
        )  # fmt: skip

    def put_out(
        self,
        *tools: str,
        replace: bool = False,
        dry_run: bool = False,
        with_verdicts: bool = False,
    ) -> tuple[ExportReport, list[Draft]]:
        """Export sidecars of all models."""
        wanted = [d for d in self.dialects if set(tools) & set(d.tools)]
        ids = sorted({place.content_id for place in self.catalog.sidecars.places()})
        return export_sidecars(
            self.catalog, wanted, self.dialects, ids,
            replace=replace, dry_run=dry_run, with_verdicts=with_verdicts,
            sink=SilentSink(), cancel=CancelToken(),
        )  # fmt: skip

    def fact(self, content_id: int, field: str) -> tuple[str, str] | None:
        """Return a field's effective value and its source."""
        for fact in self.catalog.details(content_id).evidence:
            if fact.field == field and fact.value:
                return fact.value, fact.source.value
        return None

    def tell(self, content_id: int, field: str, value: str, source: Source) -> None:
        """Write one piece of evidence."""
        with self.catalog._writer.transaction() as connection:
            put_facts(connection, [fact_row(content_id, Evidence(field, value, source), 1.0)])
            self.catalog._writer.refresh(connection, [content_id])


@pytest.fixture
def shelf(catalog: Catalog, tmp_path: Path, home: Home) -> Iterator[Shelf]:
    root = tmp_path / "models"
    root.mkdir()
    made = Shelf(catalog, root, home)
    yield made
    assert made.plugins.problems == ()


@pytest.fixture
def run(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the program in this process, as the shell would."""

    def call(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["loradex", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        captured = capsys.readouterr()
        code = stop.value.code
        return Ended(code if isinstance(code, int) else 0, captured.out, captured.err)

    return call
