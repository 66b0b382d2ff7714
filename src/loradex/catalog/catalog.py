"""The catalog as the rest of loradex sees it: frozen dataclasses in and out."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType

from loradex.catalog.arrival_store import ArrivalStore
from loradex.catalog.details import model_details, resolve
from loradex.catalog.durable_writer import DurableWriter
from loradex.catalog.duplicate_rows import DuplicateRows
from loradex.catalog.file_store import FileStore
from loradex.catalog.grid_store import GridStore
from loradex.catalog.hash_store import HashStore
from loradex.catalog.hub_store import HubStore
from loradex.catalog.job_store import JobStore
from loradex.catalog.library_store import LibraryStore
from loradex.catalog.look_store import LookStore
from loradex.catalog.person_store import PersonStore
from loradex.catalog.plan_store import PlanStore
from loradex.catalog.reader import Reader
from loradex.catalog.schema import REVISIONS, schema_revision
from loradex.catalog.verify_store import VerifyStore
from loradex.catalog.writer import Writer
from loradex.domain.models import ModelDetails, ModelRow, Page
from loradex.paths import Home


class Catalog:
    """One open catalog. Reading is safe from any thread; edits are short transactions.

    `files`, `libraries`, `looks`, `person`, `hub` and `grids` hold the edits of their concern.
    """

    def __init__(self, home: Home) -> None:
        self.home = home
        self._reader = Reader(home.catalog)
        self._writer = Writer(home.catalog)
        self.files = FileStore(self._reader, self._writer)
        self.libraries = LibraryStore(self._reader, self._writer)
        self.looks = LookStore(self._writer)
        self.person = PersonStore(self._reader, self._writer)
        self.hub = HubStore(self._reader, self._writer)
        self.grids = GridStore(self._reader, self._writer)
        self.jobs = JobStore(self._reader, self._writer)
        self.hashes = HashStore(self._reader)
        self.verification = VerifyStore(self._reader, self._writer)
        self._durable = DurableWriter(home.catalog)
        self.plans = PlanStore(self._reader, self._durable)
        self.arrivals = ArrivalStore(self._reader, self._writer)
        self.duplicates = DuplicateRows(self._reader)

    @classmethod
    def open(cls, home: Home) -> Catalog:
        """Open the catalog of `home`, made or upgraded first where needed.

        Raises a `CatalogError` when it is damaged, newer than this loradex, or not writable
        although it must be.
        """
        if schema_revision(home.catalog) != REVISIONS[-1]:
            from loradex.catalog.upgrade import ensure_current  # noqa: PLC0415 - once per upgrade

            ensure_current(home)
        return cls(home)

    def search(self, query: str, *, limit: int | None = None, offset: int = 0) -> Page:
        """Return what `query` finds; raise `QueryError` when it cannot be read."""
        return self._reader.search(query, limit=limit, offset=offset)

    def ids(self, query: str) -> list[int]:
        """Return the ids of what `query` finds, in its order."""
        return self._reader.ids(query)

    def rows(self, ids: Sequence[int]) -> list[ModelRow]:
        """Return the rows of these ids, in that order."""
        return self._reader.rows(ids)

    def facets(self, query: str) -> dict[str, list[tuple[str, int]]]:
        """Return counts of `kind`, `base` and `tag` among what `query` finds."""
        return self._reader.facets(query)

    def tag_counts(self, ids: Sequence[int]) -> dict[int, tuple[tuple[str, int], ...]]:
        """Return the training captions of these ids, most frequent first."""
        return self._reader.tag_counts(ids)

    def details(self, content_id: int) -> ModelDetails:
        """Return all that is known of one model."""
        return model_details(self._reader, content_id)

    def resolve(self, reference: str) -> int:
        """Return the id that a REF names; raise `BadReference` when it is not exactly one."""
        return resolve(self._reader, reference)

    def close(self) -> None:
        """Close all connections."""
        self._reader.close()
        self._writer.close()
        self._durable.close()

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _tb: TracebackType | None,
    ) -> None:
        self.close()
